"""Every kept value worked out afresh and compared with what is stored (SEMANTICS 6): `dougong doctor --recount`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from dougong.context import Ctx
from dougong.records import compute
from dougong.records.graph import graph
from dougong.records.row import from_row
from dougong.records.source import RecordSource, environment

CHUNK = 500


@dataclass(frozen=True)
class Difference:
    form: str
    uid: str
    field: str
    stored: Any
    fresh: Any


def differences(ctx: Ctx, form_key: str) -> Iterator[Difference]:
    """Through the formulas alone, row by row, with nothing of what keeps the values up to date. A value whose instant to flip has
    passed is the tick's to do and no difference."""
    fields = [f for f in graph(ctx.workspace).order[form_key] if f.options.get("copy") is not True]
    form, table = ctx.workspace.forms[form_key], ctx.workspace.tables[form_key]
    keys, after = list(table.c.keys()), 0
    while fields:
        query = select(table).where(table.c.id > after, table.c.deleted_at.is_(None)).order_by(table.c.id).limit(CHUNK)
        rows = [dict(zip(keys, row, strict=True)) for row in ctx.connection.execute(query)]
        source = RecordSource(ctx)
        for cells in rows:
            stored = from_row(form, cells)
            fresh = dict(stored)
            for field in fields:
                fresh[field.id] = compute.computed(field, environment(ctx, form_key, fresh, source=source))
            due = cells["flip_at"] is not None and cells["flip_at"] <= ctx.now
            yield from (
                Difference(form_key, stored["uid"], f.id, stored[f.id], fresh[f.id])
                for f in fields
                if fresh[f.id] != stored[f.id] and not due
            )
        if len(rows) < CHUNK:
            return
        after = rows[-1]["id"]
