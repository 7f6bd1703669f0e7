"""Many records in SQL: children, linked ones, all of a form; filtered, the last few, added up. Deleted records don't count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, FromClause, Numeric, Select, case, cast, exists, func, select, type_coerce

from dougong.expr.numbers import LIMIT
from dougong.expr.sql_values import EXACT_QUOTIENT, alive
from dougong.expr.sql_writer import NotInSql, Sql, Writer, sql_type, value
from dougong.expr.tree import Node


@dataclass(frozen=True)
class Many:
    """The records `row` under `where`; `via` is the junction of a many-to-many field."""

    row: FromClause
    where: tuple[Sql, ...]
    via: FromClause | None = None

    def select(self, w: Writer, *what: Any) -> Select[Any]:
        froms = [self.row] if self.via is None else [self.row, self.via]
        return select(*what).select_from(*froms).where(*self.where).correlate(*w.rows, *w.around)


def many(w: Writer, node: Node) -> Many:
    """The group of records that a node of type records means."""
    match node.op:
        case "children":
            _, form, via = node.value
            child = w.scope.tables[form].alias()
            return Many(child, (child.c[w.scope.key(form, via)] == w.value(node.args[0]), *alive(child)))
        case "linked":
            return _linked(w, node)
        case "everyone":
            other = w.scope.tables[node.value].alias()
            return Many(other, alive(other))
        case "where":
            inner = many(w, node.args[0])
            return Many(inner.row, (*inner.where, w.inside(inner.row).condition(node.args[1], bare=True)), inner.via)
        case "pick":
            return Many(_picked(w, node).subquery(), ())
    raise NotInSql(node.op)


def _linked(w: Writer, node: Node) -> Many:
    field, form = node.value
    junction = w.scope.tables[f"{form}.{field}"].alias()
    target = w.scope.tables[node.type.form].alias()
    where = (junction.c.source == w.value(node.args[0]), junction.c.target == target.c.id, *alive(target))
    return Many(target, where, junction)


def _picked(w: Writer, node: Node, *what: Any) -> Select[Any]:
    """The last or first of many, by their order, then by id."""
    inner, (which, count), order = many(w, node.args[0]), node.value, node.args[1]
    by: list[Sql] = []
    if order.type.kind != "empty":
        key = w.inside(inner.row).value(order)
        if w.postgres and order.type.kind == "text":
            key = key.collate("C")
        by = [case((key.is_(None), 1), else_=0), key]
    by.append(inner.row.c.id)
    direction = [k.desc() if which == "last" and i != len(by) - 3 else k.asc() for i, k in enumerate(by)]
    return inner.select(w, *(what or (inner.row,))).order_by(*direction).limit(count)


@value("pick_one")
def pick_one(w: Writer, node: Node) -> Sql:
    picked = _picked(w, node).subquery()
    return select(picked.c.id).correlate(*w.rows, *w.around).scalar_subquery()


@value("aggregate")
def aggregate(w: Writer, node: Node) -> Sql:
    group = many(w, node.args[0])
    if len(node.args) == 1:
        return group.select(w, func.count()).scalar_subquery()
    item = w.inside(group.row).value(node.args[1])
    return group.select(w, AGGREGATES[node.value](w, node, item)).scalar_subquery()


def _sum(w: Writer, node: Node, item: Sql) -> Sql:
    scale = node.type.scale
    if w.postgres:
        return w.fit(func.coalesce(func.sum(cast(item, Numeric)), 0), scale)
    return func.dg_total(*_halves(item), LIMIT * 10**scale, type_=BigInteger)


def _avg(w: Writer, node: Node, item: Sql) -> Sql:
    if w.postgres:
        quotient = cast(func.sum(cast(item, Numeric)), EXACT_QUOTIENT) / func.nullif(func.count(item), 0)
        return w.fit(func.round(quotient, node.type.scale), node.type.scale)
    return func.dg_average(*_halves(item), func.count(item), node.type.scale - node.args[1].type.scale, node.type.scale, type_=BigInteger)


def _halves(item: Sql) -> tuple[Sql, Sql]:
    """A sum in two halves of 32 bits: SQLite's own raises an error where it passes 64."""
    whole = type_coerce(item, BigInteger)
    return func.sum(whole.op(">>")(32)), func.sum(whole.op("&")(0xFFFFFFFF))


def _extreme(name: str) -> Any:
    def write(w: Writer, node: Node, item: Sql) -> Sql:
        if w.postgres and node.type.kind == "time":
            item = item.collate("C")
        return getattr(func, name)(item, type_=sql_type(node.type))  # type: ignore[no-any-return]  # func is untyped

    return write


AGGREGATES: dict[str, Any] = {
    "sum": _sum, "avg": _avg, "min": _extreme("min"), "max": _extreme("max"),
    "count_distinct": lambda w, node, item: func.count(item.distinct()),
}  # fmt: skip


def any_of(w: Writer, node: Node, condition: Any) -> Sql:
    """Whether `condition(writer inside, row)` holds for one of many records."""
    group = many(w, node)
    return exists(group.select(w, 1).where(condition(w.inside(group.row), group.row)).correlate(*w.rows, *w.around))
