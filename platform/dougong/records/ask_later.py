"""What a form asks for after the event (`ask_later`): who still owes which fields, and what is refused until they are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from dougong.context import Ctx
from dougong.records import rights
from dougong.records.draft import Draft
from dougong.records.present import readable
from dougong.records.row import column_of, columns_of, from_row, is_empty
from dougong.spec.form import AskLater, Field, Form

MOST = 20
"""Demands of one rule that are looked for: nobody does more in a day."""


@dataclass(frozen=True)
class Demand:
    """`row` is the record as the person may read it; `due` is when the time is over."""

    form: Form
    rule: AskLater
    row: Mapping[str, Any]
    missing: tuple[Field, ...]
    due: datetime


def demands(ctx: Ctx) -> list[Demand]:
    """What the actor still has to fill in, the first due first; only of fields that are the actor's to fill."""
    forms = [form for form in ctx.workspace.forms.values() if form.ask_later and rights.access(ctx, form.key).may("edit")]
    found = [demand for form in forms for rule in form.ask_later for demand in _of_rule(ctx, form, rule)]
    return sorted(found, key=lambda demand: demand.due)


def missing(form: Form, rule: AskLater, row: Mapping[str, Any]) -> tuple[Field, ...]:
    return tuple(form.fields[name] for name in rule.fields if is_empty(row.get(name)))


def guard(draft: Draft) -> None:
    """`before` a yes/no field: it can't be set, nor stay set, without what was asked for."""
    for rule in draft.form.ask_later:
        field = draft.form.fields.get(rule.before)
        touched = draft.old is None or draft.changed & {rule.before, *rule.fields}
        if field is None or not touched or not draft.new.get(field.id):
            continue
        if lacking := missing(draft.form, rule, draft.new):
            draft.refuse("rejected", field, message=rule.message.in_(draft.ctx.locale))
            for one in lacking:
                draft.refuse("ask-later-missing", one)


def _of_rule(ctx: Ctx, form: Form, rule: AskLater) -> Iterator[Demand]:
    table, allowed = ctx.workspace.tables[form.key], rights.access(ctx, form.key)
    mine = [name for name in rule.fields if not allowed.read_only(name)]
    if not mine or ctx.actor.user is None:
        return
    since = column_of(form, table, rule.since)
    owed = and_(
        column_of(form, table, "owner") == ctx.actor.user, since.is_not(None), or_(*(_empty(form, table, name) for name in mine)),
        table.c.deleted_at.is_(None), rights.where(ctx, form.key, table, "edit"),
    )  # fmt: skip
    keys = list(table.c.keys())
    for found in ctx.connection.execute(select(table).where(owed).order_by(since, table.c.id).limit(MOST)):
        row = from_row(form, dict(zip(keys, found, strict=True)))
        lacking = tuple(field for field in missing(form, rule, row) if field.id in mine)
        yield Demand(form, rule, readable(ctx, form, row), lacking, due(ctx, rule, row[rule.since]))


def due(ctx: Ctx, rule: AskLater, since: Any) -> datetime:
    """A plain date counts from its start of day (SEMANTICS 3)."""
    start = since if isinstance(since, datetime) else ctx.workspace.calendar.start_of(since)
    return ctx.workspace.calendar.plus(start, rule.within)


def _empty(form: Form, table: Any, name: str) -> ColumnElement[bool]:
    return and_(*(table.c[column].is_(None) for column in columns_of(form)[name]))
