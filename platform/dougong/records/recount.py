"""Whether stored values are what a fresh computation gives: `doctor --recount` (SEMANTICS 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dougong.context import Ctx
from dougong.records import compute, flips
from dougong.records.draft import Draft
from dougong.records.graph import graph
from dougong.records.row import from_row
from dougong.records.source import RecordSource, environment
from dougong.spec.form import Form

CHUNK = 500


@dataclass(frozen=True)
class Difference:
    """`field` is 'flip_at' where the record would not be looked at when its value can next change by the clock."""

    form: str
    record: int
    field: str
    stored: Any
    fresh: Any


def differences(ctx: Ctx) -> list[Difference]:
    """All of them, over all live records, by reading every child: slow, and independent of how upkeep works."""
    return [found for form in ctx.workspace.forms.values() if graph(ctx.workspace).order[form.key] for found in _of_form(ctx, form)]


def _of_form(ctx: Ctx, form: Form) -> Iterator[Difference]:
    table, last = ctx.workspace.tables[form.key], 0
    keys = list(table.c.keys())
    while True:
        query = select(table).where(table.c.id > last, table.c.deleted_at.is_(None)).order_by(table.c.id).limit(CHUNK)
        rows = [dict(zip(keys, row, strict=True)) for row in ctx.connection.execute(query)]
        for row in rows:
            yield from _of_record(ctx, form, from_row(form, row), row["flip_at"])
        if len(rows) < CHUNK:
            return
        last = rows[-1]["id"]


def _of_record(ctx: Ctx, form: Form, row: dict[str, Any], flip_at: datetime | None) -> Iterator[Difference]:
    """Each field on the stored values of those it reads: what follows from a wrong one is not reported again."""
    source = RecordSource(ctx)
    for field in graph(ctx.workspace).order[form.key]:
        fresh = compute.computed(field, environment(ctx, form.key, row, source=source))
        if fresh != row.get(field.id):
            yield Difference(form.key, row["id"], field.id, row.get(field.id), fresh)
    flip = flips.next_flip(Draft(ctx, form, "edit", source, row, old=row, id=row["id"]))
    if flip is not None and (flip_at is None or flip_at > flip):
        yield Difference(form.key, row["id"], "flip_at", flip_at, flip)
