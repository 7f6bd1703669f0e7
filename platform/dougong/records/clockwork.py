"""Kept values whose time has come: found by their `flip_at`, recomputed through the save steps with origin `clock` (SEMANTICS 5)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import func, select

from dougong.context import Ctx
from dougong.records import upkeep
from dougong.records.anchor import anchor
from dougong.records.graph import formulas, graph
from dougong.spec.app import Workspace

BATCH = 200


def tick(open_: Callable[[], AbstractContextManager[Ctx]], workspace: Workspace) -> int:
    """Recomputes everything due, a batch in each transaction, and anchors the history each hour; how many records."""
    done = 0
    with open_() as ctx:
        anchor(ctx)
    for form in _forms(workspace):
        while batch := _batch(open_, form):
            done += batch
    return done


def next_due(ctx: Ctx) -> datetime | None:
    """The earliest instant at which some kept value can change by the clock."""
    found = []
    for form in _forms(ctx.workspace):
        table = ctx.workspace.tables[form]
        found.append(ctx.connection.execute(select(func.min(table.c.flip_at)).where(table.c.flip_at.is_not(None))).scalar())
    return min((at for at in found if at is not None), default=None)


def _batch(open_: Callable[[], AbstractContextManager[Ctx]], form: str) -> int:
    with open_() as ctx:
        table = ctx.workspace.tables[form]
        due = select(table.c.id).where(table.c.flip_at <= ctx.now).order_by(table.c.flip_at, table.c.id).limit(BATCH)
        ids = ctx.connection.execute(due).scalars().all()
        for id in ids:
            upkeep.recompute(ctx, form, id, origin="clock")
        return len(ids)


def _forms(workspace: Workspace) -> list[str]:
    """Forms with a kept value that the clock can change."""
    clocked = (key for key, fields in graph(workspace).order.items() if any(formula.live for f in fields for formula in formulas(f)))
    return [key for key in clocked if key not in workspace.read_only]
