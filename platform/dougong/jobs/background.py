"""Long work that a person watches: an import, an export, an install. One row each, with progress; taken again after a crash."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, RowMapping, Table, Text, and_, func, insert, literal_column, or_, select, update
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.problems import Problem, Problems
from dougong.sqltypes import Id, Instant, Json
from dougong.store.system import metadata

LEASE = timedelta(minutes=5)
PAUSES = tuple(timedelta(seconds=s) for s in (10, 60, 600))
"""Between one try and the next; after the last it is dead, listed, and a person may start it again."""
PASSING = frozenset({"disk-full", "no-room-for-files", "workspace-busy"})
"""Problems that go away by themselves, or when an administrator has made room: worth another try."""
log = logging.getLogger(__name__)

job_table = Table(
    "dg_job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("args", Json, nullable=False),
    Column("state", Text, nullable=False),  # open, running, done, dead
    Column("progress", Json, nullable=False),  # the handler's own; `done` and `total` are drawn as a bar
    Column("result", Json),
    Column("problem", Json),
    Column("actor", Id),
    Column("attempts", Integer, nullable=False),
    Column("due", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("lease_token", Text),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
)
_unfinished = job_table.c.state.in_([literal_column("'open'"), literal_column("'running'")])
Index("dg_job_due", job_table.c.due, sqlite_where=_unfinished, postgresql_where=_unfinished)
DEAD = select(job_table).where(job_table.c.state == "dead").order_by(job_table.c.id.desc())
_NEXT = select(func.min(func.coalesce(job_table.c.lease_until, job_table.c.due))).where(_unfinished)

Open = Callable[[], AbstractContextManager[Ctx]]


@dataclass(frozen=True)
class Job:
    """One job in hand. `progress` is what the last try left behind, so that a resumed one can go on from there."""

    id: int
    uid: str
    name: str
    args: Mapping[str, Any]
    progress: Mapping[str, Any]
    actor: int | None
    attempts: int
    token: str

    def report(self, ctx: Ctx, **progress: Any) -> None:
        """In the transaction of the part that it reports on. Raises Problems `lease-lost` where another worker has the job."""
        j = job_table.c
        values = {"progress": {**self.progress, **progress}, "lease_until": ctx.now + LEASE}
        _mine(ctx, self, values, j.state == "running")


Handler = Callable[[Open, Job], Any]
"""Opens its own transactions; what it returns (JSON) is the result. Raises Problems where trying again would not help."""


def submit(ctx: Ctx, name: str, args: Mapping[str, Any]) -> str:
    """The job's uid."""
    row = {
        "uid": str(uuid7()), "name": name, "args": dict(args), "state": "open", "progress": {}, "actor": ctx.actor.user, "attempts": 0,
        "due": ctx.now, "created_at": ctx.now,
    }
    ctx.connection.execute(insert(job_table).values(row))
    return str(row["uid"])


def work(open_: Open, handlers: Mapping[str, Handler], limit: int = 5) -> int:
    """Takes what is due, one after the other; how many."""
    for number in range(limit):
        with open_() as ctx:
            job = _take(ctx)
        if job is None:
            return number
        _do(open_, handlers, job)
    return limit


def status(connection: Connection, uid: str) -> RowMapping | None:
    return connection.execute(select(job_table).where(job_table.c.uid == uid)).mappings().first()


def dead(connection: Connection, limit: int = 100) -> list[RowMapping]:
    return list(connection.execute(DEAD.limit(limit)).mappings())


def retry(ctx: Ctx, id: int) -> bool:
    j = job_table.c
    again = update(job_table).where(j.id == id, j.state == "dead")
    return ctx.connection.execute(again.values(state="open", due=ctx.now, attempts=0, problem=None, finished_at=None)).rowcount == 1


def next_due(connection: Connection) -> datetime | None:
    return connection.execute(_NEXT).scalar()


def _take(ctx: Ctx) -> Job | None:
    j = job_table.c
    free = or_(and_(j.state == "open", j.due <= ctx.now), and_(j.state == "running", j.lease_until <= ctx.now))
    first = select(j.id).where(_unfinished, free).order_by(j.due, j.id).limit(1)
    found = ctx.connection.execute(first.with_for_update(skip_locked=True)).scalar()
    if found is None:
        return None
    lease = {"state": "running", "lease_until": ctx.now + LEASE, "lease_token": secrets.token_hex(8), "attempts": j.attempts + 1}
    row = ctx.connection.execute(update(job_table).where(j.id == found).values(lease).returning(*job_table.c)).mappings().one()
    return Job(row["id"], row["uid"], row["name"], row["args"], row["progress"], row["actor"], row["attempts"], row["lease_token"])


def _do(open_: Open, handlers: Mapping[str, Handler], job: Job) -> None:
    try:
        if job.name not in handlers:
            raise Problems([Problem("job-unknown", {"name": job.name})])
        result = handlers[job.name](open_, job)
        values: dict[str, Any] = {"state": "done", "result": result}
    except Problems as problems:
        passing = any(p.code in PASSING for p in problems) and job.attempts <= len(PAUSES)
        values = {"state": "open" if passing else "dead", "problem": _as_json(problems.problems[0])}
    except Exception as error:  # one job's fault must not stop the others (R27)
        log.exception("job %s", job.name)
        values = {"state": "open" if job.attempts <= len(PAUSES) else "dead", "problem": _as_json(_fault(error))}
    with open_() as ctx:
        if values["state"] == "open":
            values["due"] = ctx.now + PAUSES[job.attempts - 1]
        else:
            values["finished_at"] = ctx.now
        try:
            _mine(ctx, job, {**values, "lease_until": None, "lease_token": None})
        except Problems:
            log.warning("job %s was taken over by another worker", job.uid)


def _mine(ctx: Ctx, job: Job, values: Mapping[str, Any], *also: Any) -> None:
    j = job_table.c
    mine = update(job_table).where(j.id == job.id, j.lease_token == job.token, *also).values(values)
    if ctx.connection.execute(mine).rowcount != 1:
        raise Problems([Problem("lease-lost", {"what": f"job {job.uid}"})])


def _as_json(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "args": {k: str(v) for k, v in problem.args.items()}}


def _fault(error: Exception) -> Problem:
    return Problem("run-fault", {"why": f"{type(error).__name__}: {error}"[:500]})
