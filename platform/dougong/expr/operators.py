"""Comparing, calculating and joining conditions: which types may meet, and what comes out."""

from __future__ import annotations

import re
from dataclasses import replace

from dougong.expr.checking import Checking, check_option, common, convert, failed, kind_name, rescale
from dougong.expr.lexer import WORD_SLIPS
from dougong.expr.numbers import MAX_SCALE
from dougong.expr.parse import Raw
from dougong.expr.tree import Node
from dougong.expr.types import DATE, DATETIME, INTEGER, SPAN, YES_NO, Type, list_of, number

ORDERED = frozenset({"number", "date", "datetime", "time", "text", "span"})
EQUAL = ORDERED | {"choice", "yes_no", "record", "file"}
SYMBOLS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def logic(c: Checking, raw: Raw) -> Node:
    """and, or, not"""
    args = tuple(c.condition(a) for a in raw.args)
    return c.node("error", YES_NO, raw) if failed(*args) else c.node(raw.op, YES_NO, raw, *args)


def negated(c: Checking, node: Node) -> Node:
    return node if failed(node) else Node("not", YES_NO, (node,), mark=node.mark)


def empty(c: Checking, raw: Raw) -> Node:
    """`x is empty`, `x is not empty`"""
    node = c.check(raw.args[0])
    if failed(node):
        return node
    if node.type.kind == "yes_no":
        return c.report("expr-never-empty", raw)
    out = c.node("empty", YES_NO, raw, node)
    return negated(c, out) if raw.op == "not_empty" else out


def compare(c: Checking, raw: Raw) -> Node:
    """One comparison or a chain of them (`0 < x < 5`)."""
    pairs = [_pair(c, raw, left, op, right) for left, op, right in zip(raw.args, raw.value, raw.args[1:], strict=False)]
    if failed(*pairs):
        return c.node("error", YES_NO, raw)
    return pairs[0] if len(pairs) == 1 else c.node("and", YES_NO, raw, *pairs)


def _pair(c: Checking, raw: Raw, left: Raw, op: str, right: Raw) -> Node:
    match op:
        case "ne":
            return negated(c, _ordered(c, raw, left, "eq", right))
        case "in":
            return _within(c, raw, left, right)
        case "not_in":
            return negated(c, _within(c, raw, left, right))
        case "contains":
            return contains(c, raw, left, right)
        case "not_contains":
            return negated(c, contains(c, raw, left, right))
    return _ordered(c, raw, left, op, right)


def _ordered(c: Checking, raw: Raw, left: Raw, op: str, right: Raw) -> Node:
    a, b = c.check(left), c.check(right)
    if failed(a, b):
        return c.node("error", YES_NO, raw)
    for side, node in ((left, a), (right, b)):
        if node.op == "const" and node.value is None:
            return c.report("expr-compare-nothing", side)
        if node.type.kind in ("records", "list", "range", "json") and not (node.type.kind == "json" and op == "eq"):
            return c.report("expr-compare-many", side, kind=kind_name(node.type))
    if "json" in (a.type.kind, b.type.kind):
        return c.node("eq", YES_NO, raw, a, b)
    if not (check_option(c, right, a, b) if a.type.kind == "choice" else b.type.kind != "choice" or check_option(c, left, b, a)):
        return c.node("error", YES_NO, raw)
    pair = _meet(a, b)
    if pair is None and (told := _likely_constant(c, (left, a, b), (right, b, a))):
        return told
    if pair is None or pair[0].type.kind not in EQUAL:
        return c.report("expr-compares", raw, left=kind_name(a.type), right=kind_name(b.type))
    if op != "eq" and pair[0].type.kind not in ORDERED:
        return c.report("expr-no-order", raw, kind=kind_name(a.type), found=SYMBOLS[op])
    return c.node(op, YES_NO, raw, *pair)


def _likely_constant(c: Checking, *sides: tuple[Raw, Node, Node]) -> Node | None:
    """Says what a text was meant to be that stands beside a date or a yes/no."""
    for written, node, other in sides:
        if node.op != "const" or node.type.kind != "text":
            continue
        if other.type.kind == "yes_no" and (right := WORD_SLIPS.get(str(node.value))) in ("true", "false"):
            return c.report("expr-spelling", written, suggestion=right, found=f"'{node.value}'", right=right)
        found = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", str(node.value))
        if other.type.kind in ("date", "datetime") and found:
            right = f"'{found[1]}-{found[2]:0>2}-{found[3]:0>2}'"
            return c.report("expr-spelling", written, suggestion=right, found=f"'{node.value}'", right=right)
    return None


def _meet(a: Node, b: Node) -> tuple[Node, Node] | None:
    """Both sides in the one type in which they can be compared."""
    for one, other in ((a, b), (b, a)):
        if one.op == "const" and one.type.kind == "text" and other.type.kind in ("date", "datetime", "time"):
            written = convert(one, other.type)
            return None if written is None else (written, other) if one is a else (other, written)
    both = common([a.type, b.type])
    if both is None:
        return None
    left, right = convert(a, both), convert(b, both)
    return (left, right) if left and right else None


def _within(c: Checking, raw: Raw, left: Raw, right: Raw) -> Node:
    """`x in [..]`, in a list field, in a range of dates, in records"""
    item = c.check(left)
    many = items(c, right, item) if right.op == "list" else c.check(right)
    if failed(item, many):
        return c.node("error", YES_NO, raw)
    if item.op == "const" and item.value is None:
        return c.report("expr-compare-nothing", left)
    match many.type.kind:
        case "range" if item.type.kind in ("date", "datetime"):
            return c.node("in_range", YES_NO, raw, convert(item, DATE) or item, many)
        case "records" if item.type.kind == "record" and item.type.form == many.type.form:
            return c.node("in", YES_NO, raw, item, many)
        case "list" if many.type.of is None:
            return c.node("in", YES_NO, raw, item, many)
        case "list" if many.type.of is not None:
            if many.type.of.kind == "choice" and not check_option(c, left, one_of(many, many.type.of), item):
                return c.node("error", YES_NO, raw)
            fitted = convert(item, many.type.of)
            if fitted is not None and (item.type.kind != "number" or item.type.scale <= many.type.of.scale):
                return c.node("in", YES_NO, raw, fitted, many)
        case "text":
            return c.report("expr-text-in-text", raw)
    return c.report("expr-not-in", raw, left=kind_name(item.type), right=kind_name(many.type))


def one_of(many: Node, of: Type) -> Node:
    """A node that stands for one item of `many`, with its options and their labels."""
    return many.args[1] if many.op == "map" else replace(many, type=of)


def items(c: Checking, raw: Raw, against: Node | None = None) -> Node:
    """A list written out; every item in the type of `against`, or in the one they have in common."""
    nodes = [c.check(a) for a in raw.args]
    if failed(*nodes):
        return c.node("error", list_of(YES_NO), raw)
    for written, node in zip(raw.args, nodes, strict=True):
        if node.type.kind in ("empty", "records", "list", "range", "json") or (node.op == "const" and node.value is None):
            return c.report("expr-list-item", written, kind=kind_name(node.type))
        if against is not None and against.type.kind == "choice" and not check_option(c, written, against, node):
            return c.node("error", list_of(YES_NO), raw)
    types = [n.type for n in nodes] + ([against.type] if against is not None else [])
    of = common(types)
    if of is None and against is not None and against.type.kind in ("date", "datetime", "time"):
        of = against.type
    fitted = [convert(n, of) for n in nodes] if of else []
    if of is None or not all(fitted):
        return c.report("expr-mixed-list", raw)
    return c.node("list", list_of(of), raw, *[f for f in fitted if f])


def contains(c: Checking, raw: Raw, left: Raw, right: Raw) -> Node:
    """`note contains 'x'`, `tags contains 'vip'`"""
    whole = c.check(left)
    if failed(whole):
        return whole
    if whole.type.kind in ("list", "records", "range"):
        return _within(c, raw, right, left)
    part = c.check(right)
    if failed(part):
        return part
    if part.op == "const" and part.value is None:
        return c.report("expr-compare-nothing", right)
    if whole.type.kind != "text" or part.type.kind not in ("text", "choice"):
        return c.report("expr-contains", raw, left=kind_name(whole.type), right=kind_name(part.type))
    return c.node("contains", YES_NO, raw, whole, part)


def arithmetic(c: Checking, raw: Raw) -> Node:
    """+ - * /"""
    a, b = (c.check(arg) for arg in raw.args)
    if failed(a, b):
        return c.node("error", INTEGER, raw)
    kinds = (a.type.kind, b.type.kind)
    if kinds == ("number", "number"):
        return _numbers(c, raw, a, b)
    if raw.op in ("add", "sub"):
        if (out := _times(c, raw, a, b)) is not None:
            return out
        if "text" in kinds and raw.op == "add":
            return c.report("expr-text-plus", raw)
        if kinds == ("date", "number"):
            return c.report("expr-date-plus-number", raw.args[1], suggestion=f"days({b.value})" if b.op == "const" else "days(…)")
    return c.report("expr-calculates", raw, left=kind_name(a.type), right=kind_name(b.type))


def _numbers(c: Checking, raw: Raw, a: Node, b: Node) -> Node:
    units = {a.type.unit, b.type.unit}
    if raw.op == "mul" and a.type.unit == b.type.unit == "money":
        return c.report("expr-money-times-money", raw)
    match raw.op:
        case "add" | "sub":
            scale = max(a.type.scale, b.type.scale)
            unit = a.type.unit or b.type.unit if len(units - {""}) == 1 else ""
            return c.node(raw.op, number(scale, unit), raw, *(rescale(n, replace(n.type, scale=scale)) for n in (a, b)))
        case "mul":
            return c.node("mul", number(min(MAX_SCALE, a.type.scale + b.type.scale), "money" if "money" in units else ""), raw, a, b)
    return c.node("div", number(MAX_SCALE, "money" if a.type.unit == "money" != b.type.unit else ""), raw, a, b)


def _times(c: Checking, raw: Raw, a: Node, b: Node) -> Node | None:
    """Instants, days and spans: what may be added and subtracted."""
    match a.type.kind, b.type.kind:
        case "date", "date" if raw.op == "sub":
            return c.node("days_from", INTEGER, raw, a, b)
        case ("datetime", "datetime") | ("datetime", "date") | ("date", "datetime") if raw.op == "sub":
            return c.node("span_from", SPAN, raw, convert(a, DATETIME) or a, convert(b, DATETIME) or b)
        case "span", "span":
            return c.node("spans", SPAN, raw, a, _signed(raw, b))
        case "span", "date" | "datetime" if raw.op == "add":
            return _moved(c, raw, b, a)
        case "date" | "datetime", "span":
            return _moved(c, raw, a, _signed(raw, b))
    return None


def _signed(raw: Raw, span: Node) -> Node:
    return Node("neg", SPAN, (span,), mark=span.mark) if raw.op == "sub" else span


def _moved(c: Checking, raw: Raw, at: Node, span: Node) -> Node:
    if at.type.kind == "date" and whole_days(span):
        return c.node("move_day", DATE, raw, at, span)
    return c.node("move", DATETIME, raw, convert(at, DATETIME) or at, span)


def whole_days(span: Node) -> bool:
    """Whether `span` can only be days, weeks or workdays, so that a date moved by it stays a date."""
    if span.op == "call":
        return span.value in ("days", "weeks", "workdays")
    return span.op in ("neg", "spans") and all(whole_days(a) for a in span.args)


def negative(c: Checking, raw: Raw) -> Node:
    """-x"""
    node = c.check(raw.args[0])
    if failed(node):
        return node
    if node.op == "const" and node.type.kind == "number":
        return replace(node, value=-node.value, mark=c.mark_of(raw.start, raw.end))
    if node.type.kind not in ("number", "span"):
        return c.report("expr-negative", raw, kind=kind_name(node.type))
    return c.node("neg", node.type, raw, node)
