"""Values that follow from others: defaults, formulas, cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dougong.expr.to_python import Env, evaluate, render
from dougong.expr.tree import Expr, Node, Template, walk
from dougong.records.graph import formulas
from dougong.records.per_form import per_form
from dougong.records.row import is_empty
from dougong.spec.form import Field, Form

CALCULATING = frozenset({"add", "sub", "mul", "div", "rescale", "call"})


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
    row, given = dict(values), dict[str, Any]()
    for field in _with_default(form):
        if field.id not in values:
            follows = isinstance(field.default, Expr | Template)
            value = value_of(field.default, _standing_on(env, row)) if follows else field.default
            if not is_empty(value):
                row[field.id] = given[field.id] = value
    return given


@per_form
def _with_default(form: Form) -> tuple[Field, ...]:
    """Constants first."""
    there = (f for f in form.fields.values() if f.default is not None)
    return tuple(sorted(there, key=lambda f: isinstance(f.default, Expr | Template)))


def live_values(form: Form, row: Mapping[str, Any], env: Env) -> dict[str, Any]:
    """The values of unstored formulas, for showing one record."""
    out = dict(row)
    for field in form.fields.values():
        if field.computed and not field.stored:
            out[field.id] = computed(field, _standing_on(env, out))
    return {k: v for k, v in out.items() if k not in row}


def _standing_on(env: Env, row: Mapping[str, Any]) -> Env:
    return replace(env, row=row)


def overflows(field: Field, env: Env) -> bool:
    """Whether working the field out comes across a number that is too large, wherever in it that stands (SEMANTICS 2)."""
    beyond: list[Node] = []
    there = replace(env, too_large=beyond)
    if field.computed:
        computed(field, there)
    else:
        value_of(field.default, there)
    return bool(beyond)


def may_overflow(field: Field) -> bool:
    """Whether anything is calculated in the field's value at all."""
    parts = formulas(field) if field.computed else _inside(field.default)
    return any(_calculates(expr) for expr in parts)


def _inside(given: Expr | Template | Any) -> Iterator[Expr]:
    if isinstance(given, Expr):
        yield given
    elif isinstance(given, Template):
        yield from (part for part in given.parts if isinstance(part, Expr))


def _calculates(expr: Expr) -> bool:
    known = expr.cache.get("calculates")
    if known is None:
        known = expr.cache["calculates"] = any(_may_be_beyond(node) for node in walk(expr.root))
    return bool(known)


def _may_be_beyond(node: Node) -> bool:
    return node.type.kind == "number" and (node.op in CALCULATING or (node.op == "aggregate" and node.value in ("sum", "avg")))
