"""Conditions in SQL: two-valued where it matters, bare elsewhere so that indexes serve (SEMANTICS 1)."""

from __future__ import annotations

import operator
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, and_, false, func, literal_column, not_, or_, select, true, type_coerce
from sqlalchemy import Text as SqlText

from dougong.expr.functions.text import sql_contains
from dougong.expr.sql_many import any_of
from dougong.expr.sql_values import as_jsonb, call, choose, column, day, get, junction
from dougong.expr.sql_writer import NotInSql, Sql, Writer, condition, free, two_valued
from dougong.expr.tree import Node

COMPARE: dict[str, Any] = {"eq": operator.eq, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}
MIRRORED = {"eq": "eq", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


@condition("and")
def and_all(w: Writer, node: Node, bare: bool) -> Sql:
    return and_(true(), *(w.condition(a, bare) for a in node.args))


@condition("or")
def or_any(w: Writer, node: Node, bare: bool) -> Sql:
    return or_(false(), *(w.condition(a, bare) for a in node.args))


@condition("not")
def opposite(w: Writer, node: Node, bare: bool) -> Sql:
    return not_(w.condition(node.args[0], bare=False))


@condition("get")
def flag(w: Writer, node: Node, bare: bool) -> Sql:
    return two_valued(get(w, node), bare)


@condition("if")
def chosen(w: Writer, node: Node, bare: bool) -> Sql:
    return two_valued(choose(w, node), bare)


@condition("eq", "lt", "le", "gt", "ge")
def compare(w: Writer, node: Node, bare: bool) -> Sql:
    left, right = node.args
    if any(side.op == "start_of" and not free(side) for side in node.args):
        return two_valued(_from_day(w, node), bare)
    if left.type.kind == "span" and any(free(a) and _has_workdays(w, a) for a in node.args):
        return false()
    a, b = w.value(left), w.value(right)
    if w.postgres and node.op != "eq" and left.type.kind in ("text", "time"):
        a = a.collate("C")
    return two_valued(COMPARE[node.op](a, b), bare)


def _has_workdays(w: Writer, node: Node) -> bool:
    span = w.now(node)
    return span is not None and bool(span.workdays)


def _from_day(w: Writer, node: Node) -> Sql:
    """A date beside an instant, compared as days: the day's start is never computed in SQL, and its index serves."""
    left, right, op = *node.args, node.op
    if left.op != "start_of" or free(left):
        left, right, op = right, left, MIRRORED[node.op]
    date = w.value(left.args[0])
    if not free(right):
        at = w.value(right)
        return _beside_instant(op, date, day(w, at), day(w, _just_before(w, at)))
    at = w.now(right)
    if at is None:
        return false()
    calendar = w.scope.env.calendar
    last = calendar.day_of(at)
    before = last if calendar.start_of(last) != at else last - timedelta(days=1)
    return _beside_instant(op, date, last, before)


def _beside_instant(op: str, date: Sql, last: Any, before: Any) -> Sql:
    """`last` is the last day that has begun at the instant, `before` the last that had begun earlier."""
    ways: dict[str, Sql] = {"le": date <= last, "lt": date <= before, "gt": date > last, "ge": date > before}
    return ways[op] if op in ways else and_(ways["le"], ways["ge"])


def _just_before(w: Writer, at: Sql) -> Sql:
    if w.postgres:
        return at - literal_column("INTERVAL '1 millisecond'")
    return type_coerce(at, BigInteger) - literal_column("1", BigInteger)


@condition("in_range")
def in_range(w: Writer, node: Node, bare: bool) -> Sql:
    day_, range_ = w.value(node.args[0]), node.args[1]
    if free(range_):
        ends = w.now(range_)
        if ends is None:
            return false()
        return two_valued(and_(day_.is_not(None), *([day_ >= ends[0]] if ends[0] else []), *([day_ <= ends[1]] if ends[1] else [])), bare)
    from_, to = column(w, range_, "__from"), column(w, range_, "__to")
    known = or_(from_.is_not(None), to.is_not(None))
    return two_valued(and_(known, day_.is_not(None), or_(from_.is_(None), from_ <= day_), or_(to.is_(None), day_ <= to)), bare)


@condition("contains")
def contains(w: Writer, node: Node, bare: bool) -> Sql:
    return two_valued(sql_contains(w.face(node), *(w.value(a) for a in node.args)), bare)


@condition("in")
def within(w: Writer, node: Node, bare: bool) -> Sql:
    return two_valued(member(w, node.args[0], node.args[1]), bare)


def member(w: Writer, item: Node, items: Node) -> Sql:
    """Whether `item` is among `items`, in any of the ways in which there can be many."""
    if free(item) and w.now(item) is None:
        return false()
    if free(items) and items.type.kind == "list":
        known = [w.bind(v, items.type.of or item.type) for v in w.now(items) if v is not None]
        return w.value(item).in_(known) if known else false()
    if items.op == "list":
        one = w.value(item)
        return or_(false(), *(one == w.value(i) for i in items.args))
    if items.type.kind == "records":
        one = w.value(item)
        return any_of(w, items, lambda inside, row: row.c.id == one)
    if items.op == "map":
        one = w.value(item)
        return any_of(w, items.args[0], lambda inside, row: inside.value(items.args[1]) == one)
    if (people := junction(w, items)) is not None:
        return people.where(people.selected_columns.target == w.value(item)).exists()
    return _in_json(w, w.value(item), w.value(items))


def _in_json(w: Writer, item: Sql, items: Sql) -> Sql:
    if w.postgres:
        return as_jsonb(items).op("@>", is_comparison=True)(func.to_jsonb(item))
    each = func.json_each(type_coerce(items, SqlText)).table_valued("value")
    return select(1).select_from(each).where(each.c.value == item).correlate_except(each).exists()


@condition("empty")
def empty(w: Writer, node: Node, bare: bool) -> Sql:
    inner = node.args[0]
    match inner.type.kind:
        case "records":
            return not_(any_of(w, inner, lambda inside, row: true()))
        case "range":
            return and_(column(w, inner, "__from").is_(None), column(w, inner, "__to").is_(None))
        case "list" if inner.op == "map":
            return not_(any_of(w, inner.args[0], lambda inside, row: inside.value(inner.args[1]).is_not(None)))
        case "list" if (people := junction(w, inner)) is not None:
            return not_(people.exists())
        case "list":
            return func.coalesce(type_coerce(w.value(inner), SqlText), "[]") == "[]"
    return w.value(inner).is_(None)


@condition("call")
def called(w: Writer, node: Node, bare: bool) -> Sql:
    if node.value in LISTS:
        join, none = LISTS[node.value]
        items, wanted = node.args
        found = [_holds(w, items, value) for value in w.now(wanted)]
        return two_valued(join(none, *found), bare)
    return two_valued(call(w, node), bare)


LISTS: dict[str, Any] = {"has_all": (and_, true()), "has_any": (or_, false())}


def _holds(w: Writer, items: Node, value: Any) -> Sql:
    of = items.type.of
    if of is None:
        raise NotInSql("list")
    return member(w, Node("const", of, (), value), items)
