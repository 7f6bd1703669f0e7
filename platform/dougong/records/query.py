"""Reading records: one builder for lists, counts, search, pickers, export and API, with the actor's rights inside."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, select, true

from dougong.context import Ctx
from dougong.expr.to_sql import to_sql
from dougong.expr.tree import Expr
from dougong.fields.base import field_types
from dougong.problems import Problem, Problems
from dougong.records import rights
from dougong.records.filters import Filter, clause
from dougong.records.orders import order_of, place_of, read_place
from dougong.records.present import askable, readable, readable_many
from dougong.records.row import column_of, from_row, has_columns
from dougong.records.source import sql_scope
from dougong.spec.app import Sort
from dougong.spec.form import Field, Form
from dougong.store import search

EXACT_UP_TO = 10_000
MOST_ROWS = 500
MANIFOLD = frozenset({"list", "range", "span", "json"})
"""Kinds that nobody counts by: their values are several, or hardly ever the same."""


@dataclass(frozen=True)
class Query:
    """What to read. `where` is a view's own condition, `filters` are the reader's; the newest come first unless `sort` says else.

    `among` are the uids that a person ticked; None: all. `also` is a second condition, in which `names` may be read.
    """

    form: str
    filters: tuple[Filter, ...] = ()
    where: Expr | None = None
    search: str = ""
    sort: tuple[Sort, ...] = ()
    limit: int = 50
    cursor: str = ""
    among: tuple[str, ...] | None = None
    also: Expr | None = None
    names: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """`rows` as the actor may read them; `next` is the cursor behind the last row, '' at the end."""

    rows: tuple[dict[str, Any], ...]
    next: str


@dataclass(frozen=True)
class Count:
    """Exact up to 10 000; beyond, `number` is 10 000 and `exact` is False."""

    number: int
    exact: bool


def page(ctx: Ctx, query: Query) -> Page:
    """One page of what the actor may see. Raises Problems for a filter or sort that is not allowed."""
    form, table = _named(ctx, query.form)
    limit = max(1, min(query.limit, MOST_ROWS))
    found = _found(ctx, query, table)
    orders = _orders(ctx, form, query)
    columns = [found.newest if sort.field == "id" else order_of(form, table, sort.field) for sort in orders]
    statement = _ordered(select(table).select_from(found.source).where(found.condition), orders, columns)
    keys, rows = list(table.c.keys()), list[dict[str, Any]]()
    for behind in _behind(form, orders, columns, query.cursor) if query.cursor else [true()]:
        part = ctx.connection.execute(statement.where(behind).limit(limit + 1 - len(rows)))
        rows += [dict(zip(keys, row, strict=True)) for row in part]
        if len(rows) > limit:
            break
    more = _cursor(form, rows[limit - 1], orders) if len(rows) > limit else ""
    return Page(tuple(readable_many(ctx, form, [from_row(form, row) for row in rows[:limit]])), more)


def count(ctx: Ctx, query: Query, exact_up_to: int = EXACT_UP_TO) -> Count:
    """How many rows `page` would give in all."""
    _, table = _named(ctx, query.form)
    some = _ids(ctx, query, table).limit(exact_up_to + 1).subquery()
    number = ctx.connection.execute(select(func.count()).select_from(some)).scalar_one()
    return Count(min(number, exact_up_to), number <= exact_up_to)


def count_by(ctx: Ctx, query: Query, names: Sequence[str]) -> list[tuple[dict[str, Any], int]]:
    """How many of the rows hold which values of the fields: the most frequent first, `MOST_ROWS` at most. Raises Problems where
    the actor may not ask for a field, or its values are no single ones."""
    form, table = _named(ctx, query.form)
    fields = [_grouped(ctx, form, name) for name in names]
    found, number = _found(ctx, query, table), func.count()
    columns = [column_of(form, table, f.id) for f in fields]
    statement = select(*columns, number).select_from(found.source).where(found.condition).group_by(*columns)
    rows = ctx.connection.execute(statement.order_by(number.desc(), *(c.asc().nulls_first() for c in columns)).limit(MOST_ROWS))
    return [
        ({f.id: field_types[f.type].from_columns(f, (value,)) for f, value in zip(fields, row, strict=False)}, row[-1]) for row in rows
    ]


def _grouped(ctx: Ctx, form: Form, name: str) -> Field:
    field = field_of(form, name)
    if not has_columns(field) or not askable(ctx, form, field):
        raise Problems([Problem("no-such-field", {"field": name}, form=form.key, field=name)])
    if field.value.kind in MANIFOLD:
        raise Problems([Problem("not-counted-by", {"field": name}, form=form.key, field=name)])
    return field


def sums(ctx: Ctx, query: Query, fields: Sequence[Field]) -> dict[str, Any]:
    """The total of each number field over all that `page` would give; only of fields that the actor may read in full."""
    form, table = _named(ctx, query.form)
    wanted = [f for f in fields if f.value.kind == "number" and has_columns(f) and askable(ctx, form, f)]
    if not wanted:
        return {}
    found = _found(ctx, query, table)
    totals = select(*(func.sum(column_of(form, table, f.id)) for f in wanted)).select_from(found.source).where(found.condition)
    return dict(zip((f.id for f in wanted), ctx.connection.execute(totals).one(), strict=True))


def get(ctx: Ctx, form_key: str, *, uid: str = "", id: int | None = None, deleted: bool = False) -> dict[str, Any]:
    """One record as the actor may read it. Raises Problems `no-such-record`, the same for unknown and for unseen."""
    form, table = _named(ctx, form_key)
    which = table.c.uid == uid if id is None else table.c.id == id
    gone = table.c.deleted_at.is_not(None) if deleted else table.c.deleted_at.is_(None)
    row = ctx.connection.execute(select(table).where(which, gone, rights.where(ctx, form_key, table))).first()
    if row is None:
        raise Problems([Problem("no-such-record", form=form_key)])
    return readable(ctx, form, from_row(form, dict(zip(table.c.keys(), row, strict=True))))


def by_ids(ctx: Ctx, form_key: str, ids: Sequence[int]) -> tuple[dict[str, Any], ...]:
    """Those of the records that the actor may see, as the actor may read them."""
    form, table = _named(ctx, form_key)
    keys, out = list(table.c.keys()), list[dict[str, Any]]()
    for part in search.batched(ids):
        statement = select(table).where(table.c.id.in_(part), table.c.deleted_at.is_(None), rights.where(ctx, form_key, table))
        out += readable_many(ctx, form, [from_row(form, dict(zip(keys, row, strict=True))) for row in ctx.connection.execute(statement)])
    return tuple(out)


def pick(ctx: Ctx, form_key: str, text: str, limit: int = 20) -> tuple[dict[str, Any], ...]:
    """For pickers: the newest records whose searched fields hold `text`."""
    return page(ctx, Query(form_key, search=text, limit=limit)).rows


def ids(ctx: Ctx, query: Query) -> Select[Any]:
    """The ids as a subquery: for bulk work and export in chunks."""
    _, table = _named(ctx, query.form)
    return _ids(ctx, query, table)


def _ids(ctx: Ctx, query: Query, table: Table) -> Select[Any]:
    found = _found(ctx, query, table)
    return select(table.c.id).select_from(found.source).where(found.condition)


def _named(ctx: Ctx, form_key: str) -> tuple[Form, Table]:
    if form_key not in ctx.workspace.forms or not rights.access(ctx, form_key).may("see"):
        raise Problems([Problem("no-such-form", {"form": form_key})])
    return ctx.workspace.forms[form_key], ctx.workspace.tables[form_key]


def _found(ctx: Ctx, query: Query, table: Table) -> search.Found:
    """What to read from and under which condition, the cursor aside. A search goes along its index and is joined to the table."""
    form, text = ctx.workspace.forms[query.form], query.search.strip()
    found = search.Found(table, true(), table.c.id)
    if text:  # over the fields that this actor may read in full
        names = [f.id for f in form.fields.values() if f.search and has_columns(f) and askable(ctx, form, f)]
        found = search.narrow(table, text, ctx.connection.dialect.name, names)
    parts = [found.condition, table.c.deleted_at.is_(None), rights.where(ctx, query.form, table)]
    if query.among is not None:
        parts.append(table.c.uid.in_(query.among))
    if query.where is not None:
        parts.append(to_sql(query.where, sql_scope(ctx, query.form, table)))
    if query.also is not None:
        parts.append(to_sql(query.also, sql_scope(ctx, query.form, table, query.names)))
    return replace(found, condition=and_(*parts, *(clause(ctx, form, table, f) for f in query.filters)))


def _orders(ctx: Ctx, form: Form, query: Query) -> list[Sort]:
    for sort in query.sort:
        field = form.fields.get(sort.field)
        if field is None or not has_columns(field) or not askable(ctx, form, field):
            raise Problems([Problem("no-such-field", {"field": sort.field}, form=form.key, field=sort.field)])
    down = query.sort[-1].descending if query.sort else True
    return [*query.sort, Sort("id", down)]


def _ordered(statement: Select[Any], orders: Sequence[Sort], columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Empty is smallest on both databases."""
    for sort, column in zip(orders, columns, strict=True):
        if sort.field == "id":
            statement = statement.order_by(column.desc() if sort.descending else column)
        else:
            statement = statement.order_by(column.desc().nulls_last() if sort.descending else column.asc().nulls_first())
    return statement


def _cursor(form: Form, row: Mapping[str, Any], orders: Sequence[Sort]) -> str:
    values = [row["id"] if s.field == "id" else place_of(form, s.field, row) for s in orders]
    return base64.urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")


def _behind(form: Form, orders: Sequence[Sort], columns: Sequence[ColumnElement[Any]], cursor: str) -> list[ColumnElement[bool]]:
    """What stands behind the cursor, as conditions to be read one after the other: each is one range of an index, which
    their OR would not be."""
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [int(v) if s.field == "id" else read_place(form, s.field, v) for s, v in zip(orders, raw, strict=True)]
    except (ValueError, TypeError, ArithmeticError, binascii.Error):
        raise Problems([Problem("bad-cursor", form=form.key)]) from None
    same: list[ColumnElement[bool]] = []
    ranges: list[ColumnElement[bool]] = []
    for sort, column, value in zip(orders, columns, values, strict=True):
        ranges = [and_(*same, after) for after in _after(column, value, sort)] + ranges
        same.append(column.is_(None) if value is None else column == value)
    return ranges


def _after(column: ColumnElement[Any], value: Any, sort: Sort) -> list[ColumnElement[bool]]:
    if sort.field == "id":
        return [column < value if sort.descending else column > value]
    if sort.descending:
        return [] if value is None else [column < value, column.is_(None)]
    return [column.is_not(None)] if value is None else [column > value]


def field_of(form: Form, name: str) -> Field:
    """Raises Problems `no-such-field`."""
    if name not in form.fields:
        raise Problems([Problem("no-such-field", {"field": name}, form=form.key, field=name)])
    return form.fields[name]
