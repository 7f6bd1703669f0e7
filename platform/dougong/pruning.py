"""What is over is let go after a declared time, in small batches, so that tables stop growing (THREATS R31).

Nothing that a run under way, a count (`repeated`), a time rule's "once" or `why` within that time still needs. History stays: it
is the record's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, or_, select, update

from dougong.automation.tables import run_table, step_table, tally_table, unfinished
from dougong.events.outbox import event_table
from dougong.jobs.background import job_table
from dougong.notify.delivery import delivery_table
from dougong.notify.message import notification_table
from dougong.records.importing_job import fault_table
from dougong.records.requests import REMEMBERED, request_table
from dougong.store.engine import Store

KEPT_DAYS, DEFAULT_DAYS = "kept_days", 180
"""A setting of the workspace: how long finished runs, events, read messages and finished work can be looked at."""
FEWEST_DAYS = 30
BATCH = 500
EMPTIED = ""
"""The definition of a run of which only the key is left."""
Batch = Callable[[Connection, Any], tuple[int, Any]]
"""The place behind which it goes on → (how many were taken, the next place)."""


def days(settings: Mapping[str, Any]) -> int:
    return max(FEWEST_DAYS, int(settings.get(KEPT_DAYS, DEFAULT_DAYS)))


def prune(store: Store, now: datetime, kept: int) -> int:
    """Each batch in a transaction of its own; how many rows went, or lost what they held."""
    cut = now - timedelta(days=kept)
    total = 0
    for sort in (_runs(cut), *(_rows(table, over) for table, over in _over(now, cut).items()), _jobs(cut)):
        after: int | str | None = None
        while True:
            with store.write() as connection:
                taken, after = sort(connection, after)
            total += taken
            if taken < BATCH:
                break
    return total


def _over(now: datetime, cut: datetime) -> dict[Table, ColumnElement[bool]]:
    """Rows that go by themselves. A sender's deliveries are known for as long as a client's requests."""
    e, n, d, t = event_table.c, notification_table.c, delivery_table.c, tally_table.c
    needed = select(run_table.c.event).where(unfinished, run_table.c.event.is_not(None))
    late = or_(e.kind != "received", e.at < now - REMEMBERED)
    return {
        event_table: and_(e.state == "done", e.at < cut, late, e.id.not_in(needed)),
        request_table: request_table.c.at < now - REMEMBERED,
        delivery_table: and_(d.state.in_(("sent", "dead")), d.at < cut),
        notification_table: or_(n.read_at < cut, and_(n.kind == "popup", n.seen_at < cut)),
        tally_table: and_(~t.open, t.at < cut),
    }


def _rows(table: Table, over: ColumnElement[bool]) -> Batch:
    (key,) = table.primary_key.columns

    def batch(connection: Connection, after: Any) -> tuple[int, Any]:
        further = [over] if after is None else [over, key > after]
        found = list(connection.execute(select(key).where(*further).order_by(key).limit(BATCH)).scalars())
        connection.execute(delete(table).where(key.in_(found)))
        return len(found), found[-1] if found else after

    return batch


def _runs(cut: datetime) -> Batch:
    """A run of a time rule leaves its key: the since value it stood for must not fire again should it come back (SEMANTICS 4)."""
    r = run_table.c

    def batch(connection: Connection, after: Any) -> tuple[int, Any]:
        over = [r.state == "done", r.finished_at < cut, r.digest != EMPTIED, r.id > (after or 0)]
        found = connection.execute(select(r.id, r.subject).where(*over).order_by(r.id).limit(BATCH)).all()
        ids, timed = [run.id for run in found], [run.id for run in found if "since" in run.subject]
        connection.execute(delete(step_table).where(step_table.c.run.in_(ids)))
        connection.execute(update(run_table).where(r.id.in_(timed)).values(trace=[], chain=[], digest=EMPTIED))
        connection.execute(delete(run_table).where(r.id.in_(ids), r.digest != EMPTIED))
        return len(ids), ids[-1] if ids else after

    return batch


def _jobs(cut: datetime) -> Batch:
    """Imports with the rows that they could not take."""
    j = job_table.c

    def batch(connection: Connection, after: Any) -> tuple[int, Any]:
        over = [j.state.in_(("done", "dead")), j.finished_at < cut]
        found = connection.execute(select(j.id, j.uid).where(*over).order_by(j.id).limit(BATCH)).all()
        connection.execute(delete(fault_table).where(fault_table.c.job.in_([job.uid for job in found])))
        connection.execute(delete(job_table).where(j.id.in_([job.id for job in found])))
        return len(found), after

    return batch
