"""Typed tree → Python closures: the reference of what a formula means. Total: bad input gives empty, never an exception."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from dougong.expr import numbers
from dougong.expr.functions import functions
from dougong.expr.tree import Expr, Node, Template
from dougong.expr.types import Calendar, Span, Type

Row = Mapping[str, Any]


class Source(Protocol):
    """Where a formula finds other records. Rows are mappings of field id → value, with 'id'. Deleted ones are found only by `record`."""

    def record(self, form: str, id: int) -> Row | None:
        """One record by its id."""

    def children(self, form: str, via: str, parent: int) -> Sequence[Row]:
        """The records of `form` whose link `via` leads to `parent`."""

    def linked(self, form: str, field: str, id: int) -> Sequence[Row]:
        """The records that the field (many to many) of the record `id` of `form` leads to."""

    def everyone(self, form: str) -> Sequence[Row]:
        """All records of `form`."""


@dataclass(frozen=True)
class Env:
    """One evaluation: the record `row` of `form`, and everything around it. `key` is the secret of keyed_hash."""

    form: str
    row: Row
    source: Source
    now: datetime
    calendar: Calendar
    old: Row | None = None
    me: int | None = None
    names: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    key: bytes = b""


Rows = tuple[Row, ...]
Run = Callable[[Env, Rows], Any]
Show = Callable[[Any, Type], str]


def evaluate(expr: Expr, env: Env) -> Any:
    """The value, as expr/types.py has it."""
    run = expr.cache.get("python")
    if run is None:
        run = expr.cache["python"] = build(expr.root)
    return run(env, (env.row,))


def render(template: Template, env: Env, show: Show) -> Any:
    """The text, or the value of a single formula with its type kept. Empty values show as nothing."""
    if template.single is not None:
        return evaluate(template.single, env)
    parts = (p if isinstance(p, str) else _shown(evaluate(p, env), p.type, show) for p in template.parts)
    return unicodedata.normalize("NFC", "".join(parts))


def _shown(value: Any, type_: Type, show: Show) -> str:
    return "" if value is None else show(value, type_)


def build(node: Node) -> Run:
    return BUILDERS[node.op](node)


def _args(node: Node) -> list[Run]:
    return [build(a) for a in node.args]


def _const(node: Node) -> Run:
    value = node.value
    return lambda env, rows: value


def _list(node: Node) -> Run:
    args = _args(node)
    return lambda env, rows: tuple(v for a in args if (v := a(env, rows)) is not None)


def nothing(type_: Type) -> Any:
    """The empty value of a type."""
    return {"yes_no": False, "list": (), "records": ()}.get(type_.kind)


def _row_of(node: Node) -> Callable[[Env, Rows], Row | None]:
    """The record that `node` stands for, as a row."""
    if node.op == "row":
        level = node.value
        return lambda env, rows: rows[level]
    if node.op == "old":
        return lambda env, rows: env.old
    form, id_ = node.type.form, build(node)

    def fetch(env: Env, rows: Rows) -> Row | None:
        id = id_(env, rows)
        return None if id is None else env.source.record(form, id)

    return fetch


def _get(node: Node) -> Run:
    name, empty = node.value, nothing(node.type)
    if node.args[0].op == "row":
        level = node.args[0].value

        def own(env: Env, rows: Rows) -> Any:
            value = rows[level].get(name)
            return empty if value is None else value

        return own
    owner = _row_of(node.args[0])

    def get(env: Env, rows: Rows) -> Any:
        row = owner(env, rows)
        value = None if row is None else row.get(name)
        return empty if value is None else value

    return get


def _id(node: Node) -> Run:
    row = _row_of(node)

    def id_(env: Env, rows: Rows) -> Any:
        found = row(env, rows)
        return None if found is None else found.get("id")

    return id_


def _end(node: Node) -> Run:
    range_, index = build(node.args[0]), int(node.value == "to")

    def end(env: Env, rows: Rows) -> Any:
        value = range_(env, rows)
        return None if value is None else value[index]

    return end


def _label(node: Node) -> Run:
    choice, labels = build(node.args[0]), dict(node.value)

    def label(env: Env, rows: Rows) -> Any:
        value = choice(env, rows)
        return labels.get(value, value)

    return label


def _key(node: Node) -> Run:
    data, key = build(node.args[0]), node.value

    def part(env: Env, rows: Rows) -> Any:
        value = data(env, rows)
        return value.get(key) if isinstance(value, Mapping) else None

    return part


def _children(node: Node) -> Run:
    (_, form, via), parent = node.value, build(node.args[0])

    def children(env: Env, rows: Rows) -> Sequence[Row]:
        id = parent(env, rows)
        return () if id is None else env.source.children(form, via, id)

    return children


def _linked(node: Node) -> Run:
    (name, form), owner = node.value, build(node.args[0])

    def linked(env: Env, rows: Rows) -> Sequence[Row]:
        id = owner(env, rows)
        return () if id is None else env.source.linked(form, name, id)

    return linked


def _where(node: Node) -> Run:
    many, holds = _args(node)
    return lambda env, rows: [row for row in many(env, rows) if holds(env, (*rows, row))]


def _pick(node: Node) -> Run:
    many, order = _args(node)
    which, count = node.value

    def pick(env: Env, rows: Rows) -> list[Row]:
        keyed = [(order(env, (*rows, row)), row) for row in many(env, rows)]
        if which == "last":
            ordered = sorted(keyed, key=lambda pair: (pair[0] is not None, _sortable(pair[0]), pair[1]["id"]))[-count:]
        else:
            ordered = sorted(keyed, key=lambda pair: (pair[0] is None, _sortable(pair[0]), pair[1]["id"]))[:count]
        return [row for _, row in ordered]

    return pick


def _sortable(value: Any) -> Any:
    return 0 if value is None else value


def _pick_one(node: Node) -> Run:
    pick = _pick(node)

    def one(env: Env, rows: Rows) -> Any:
        found = pick(env, rows)
        return found[0]["id"] if found else None

    return one


def _map(node: Node) -> Run:
    many, value = _args(node)

    def values(env: Env, rows: Rows) -> tuple[Any, ...]:
        found = (value(env, (*rows, row)) for row in many(env, rows))
        return tuple(sorted({v for v in found if v is not None}))

    return values


def _aggregate(node: Node) -> Run:
    many = build(node.args[0])
    if len(node.args) == 1:
        return lambda env, rows: len(many(env, rows))
    value, scale, fold = build(node.args[1]), node.type.scale, AGGREGATES[node.value]

    def aggregate(env: Env, rows: Rows) -> Any:
        return fold([v for row in many(env, rows) if (v := value(env, (*rows, row))) is not None], scale)

    return aggregate


def _sum(values: Iterable[numbers.Number], scale: int) -> Any:
    return numbers.fit(numbers.from_scaled(sum(numbers.to_scaled(v, scale) or 0 for v in values), scale), scale)


def _avg(values: list[numbers.Number], scale: int) -> Any:
    return numbers.div(numbers.from_scaled(sum(numbers.to_scaled(v, 6) or 0 for v in values), 6) or 0, len(values), scale)


AGGREGATES: dict[str, Callable[[list[Any], int], Any]] = {
    "sum": _sum,
    "avg": _avg,
    "min": lambda values, scale: min(values, default=None),
    "max": lambda values, scale: max(values, default=None),
    "count_distinct": lambda values, scale: len(set(values)),
}


def _and(node: Node) -> Run:
    args = _args(node)
    return lambda env, rows: all(a(env, rows) for a in args)


def _or(node: Node) -> Run:
    args = _args(node)
    return lambda env, rows: any(a(env, rows) for a in args)


def _not(node: Node) -> Run:
    arg = build(node.args[0])
    return lambda env, rows: not arg(env, rows)


def _compare(node: Node) -> Run:
    (left, right), holds = _args(node), COMPARE[node.op]
    spans = node.args[0].type.kind == "span"

    def compare(env: Env, rows: Rows) -> bool:
        a, b = left(env, rows), right(env, rows)
        if a is None or b is None:
            return False
        if spans:
            if a.workdays or b.workdays:
                return False
            a, b = a.millis + a.days * DAY, b.millis + b.days * DAY
        return holds(a, b)

    return compare


DAY = 86_400_000
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b), "lt": lambda a, b: bool(a < b), "le": lambda a, b: bool(a <= b),
    "gt": lambda a, b: bool(a > b), "ge": lambda a, b: bool(a >= b),
}  # fmt: skip


def _in(node: Node) -> Run:
    item, many = _args(node)
    if node.args[1].type.kind == "records":
        return lambda env, rows: (i := item(env, rows)) is not None and any(row["id"] == i for row in many(env, rows))
    return lambda env, rows: (i := item(env, rows)) is not None and i in many(env, rows)


def _in_range(node: Node) -> Run:
    item, range_ = _args(node)

    def within(env: Env, rows: Rows) -> bool:
        day, ends = item(env, rows), range_(env, rows)
        if day is None or ends is None:
            return False
        return (ends[0] is None or ends[0] <= day) and (ends[1] is None or day <= ends[1])

    return within


def _contains(node: Node) -> Run:
    whole, part = _args(node)

    def contains(env: Env, rows: Rows) -> bool:
        a, b = whole(env, rows), part(env, rows)
        return a is not None and b is not None and b in a

    return contains


def _empty(node: Node) -> Run:
    arg = build(node.args[0])
    return lambda env, rows: (v := arg(env, rows)) is None or v == () or v == []


def _changed(node: Node) -> Run:
    new, old = _args(node)
    return lambda env, rows: new(env, rows) != old(env, rows)


def _calculate(node: Node) -> Run:
    (left, right), scale = _args(node), node.type.scale
    do = {"add": numbers.add, "sub": numbers.sub, "mul": numbers.mul, "div": numbers.div}[node.op]

    def calculate(env: Env, rows: Rows) -> Any:
        a, b = left(env, rows), right(env, rows)
        return None if a is None or b is None else do(a, b, scale)

    return calculate


def _unary(do: Callable[[Env, Any], Any]) -> Callable[[Node], Run]:
    """A node with one operand, empty where that is empty or out of a calendar's bounds."""

    def builder(node: Node) -> Run:
        arg = build(node.args[0])

        def run(env: Env, rows: Rows) -> Any:
            value = arg(env, rows)
            try:
                return None if value is None else do(env, value)
            except (OverflowError, ValueError):
                return None

        return run

    return builder


def _binary(do: Callable[[Env, Any, Any], Any]) -> Callable[[Node], Run]:
    """The same with two operands."""

    def builder(node: Node) -> Run:
        left, right = _args(node)

        def run(env: Env, rows: Rows) -> Any:
            a, b = left(env, rows), right(env, rows)
            try:
                return None if a is None or b is None else do(env, a, b)
            except (OverflowError, ValueError):
                return None

        return run

    return builder


def _rescale(node: Node) -> Run:
    arg, scale = build(node.args[0]), node.type.scale
    return lambda env, rows: numbers.fit(arg(env, rows), scale)


def _spans(env: Env, a: Span, b: Span) -> Span:
    return Span(a.millis + b.millis, a.days + b.days, a.workdays + b.workdays)


def _if(node: Node) -> Run:
    condition, yes, no = _args(node)
    return lambda env, rows: yes(env, rows) if condition(env, rows) else no(env, rows)


def _call(node: Node) -> Run:
    found = functions[node.value]
    args, python = _args(node), found.python
    params = next(s for s in found.signatures if s.takes(len(args)))
    strict = [not params.param(i).empty for i in range(len(args))]
    empty, scale = nothing(node.type), node.type.scale
    numeric, textual = node.type.kind == "number", node.type.kind == "text"

    def call(env: Env, rows: Rows) -> Any:
        values = [a(env, rows) for a in args]
        if any(v is None and s for v, s in zip(values, strict, strict=True)):
            return empty
        try:
            value = python(env, *values) if found.surroundings else python(*values)
        except (OverflowError, ValueError):
            return empty
        if numeric:
            return numbers.fit(value, scale)
        return value or None if textual else empty if value is None else value

    return call


BUILDERS: dict[str, Callable[[Node], Run]] = {
    "const": _const, "list": _list, "get": _get, "live": _get, "row": _id, "old": _id, "end": _end, "label": _label, "key": _key,
    "now": lambda node: lambda env, rows: env.now,
    "today": lambda node: lambda env, rows: env.calendar.day_of(env.now),
    "me": lambda node: lambda env, rows: env.me,
    "name": lambda node: lambda env, rows: env.names.get(node.value, nothing(node.type)),
    "setting": lambda node: lambda env, rows: env.settings.get(node.value, nothing(node.type)),
    "children": _children, "linked": _linked, "everyone": lambda node: lambda env, rows: env.source.everyone(node.value),
    "where": _where, "pick": _pick, "pick_one": _pick_one, "map": _map, "aggregate": _aggregate,
    "and": _and, "or": _or, "not": _not, "eq": _compare, "lt": _compare, "le": _compare, "gt": _compare, "ge": _compare,
    "in": _in, "in_range": _in_range, "contains": _contains, "empty": _empty, "changed": _changed,
    "add": _calculate, "sub": _calculate, "mul": _calculate, "div": _calculate, "rescale": _rescale,
    "neg": _unary(lambda env, value: -value), "size": _unary(lambda env, value: len(value)),
    "start_of": _unary(lambda env, day: env.calendar.start_of(day)), "day_of": _unary(lambda env, at: env.calendar.day_of(at)),
    "days_from": _binary(lambda env, a, b: (a - b).days),
    "span_from": _binary(lambda env, a, b: Span(millis=(a - b) // timedelta(milliseconds=1))),
    "spans": _binary(_spans), "move": _binary(lambda env, at, span: env.calendar.plus(at, span).astimezone(UTC)),
    "move_day": _binary(lambda env, day, span: env.calendar.plus_days(day, span)), "if": _if, "call": _call,
}  # fmt: skip
