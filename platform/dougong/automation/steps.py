"""The steps of a run as rows: what is done, what waits, what is on its way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from dougong.automation.flow import Done, Next, Place
from dougong.automation.runs import Run
from dougong.automation.tables import step_table
from dougong.context import Ctx

_STEP = step_table.c
_DONE = select(_STEP.step, _STEP.item, _STEP.uid, _STEP.state, _STEP.result).where(_STEP.run == bindparam("of")).order_by(_STEP.id)
_CLEAR = delete(step_table).where(
    _STEP.run == bindparam("of"), _STEP.step == bindparam("at_step"), _STEP.item == bindparam("at_item")
)
_STORE = insert(step_table)


def done(connection: Connection, run: Run) -> dict[Place, Done]:
    """All of a run's, in the order in which they were last written."""
    return {Place(row.step, row.item): Done(row.uid, row.state, row.result) for row in connection.execute(_DONE, {"of": run.id})}


def store(
    ctx: Ctx, run: Run, step: Next, state: str, result: Any = None, uid: str = "", *, done: dict[Place, Done] | None = None
) -> None:
    """Writes a step's state, in the place of an earlier one. The key (run, step, item) keeps it to one.

    `done` are all that there are, read in this transaction; it is kept in step.
    """
    place = step.place
    if done is None or done.pop(place, None) is not None:
        ctx.connection.execute(_CLEAR, {"of": run.id, "at_step": place.step, "at_item": place.item})
    row = {
        "run": run.id, "step": place.step, "item": place.item, "action": step.step.action, "uid": uid, "state": state, "result": result,
        "at": ctx.now,
    }
    ctx.connection.execute(_STORE, row)
    if done is not None:
        done[place] = Done(uid, state, result)


def reopen(ctx: Ctx, run: Run, *, arrived: bool) -> None:
    """A call of which nobody knew whether it arrived: done now, or to be made once more with the same delivery id."""
    s = step_table
    unknown = update(s).where(s.c.run == run.id, s.c.state == "unknown")
    result = {"status": 0, "body": None} if arrived else None
    ctx.connection.execute(unknown.values(state="done" if arrived else "retry", result=result, at=ctx.now))
