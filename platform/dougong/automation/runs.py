"""Runs as rows: enlisted once by their key, taken with a lease, written only by who holds it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, or_, select, update
from uuid6 import uuid7

from dougong.automation.decide import plan, rule_key
from dougong.automation.tables import Outcome, run_table, switch_table, unfinished
from dougong.context import Actor, Cause, Ctx
from dougong.events.once import insert_once
from dougong.problems import Problem
from dougong.spec.app import Automation, Level, Workspace

LEASE = timedelta(seconds=60)
MOST_DEPTH = 16
MOST_FAILURES = 10
"""Runs that fail one after another before the automation is switched off."""
LONGEST_TRACE = 200
_NEXT = select(
    select(func.min(run_table.c.due)).where(unfinished, run_table.c.lease_until.is_(None)).scalar_subquery(),
    select(func.min(run_table.c.lease_until)).where(unfinished, run_table.c.lease_until.is_not(None)).scalar_subquery(),
)
_SWITCHED_OFF = select(switch_table.c.automation).where(~switch_table.c.on)

Chain = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Run:
    """One row of dg_run. `token` is that of the lease, '' where it was not taken by one."""

    id: int
    uid: str
    key: str
    automation: str
    level: str
    form: str
    record: int | None
    subject: Mapping[str, Any]
    event: int | None
    depth: int
    chain: Chain
    actor: int | None
    digest: str
    state: str
    outcome: str | None
    trace: Sequence[Mapping[str, Any]]
    due: datetime
    started_at: datetime | None
    attempts: int
    token: str

    @property
    def rule(self) -> str:
        return f"{self.automation}/{self.level}"

    @property
    def cause(self) -> Cause:
        return Cause(self.event, self.depth, self.chain)

    @classmethod
    def of(cls, row: RowMapping) -> Run:
        chain = tuple((str(a), str(b)) for a, b in row["chain"])
        plain = {name: row[name] for name in cls.__dataclass_fields__ if name in row and name not in ("chain", "token")}
        return cls(**plain, chain=chain, token=row["lease_token"] or "")


def acting(automation: Automation) -> Actor:
    """Automations act as their app (SEMANTICS 9)."""
    return Actor(name=automation.name.text or automation.key, app=automation.app)


def acting_for(workspace: Workspace, run: Run) -> Actor:
    current = plan(workspace).all.get(run.automation)
    return acting(current) if current else Actor(name=run.automation, app=run.automation.partition(".")[0])


def row_for(
    ctx: Ctx, automation: Automation, level: Level, key: str, form: str, record: int | None, *, due: datetime | None = None,
    subject: Mapping[str, Any] | None = None, event: int | None = None, depth: int = 0, chain: Chain = (), actor: int | None = None,
) -> dict[str, Any]:
    """A run to be enlisted, not started. A chain that has this rule on this record already, or is too deep, ends here (decision 8)."""
    pair = (rule_key(automation, level), f"{form}:{record}")
    row: dict[str, Any] = {
        "uid": str(uuid7()), "key": key, "automation": automation.key, "level": level.id, "form": form, "record": record,
        "subject": dict(subject or {}), "event": event, "depth": depth + 1, "chain": [list(p) for p in (*chain, pair)], "actor": actor,
        "digest": automation.digest, "state": "open", "outcome": None, "problem": None, "trace": [], "due": due or ctx.now, "attempts": 0,
        "created_at": ctx.now, "finished_at": None,
    }
    if depth >= MOST_DEPTH:
        return ended(ctx, row, "loop", Problem("run-too-deep", {"depth": depth}))
    if pair in chain:
        return ended(ctx, row, "loop", Problem("run-loop", {"rules": " → ".join(rule for rule, _ in (*chain, pair))}))
    return row


def ended(ctx: Ctx, row: Mapping[str, Any], outcome: Outcome, problem: Problem | None = None) -> dict[str, Any]:
    """The row of a run that ends before it begins, kept to be seen."""
    return {**row, "state": "done", "outcome": outcome, "problem": as_json(problem), "finished_at": ctx.now}


def enlist(ctx: Ctx, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """The ids of those that were not there yet, in the order given."""
    return sorted(insert_once(ctx.connection, run_table, rows, run_table.c.id))


def enlist_many(ctx: Ctx, rows: Sequence[Mapping[str, Any]]) -> None:
    """The same where nobody asks for ids: a thousand at a time cost a third."""
    insert_once(ctx.connection, run_table, rows)


def load(connection: Connection, id: int) -> Run:
    return Run.of(connection.execute(select(run_table).where(run_table.c.id == id)).mappings().one())


def take(ctx: Ctx, limit: int) -> list[Run]:
    """Runs that are due and in nobody's hand, oldest first."""
    r = run_table.c
    free = or_(r.lease_until.is_(None), r.lease_until <= ctx.now)
    due = select(r.id).where(unfinished, r.due <= ctx.now, free).order_by(r.due, r.id).limit(limit)
    ids = list(ctx.connection.execute(due.with_for_update(skip_locked=True)).scalars())
    return [hold(ctx, id) for id in ids]


def hold(ctx: Ctx, id: int) -> Run:
    """Takes the lease."""
    lease = {"lease_until": ctx.now + LEASE, "lease_token": secrets.token_hex(8)}
    query = update(run_table).where(run_table.c.id == id).values(lease).returning(*run_table.c)
    return Run.of(ctx.connection.execute(query).mappings().one())


def held(ctx: Ctx, run: Run) -> bool:
    """Locks the row and renews the lease; False where another worker has it, or a person ended it (R11: a late write is fenced)."""
    r = run_table.c
    mine = update(run_table).where(r.id == run.id, r.lease_token == run.token, unfinished)
    return ctx.connection.execute(mine.values(lease_until=ctx.now + LEASE)).rowcount == 1


def note(ctx: Ctx, run: Run, what: str, **seen: Any) -> Sequence[Mapping[str, Any]]:
    """The trace with one more line."""
    return [*run.trace, line(ctx, what, **seen)][-LONGEST_TRACE:]


def line(ctx: Ctx, what: str, **seen: Any) -> dict[str, Any]:
    """One line of a trace."""
    return {"at": ctx.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "what": what, **seen}


def change(ctx: Ctx, run: Run, **values: Any) -> Run:
    """Written under the lock that `held` or the caller's own insert took."""
    query = update(run_table).where(run_table.c.id == run.id).values(values).returning(*run_table.c)
    return Run.of(ctx.connection.execute(query).mappings().one())


def finish(ctx: Ctx, run: Run, outcome: Outcome, problem: Problem | None = None) -> Run:
    """Ends it, counts failures in a row for the switch, and wakes runs of the same rule that wait for this one."""
    trace = note(ctx, run, outcome, **({"problem": as_json(problem)} if problem else {}))
    done = change(
        ctx, run, state="done", outcome=outcome, problem=as_json(problem), trace=trace, finished_at=ctx.now,
        lease_until=None, lease_token=None,
    )
    if outcome in ("failed", "finished"):
        _count_failures(ctx, run.automation, failed=outcome == "failed")
    wake_queued(ctx, run)
    return done


def wake_queued(ctx: Ctx, run: Run) -> None:
    """Runs of the same rule on the same record look again whether they may begin."""
    r = run_table.c
    same = (r.automation == run.automation, r.level == run.level, r.form == run.form, r.record == run.record)
    ctx.connection.execute(update(run_table).where(*same, r.state == "queued").values(due=ctx.now))


def others(ctx: Ctx, run: Run) -> list[Run]:
    """Unfinished runs of the same rule on the same record that came before."""
    r = run_table.c
    query = select(run_table).where(r.form == run.form, r.record == run.record, r.automation == run.automation, r.level == run.level)
    return [Run.of(row) for row in ctx.connection.execute(query.where(unfinished, r.id < run.id).order_by(r.id)).mappings()]


def with_outcome(connection: Connection, outcomes: Sequence[Outcome], limit: int) -> list[Run]:
    """Newest first."""
    query = select(run_table).where(run_table.c.outcome.in_(outcomes)).order_by(run_table.c.id.desc()).limit(limit)
    return [Run.of(row) for row in connection.execute(query).mappings()]


def next_due(connection: Connection) -> datetime | None:
    return min((at for at in connection.execute(_NEXT).one() if at is not None), default=None)


def switched_off(connection: Connection, automations: Iterable[str]) -> set[str]:
    s = switch_table.c
    return set(connection.execute(select(s.automation).where(s.automation.in_(list(automations)), ~s.on)).scalars())


def all_switched_off(connection: Connection) -> set[str]:
    return set(connection.execute(_SWITCHED_OFF).scalars())


def switch(ctx: Ctx, automation: str, on: bool, reason: Problem | None = None) -> None:
    """By a person, or by us with a reason that pages show (decision 14)."""
    _ensure_switch(ctx, automation)
    values = {"on": on, "reason": as_json(reason), "failures": 0, "at": ctx.now}
    ctx.connection.execute(update(switch_table).where(switch_table.c.automation == automation).values(values))


def as_json(problem: Problem | None) -> dict[str, Any] | None:
    """Code and arguments, so that the sentence can be said in any reader's language later."""
    if problem is None:
        return None
    args = {k: v if isinstance(v, str | int | dict) or v is None else str(v) for k, v in problem.args.items()}
    return {"code": problem.code, "args": args, **({"message": problem.message} if problem.message else {})}


def from_json(raw: Mapping[str, Any] | None) -> Problem | None:
    return None if raw is None else Problem(raw["code"], raw["args"], message=raw.get("message", ""))


def _count_failures(ctx: Ctx, automation: str, failed: bool) -> None:
    s = switch_table
    if not failed:
        ctx.connection.execute(update(s).where(s.c.automation == automation, s.c.failures > 0).values(failures=0))
        return
    _ensure_switch(ctx, automation)
    counted = update(s).where(s.c.automation == automation).values(failures=s.c.failures + 1).returning(s.c.failures)
    if ctx.connection.execute(counted).scalar_one() >= MOST_FAILURES:
        switch(ctx, automation, False, Problem("automation-fails", {"times": MOST_FAILURES}))


def _ensure_switch(ctx: Ctx, automation: str) -> None:
    insert_once(ctx.connection, switch_table, [{"automation": automation, "on": True, "reason": None, "failures": 0, "at": ctx.now}])
