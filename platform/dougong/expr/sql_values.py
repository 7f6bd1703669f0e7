"""Values in SQL: columns, paths over links, exact numbers, time, functions."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    FromClause,
    Integer,
    Numeric,
    Select,
    Text,
    case,
    cast,
    extract,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)

from dougong.expr.functions import functions
from dougong.expr.sql_writer import NotInSql, Sql, Writer, free, plain, sql_type, value
from dougong.expr.tree import Node
from dougong.expr.types import Type
from dougong.sqltypes import to_epoch_millis

EXACT_QUOTIENT = Numeric(60, 40)  # digits enough that rounding a quotient twice can't differ from once


def column(w: Writer, node: Node, suffix: str = "") -> Sql:
    """The stored value that a `get` node names, over links where its owner is one; a deleted record has no values."""
    owner, form = node.args[0], node.args[0].type.form
    name = w.scope.key(form, node.value) + suffix
    if owner.op == "row":
        own: Sql = w.rows[owner.value].c[name]
        return own
    target = w.scope.tables[form].alias()
    found = select(target.c[name]).where(target.c.id == w.value(owner), *alive(target))
    return found.correlate(*w.rows, *w.around).scalar_subquery()


def alive(row: FromClause) -> tuple[Sql, ...]:
    return (row.c.deleted_at.is_(None),) if "deleted_at" in row.c else ()


@value("get")
def get(w: Writer, node: Node) -> Sql:
    return plain(column(w, node), node.type, w.postgres)


@value("row")
def row(w: Writer, node: Node) -> Sql:
    own: Sql = w.rows[node.value].c["id"]
    return own


@value("end")
def end(w: Writer, node: Node) -> Sql:
    return column(w, node.args[0], f"__{node.value}")


@value("label")
def label(w: Writer, node: Node) -> Sql:
    chosen = w.value(node.args[0])
    whens = {id: literal(text, Text()) for id, text in node.value}
    return case(whens, value=chosen, else_=chosen) if whens else chosen


@value("if")
def choose(w: Writer, node: Node) -> Sql:
    condition, yes, no = node.args
    return case((w.condition(condition, bare=True), w.value(yes)), else_=w.value(no))


@value("add", "sub")
def add(w: Writer, node: Node) -> Sql:
    a, b = (w.value(arg) for arg in node.args)
    return w.fit(_typed(a, w) + _typed(b, w) if node.op == "add" else _typed(a, w) - _typed(b, w), node.type.scale)


def _typed(sql: Sql, w: Writer) -> Sql:
    """A number as SQL's own, so that SQLAlchemy adds nothing of its own to `+`."""
    return type_coerce(sql, Numeric() if w.postgres else BigInteger())


@value("mul")
def mul(w: Writer, node: Node) -> Sql:
    a, b = (w.value(arg) for arg in node.args)
    scale, exact = node.type.scale, sum(arg.type.scale for arg in node.args)
    if not w.postgres:
        return func.dg_mul(a, b, exact - scale, scale, type_=BigInteger)
    product = cast(a, Numeric) * cast(b, Numeric)
    return w.fit(func.round(product, scale) if exact > scale else product, scale)


@value("div")
def div(w: Writer, node: Node) -> Sql:
    a, b = (w.value(arg) for arg in node.args)
    if not w.postgres:
        return func.dg_div(a, b, node.type.scale + node.args[1].type.scale - node.args[0].type.scale, node.type.scale, type_=BigInteger)
    return w.fit(func.round(cast(a, EXACT_QUOTIENT) / func.nullif(cast(b, Numeric), 0), node.type.scale), node.type.scale)


@value("neg")
def neg(w: Writer, node: Node) -> Sql:
    return -type_coerce(w.value(node.args[0]), Numeric() if w.postgres else BigInteger())


@value("rescale")
def rescale(w: Writer, node: Node) -> Sql:
    inner, have, want = w.value(node.args[0]), node.args[0].type.scale, node.type.scale
    if want > have:
        return cast(inner, Numeric) if w.postgres else type_coerce(inner, BigInteger) * literal_column(str(10 ** (want - have)), BigInteger)
    return w.fit(func.round(inner, want), want) if w.postgres else func.dg_mul(inner, 1, have - want, want, type_=BigInteger)


def junction(w: Writer, items: Node) -> Select[Any] | None:
    """The rows of a list of records that stands in a table of its own, or None where it stands in a column."""
    owner = items.args[0] if items.op == "get" else None
    table = w.scope.junction(owner.type.form, items.value) if owner else None
    if owner is None or table is None:
        return None
    rows = table.alias()
    return select(rows.c.target).where(rows.c.source == w.value(owner)).correlate(*w.rows, *w.around)


@value("size")
def size(w: Writer, node: Node) -> Sql:
    if (people := junction(w, node.args[0])) is not None:
        return select(func.count()).select_from(people.subquery()).correlate(*w.rows, *w.around).scalar_subquery()
    items = w.value(node.args[0])
    count = func.jsonb_array_length(as_jsonb(items)) if w.postgres else func.json_array_length(type_coerce(items, Text))
    return func.coalesce(count, 0, type_=Integer)


def as_jsonb(items: Sql) -> Sql:
    return type_coerce(items, Text).op("::", precedence=20)(literal_column("jsonb"))


@value("day_of")
def day_of(w: Writer, node: Node) -> Sql:
    return day(w, w.value(node.args[0]))


def day(w: Writer, at: Sql) -> Sql:
    """The day of an instant in the workspace's zone."""
    if w.postgres:
        return cast(func.timezone(w.zone, at), Date)
    return type_coerce(func.dg_day(type_coerce(at, BigInteger), w.zone), Date)


@value("days_from")
def days_from(w: Writer, node: Node) -> Sql:
    a, b = (w.value(arg) for arg in node.args)
    return a.op("-", return_type=Integer())(b) if w.postgres else func.dg_days(a, b, type_=Integer)


@value("span_from")
def span_from(w: Writer, node: Node) -> Sql:
    a, b = (millis(w, arg) for arg in node.args)
    return a - b


def millis(w: Writer, node: Node) -> Sql:
    """An instant as milliseconds since 1970. PostgreSQL's EXTRACT is exact: NUMERIC since version 14."""
    if free(node):
        at = w.now(node)
        return literal(None if at is None else to_epoch_millis(at), BigInteger())
    at = w.value(node)
    return cast(extract("epoch", at) * 1000, BigInteger) if w.postgres else type_coerce(at, BigInteger)


@value("spans")
def spans(w: Writer, node: Node) -> Sql:
    a, b = (type_coerce(w.value(arg), BigInteger) for arg in node.args)
    return a + b


@value("call")
def call(w: Writer, node: Node) -> Sql:
    found, face = functions[node.value], w.face(node)
    write = found.sql or (found.postgres if w.postgres else None)
    if not found.in_filter:
        raise NotInSql(found.name)
    out = write(face, *(w.value(a) for a in node.args)) if write else by_python(w, node)
    out = type_coerce(out, Numeric() if w.postgres and node.type.scale else sql_type(node.type))
    return w.fit(out, node.type.scale) if node.type.kind == "number" and w.postgres else out


def by_python(w: Writer, node: Node) -> Sql:
    """SQLite: the Python face itself, through a deterministic function of the connection."""
    how = json.dumps([node.value, w.zone, [_brief(a.type) for a in node.args], _brief(node.type)])
    return func.dg_call(how, *(millis(w, a) if a.type.kind == "datetime" else w.value(a) for a in node.args))


def _brief(type_: Type) -> list[Any]:
    return [type_.kind, type_.scale]
