"""References as people write them, turned into ids with the reader's rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, or_, select

from dougong.context import Ctx
from dougong.fields.base import Reference, Refused
from dougong.people import tables as people
from dougong.records import rights
from dougong.records.row import column_of, has_columns
from dougong.spec.form import Field, Form


def look_up(ctx: Ctx, field: Field, reference: Reference) -> int:
    """The id of the one live record meant. Raises Refused `no-such-record-here` or `several-records`; unseen is unknown."""
    target = field.target or field.value.form or (field.value.of.form if field.value.of else "")
    form, table = ctx.workspace.forms[target], ctx.workspace.tables[target]
    means = table.c.uid == reference.uid if reference.uid else _words(ctx, form, table, reference.words)
    alive = (table.c.deleted_at.is_(None), rights.where(ctx, target, table))
    found = ctx.connection.execute(select(table.c.id).where(means, *alive).limit(2)).scalars().all()
    if not found:
        raise Refused("reference-not-found", words=reference.words or reference.uid)
    if len(found) > 1:
        raise Refused("reference-not-clear", words=reference.words)
    return int(found[0])


def uid_of(ctx: Ctx, form: str, id: int) -> str:
    """The outside name of a record; '' where it is gone."""
    table = ctx.workspace.tables[form]
    return ctx.connection.execute(select(table.c.uid).where(table.c.id == id)).scalar() or ""


def uids(ctx: Ctx, form: str, ids: set[int]) -> Mapping[int, str]:
    table = ctx.workspace.tables[form]
    return {key: value for key, value in ctx.connection.execute(select(table.c.id, table.c.uid).where(table.c.id.in_(ids)))} if ids else {}


def _words(ctx: Ctx, form: Form, table: FromClause, words: str) -> ColumnElement[bool]:
    """By a field that names a record: a unique one, a number, or the first one that is searched (its title, as a rule)."""
    allowed = rights.access(ctx, form.key)
    fields = [f for f in form.fields.values() if f.value.kind == "text" and has_columns(f) and not f.system and not allowed.masked(f.id)]
    naming = [f for f in fields if f.unique or f.value_template is not None] + [f for f in fields if f.search][:1] or fields[:1]
    clauses: list[ColumnElement[Any]] = [column_of(form, table, f.id) == words for f in naming]
    if form.key == "user":
        clauses.append(table.c.id.in_(select(people.login.c.user).where(people.login.c.name == words)))
    return or_(table.c.id.is_(None), *clauses)
