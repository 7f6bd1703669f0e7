"""Runs as rows: enlisted once by their key, taken with a lease, written only by who holds it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, RowMapping, and_, bindparam, func, or_, select, update
from uuid6 import uuid7

from dougong.automation.decide import plan, rule_key
from dougong.automation.tables import Outcome, run_table, switch_table, unfinished
from dougong.context import Actor, Cause, Ctx
from dougong.events.once import insert_once
from dougong.problems import Problem
from dougong.spec.app import Automation, Level, Workspace
from dougong.sqltypes import Instant

LEASE = timedelta(seconds=60)
MOST_DEPTH = 16
MOST_FAILURES = 10
"""Runs that fail one after another before the automation is switched off."""
LONGEST_TRACE = 200
FIRST = (
    select(func.min(run_table.c.due)).where(unfinished, run_table.c.lease_until.is_(None)).scalar_subquery(),
    select(func.min(run_table.c.lease_until)).where(unfinished, run_table.c.lease_until.is_not(None)).scalar_subquery(),
)
"""When there is something to take, as parts of a SELECT: the smallest counts."""
_NEXT = select(*FIRST)
_SWITCHED_OFF = select(switch_table.c.automation).where(~switch_table.c.on)
_OPEN = select(run_table.c.id).where(unfinished, run_table.c.state != "running", run_table.c.due <= bindparam("now")).limit(1)
_THIS = run_table.c.id == bindparam("this")
_LOAD = select(run_table).where(_THIS)
_CHANGE = update(run_table).where(_THIS)
_FREE = or_(run_table.c.lease_until.is_(None), run_table.c.lease_until <= bindparam("now", type_=Instant))
_TAKE = (
    update(run_table).where(run_table.c.id.in_(bindparam("these", expanding=True)))
    .values(lease_until=bindparam("until"), lease_token=bindparam("token")).returning(*run_table.c)
)  # fmt: skip
_GRASP = (
    update(run_table).where(_THIS, unfinished, run_table.c.lease_until.is_(None))
    .values(lease_until=bindparam("until"), lease_token=bindparam("token")).returning(*run_table.c)
)  # fmt: skip
_HELD = (
    update(run_table).where(_THIS, unfinished, run_table.c.lease_token == bindparam("token"))
    .values(lease_until=bindparam("until")).returning(*run_table.c)
)  # fmt: skip
_DUE = (
    select(run_table.c.id).where(unfinished, run_table.c.due <= bindparam("now"), _FREE)
    .order_by(run_table.c.due, run_table.c.id).limit(bindparam("most", type_=Integer)).with_for_update(skip_locked=True)
)  # fmt: skip
_SAME = and_(
    run_table.c.form == bindparam("on_form"), run_table.c.record == bindparam("on_record"),
    run_table.c.automation == bindparam("of"), run_table.c.level == bindparam("of_level"),
)  # fmt: skip
_WAKE = update(run_table).where(_SAME, run_table.c.state == "queued").values(due=bindparam("now"))
_OTHERS = select(run_table).where(_SAME, unfinished, run_table.c.id < bindparam("this")).order_by(run_table.c.id)
_RECOVERED = (
    update(switch_table).where(switch_table.c.automation == bindparam("of"), switch_table.c.failures > 0).values(failures=0)
)  # fmt: skip

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
    def of(cls, row: Mapping[str, Any] | RowMapping) -> Run:
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


def as_enlisted(id: int, row: Mapping[str, Any]) -> Run:
    """The run that was enlisted with this row."""
    return Run.of({"started_at": None, "lease_token": None, **row, "id": id})


def load(connection: Connection, id: int) -> Run:
    return Run.of(connection.execute(_LOAD, {"this": id}).mappings().one())


def take(ctx: Ctx, limit: int) -> list[Run]:
    """Runs that are due and in nobody's hand, oldest first."""
    ids = list(ctx.connection.execute(_DUE, {"now": ctx.now, "most": limit}).scalars())
    if not ids:
        return []
    lease = {"these": ids, "until": ctx.now + LEASE, "token": secrets.token_hex(8)}
    found = [Run.of(row) for row in ctx.connection.execute(_TAKE, lease).mappings()]
    return sorted(found, key=lambda run: ids.index(run.id))


def held(ctx: Ctx, run: Run) -> Run | None:
    """Locks the row and renews the lease, or takes it where `run` came without one; the run as it stands now.

    None where another worker has it, or a person ended it (R11: a late write is fenced).
    """
    lease = {"this": run.id, "until": ctx.now + LEASE, "token": run.token or secrets.token_hex(8)}
    found = ctx.connection.execute(_HELD, lease) if run.token else ctx.connection.execute(_GRASP, lease)
    row = found.mappings().first()
    return Run.of(row) if row is not None else None


def note(ctx: Ctx, run: Run, what: str, **seen: Any) -> Sequence[Mapping[str, Any]]:
    """The trace with one more line."""
    return [*run.trace, line(ctx, what, **seen)][-LONGEST_TRACE:]


def line(ctx: Ctx, what: str, **seen: Any) -> dict[str, Any]:
    """One line of a trace."""
    return {"at": ctx.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "what": what, **seen}


def change(ctx: Ctx, run: Run, **values: Any) -> Run:
    """Written under the lock that `held` or the caller's own insert took."""
    ctx.connection.execute(_CHANGE, {"this": run.id, **values})
    if "lease_token" in values:
        values["token"] = values["lease_token"] or ""
    return replace(run, **{name: value for name, value in values.items() if name in Run.__dataclass_fields__})


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
    if run.record is not None:  # others never wait for one another
        ctx.connection.execute(_WAKE, {**_same(run), "now": ctx.now})


def others(ctx: Ctx, run: Run) -> list[Run]:
    """Unfinished runs of the same rule on the same record that came before."""
    return [Run.of(row) for row in ctx.connection.execute(_OTHERS, {**_same(run), "this": run.id}).mappings()]


def _same(run: Run) -> dict[str, Any]:
    """Values of `_SAME`."""
    return {"on_form": run.form, "on_record": run.record, "of": run.automation, "of_level": run.level}


def with_outcome(connection: Connection, outcomes: Sequence[Outcome], limit: int) -> list[Run]:
    """Newest first."""
    query = select(run_table).where(run_table.c.outcome.in_(outcomes)).order_by(run_table.c.id.desc()).limit(limit)
    return [Run.of(row) for row in connection.execute(query).mappings()]


def waiting(ctx: Ctx) -> bool:
    """Whether there are runs that are due and were not begun by the event that set them off."""
    return ctx.connection.execute(_OPEN, {"now": ctx.now}).first() is not None


def next_due(connection: Connection) -> datetime | None:
    return min((at for at in connection.execute(_NEXT).one() if at is not None), default=None)


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
        ctx.connection.execute(_RECOVERED, {"of": automation})
        return
    _ensure_switch(ctx, automation)
    counted = update(s).where(s.c.automation == automation).values(failures=s.c.failures + 1).returning(s.c.failures)
    if ctx.connection.execute(counted).scalar_one() >= MOST_FAILURES:
        switch(ctx, automation, False, Problem("automation-fails", {"times": MOST_FAILURES}))


def _ensure_switch(ctx: Ctx, automation: str) -> None:
    insert_once(ctx.connection, switch_table, [{"automation": automation, "on": True, "reason": None, "failures": 0, "at": ctx.now}])
