"""Values that follow from others: defaults, formulas, cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dougong.expr.numbers import EXACT, LIMIT
from dougong.expr.python_ground import build
from dougong.expr.to_python import Env, evaluate, render
from dougong.expr.tree import Expr, Node, Template
from dougong.records.row import is_empty
from dougong.spec.form import Field, Form

TOO_LARGE = object()
ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": EXACT.add, "sub": EXACT.subtract, "mul": EXACT.multiply, "div": EXACT.divide, "neg": EXACT.minus, "rescale": EXACT.plus,
}


def value_of(given: Expr | Template | Any, env: Env) -> Any:
    """A default, a case's `then`, an action's value: a formula, a text with formulas, or the plain value itself."""
    if isinstance(given, Expr):
        return evaluate(given, env)
    if isinstance(given, Template):
        out = render(given, env, lambda value, type_: "" if value is None else str(value))
        return None if out == "" else out
    return given


def computed(field: Field, env: Env) -> Any:
    """The field's value for the record that `env` stands on."""
    if field.formula is not None:
        return evaluate(field.formula, env)
    for case in field.cases:
        if case.if_ is None or evaluate(case.if_, env):
            return value_of(case.then, env)
    return None


def defaults(form: Form, values: Mapping[str, Any], env: Env) -> dict[str, Any]:
    """Values for the fields that `values` leaves out; formulas see the constants and one another in declared order."""
    row = dict(values)
    waiting = [f for f in form.fields.values() if f.default is not None and f.id not in values]
    for field in sorted(waiting, key=lambda f: isinstance(f.default, Expr | Template)):
        value = value_of(field.default, _standing_on(env, row))
        if not is_empty(value):
            row[field.id] = value
    return {name: value for name, value in row.items() if name not in values}


def live_values(form: Form, row: Mapping[str, Any], env: Env) -> dict[str, Any]:
    """The values of unstored formulas, for showing one record."""
    out = dict(row)
    for field in form.fields.values():
        if field.computed and not field.stored:
            out[field.id] = computed(field, _standing_on(env, out))
    return {k: v for k, v in out.items() if k not in row}


def _standing_on(env: Env, row: Mapping[str, Any]) -> Env:
    return replace(env, row=row)


def overflows(expr: Expr, env: Env) -> bool:
    """Whether a formula that came out empty did so because a number in it is too large."""
    return _exact(expr.root, env, (env.row,)) is TOO_LARGE


def _exact(node: Node, env: Env, rows: tuple[Mapping[str, Any], ...]) -> Any:
    """The number before it was made to fit, None for empty; TOO_LARGE as soon as a part of it is."""
    if node.op == "if":
        condition, yes, no = node.args
        return _exact(yes if build(condition)(env, rows) else no, env, rows)
    if node.op == "aggregate" and node.value == "sum":
        parts = [_exact(node.args[1], env, (*rows, row)) for row in build(node.args[0])(env, rows)]
        return TOO_LARGE if TOO_LARGE in parts else _within(sum(p for p in parts if p is not None))
    if node.op not in ARITHMETIC:
        return build(node)(env, rows) if node.type.kind == "number" else None
    parts = [_exact(a, env, rows) for a in node.args]
    if TOO_LARGE in parts:
        return TOO_LARGE
    if any(p is None for p in parts) or (node.op == "div" and parts[1] == 0):
        return None
    return _within(ARITHMETIC[node.op](*(EXACT.create_decimal(p) for p in parts)))


def _within(value: Any) -> Any:
    return value if -LIMIT < value < LIMIT else TOO_LARGE
