"""Values and conditions in Python: comparing, calculating, time, choices, functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from typing import Any

from dougong.expr import numbers
from dougong.expr.functions import functions
from dougong.expr.python_ground import BUILDERS, Builder, Env, Rows, Run, build, builds, nothing, operands
from dougong.expr.tree import Node
from dougong.expr.types import Span


@builds("const")
def const(node: Node) -> Run:
    value = node.value
    return lambda env, rows: value


@builds("list")
def listed(node: Node) -> Run:
    args = operands(node)
    return lambda env, rows: tuple(v for a in args if (v := a(env, rows)) is not None)


@builds("end")
def end(node: Node) -> Run:
    range_, index = build(node.args[0]), int(node.value == "to")

    def end(env: Env, rows: Rows) -> Any:
        value = range_(env, rows)
        return None if value is None else value[index]

    return end


@builds("label")
def label(node: Node) -> Run:
    choice, labels, read = build(node.args[0]), dict(node.value), node.args[0]

    def label(env: Env, rows: Rows) -> Any:
        value = choice(env, rows)
        if value in labels and env.words is not None and read.op in ("get", "live"):
            return env.words(read.args[0].type.form, read.value, value)
        return labels.get(value, value)

    return label


@builds("key")
def key(node: Node) -> Run:
    data, key = build(node.args[0]), node.value

    def part(env: Env, rows: Rows) -> Any:
        value = data(env, rows)
        return value.get(key) if isinstance(value, Mapping) else None

    return part


@builds("and")
def all_of(node: Node) -> Run:
    args = operands(node)
    return lambda env, rows: all(a(env, rows) for a in args)


@builds("or")
def any_of(node: Node) -> Run:
    args = operands(node)
    return lambda env, rows: any(a(env, rows) for a in args)


@builds("not")
def opposite(node: Node) -> Run:
    arg = build(node.args[0])
    return lambda env, rows: not arg(env, rows)


@builds("eq", "lt", "le", "gt", "ge")
def compare(node: Node) -> Run:
    (left, right), holds = operands(node), COMPARE[node.op]
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


@builds("in")
def within(node: Node) -> Run:
    item, many = operands(node)
    if node.args[1].type.kind == "records":
        return lambda env, rows: (i := item(env, rows)) is not None and any(row["id"] == i for row in many(env, rows))
    return lambda env, rows: (i := item(env, rows)) is not None and i in many(env, rows)


@builds("in_range")
def in_range(node: Node) -> Run:
    item, range_ = operands(node)

    def within(env: Env, rows: Rows) -> bool:
        day, ends = item(env, rows), range_(env, rows)
        if day is None or ends is None:
            return False
        return (ends[0] is None or ends[0] <= day) and (ends[1] is None or day <= ends[1])

    return within


@builds("contains")
def contains(node: Node) -> Run:
    whole, part = operands(node)

    def contains(env: Env, rows: Rows) -> bool:
        a, b = whole(env, rows), part(env, rows)
        return a is not None and b is not None and b in a

    return contains


@builds("empty")
def empty(node: Node) -> Run:
    arg = build(node.args[0])
    return lambda env, rows: (v := arg(env, rows)) is None or v == () or v == []


@builds("changed")
def changed(node: Node) -> Run:
    new, old = operands(node)
    return lambda env, rows: new(env, rows) != old(env, rows)


@builds("add", "sub", "mul", "div")
def calculate(node: Node) -> Run:
    (left, right), scale = operands(node), node.type.scale
    do = {"add": numbers.add, "sub": numbers.sub, "mul": numbers.mul, "div": numbers.div}[node.op]

    def calculate(env: Env, rows: Rows) -> Any:
        a, b = left(env, rows), right(env, rows)
        if a is None or b is None:
            return None
        value = do(a, b, scale)
        if value is None and (b or node.op != "div"):
            env.beyond(node)
        return value

    return calculate


def _unary(do: Callable[[Env, Any], Any]) -> Builder:
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


def _binary(do: Callable[[Env, Any, Any], Any]) -> Builder:
    """The same with two operands."""

    def builder(node: Node) -> Run:
        left, right = operands(node)

        def run(env: Env, rows: Rows) -> Any:
            a, b = left(env, rows), right(env, rows)
            try:
                return None if a is None or b is None else do(env, a, b)
            except (OverflowError, ValueError):
                return None

        return run

    return builder


@builds("rescale")
def rescale(node: Node) -> Run:
    arg, scale = build(node.args[0]), node.type.scale

    def rescale(env: Env, rows: Rows) -> Any:
        given = arg(env, rows)
        value = numbers.fit(given, scale)
        if value is None and given is not None:
            env.beyond(node)
        return value

    return rescale


def _spans(env: Env, a: Span, b: Span) -> Span:
    return Span(a.millis + b.millis, a.days + b.days, a.workdays + b.workdays)


@builds("if")
def choose(node: Node) -> Run:
    condition, yes, no = operands(node)
    return lambda env, rows: yes(env, rows) if condition(env, rows) else no(env, rows)


@builds("call")
def call(node: Node) -> Run:
    found = functions[node.value]
    args, python = operands(node), found.python
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
            fitted = numbers.fit(value, scale)
            if fitted is None and value is not None:
                env.beyond(node)
            return fitted
        return value or None if textual else empty if value is None else value

    return call


@builds("name")
def name(node: Node) -> Run:
    return lambda env, rows: env.names.get(node.value, nothing(node.type))


@builds("setting")
def setting(node: Node) -> Run:
    return lambda env, rows: env.settings.get(node.value, nothing(node.type))


BUILDERS |= {
    "now": lambda node: lambda env, rows: env.now,
    "today": lambda node: lambda env, rows: env.calendar.day_of(env.now),
    "me": lambda node: lambda env, rows: env.me,
    "neg": _unary(lambda env, value: -value),
    "size": _unary(lambda env, value: len(value)),
    "start_of": _unary(lambda env, day: env.calendar.start_of(day)),
    "day_of": _unary(lambda env, at: env.calendar.day_of(at)),
    "days_from": _binary(lambda env, a, b: (a - b).days),
    "span_from": _binary(lambda env, a, b: Span(millis=(a - b) // timedelta(milliseconds=1))),
    "spans": _binary(_spans),
    "move": _binary(lambda env, at, span: env.calendar.plus(at, span).astimezone(UTC)),
    "move_day": _binary(lambda env, day, span: env.calendar.plus_days(day, span)),
}
