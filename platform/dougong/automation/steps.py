"""The steps of a run as rows: what is done, what waits, what is on its way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from dougong.automation.flow import Done, Next, Place
from dougong.automation.runs import Run
from dougong.automation.tables import step_table
from dougong.context import Ctx


def done(connection: Connection, run: Run) -> dict[Place, Done]:
    """All of a run's, in the order in which they were last written."""
    s = step_table.c
    rows = connection.execute(select(s.id, s.step, s.item, s.uid, s.state, s.result).where(s.run == run.id).order_by(s.id))
    return {Place(row.step, row.item): Done(row.id, row.uid, row.state, row.result) for row in rows}


def store(ctx: Ctx, run: Run, step: Next, state: str, result: Any = None, uid: str = "") -> None:
    """Writes a step's state, in the place of an earlier one. The key (run, step, item) keeps it to one."""
    s = step_table
    place = step.place
    ctx.connection.execute(delete(s).where(s.c.run == run.id, s.c.step == place.step, s.c.item == place.item))
    row = {
        "run": run.id, "step": place.step, "item": place.item, "action": step.step.action, "uid": uid, "state": state, "result": result,
        "at": ctx.now,
    }
    ctx.connection.execute(insert(s).values(row))


def reopen(ctx: Ctx, run: Run, *, arrived: bool) -> None:
    """A call of which nobody knew whether it arrived: done now, or to be made once more with the same delivery id."""
    s = step_table
    unknown = update(s).where(s.c.run == run.id, s.c.state == "unknown")
    result = {"status": 0, "body": None} if arrived else None
    ctx.connection.execute(unknown.values(state="done" if arrived else "retry", result=result, at=ctx.now))
