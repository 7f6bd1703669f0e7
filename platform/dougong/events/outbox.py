"""Events as rows: written in the change's own transaction, claimed one per record, oldest first (SEMANTICS 9)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    RowMapping,
    ScalarSelect,
    Select,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.problems import Problem, Problems
from dougong.sqltypes import Id, Instant, Json
from dougong.store.blocks import take_ids
from dougong.store.rows import insert_columns
from dougong.store.system import metadata

Kind = Literal[
    "created", "changed", "deleted", "restored", "stage_entered", "stage_left", "submitted", "received", "pressed",
    "run_finished",
]
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 8
QUIET = frozenset({"import", "upgrade"})
"""Origins whose events set off no automation, unless `ctx.notes` says {"automations": "on"}: an importer may tick them (SEMANTICS 13)."""

event_table = Table(
    "dg_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("record", Id),
    Column("name", Text, nullable=False, server_default=""),
    Column("old", Json),
    Column("new", Json),
    Column("changed", Json),
    Column("actor", Id),
    Column("origin", Text, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("cause", Id),
    Column("depth", Integer, nullable=False, server_default="0"),
    Column("chain", Json),
    Column("state", Text, nullable=False, server_default="open"),
    Column("lease_until", Instant),
    Column("lease_token", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    sqlite_autoincrement=True,  # an id is part of run keys and must not come back
)
_DONE: ColumnElement[str] = literal_column("'done'")  # a bound parameter would hide the partial indexes
_waiting = event_table.c.state != _DONE
Index("dg_event_queue", event_table.c.id, sqlite_where=_waiting, postgresql_where=_waiting)
Index("dg_event_record", event_table.c.form, event_table.c.record, event_table.c.id, sqlite_where=_waiting, postgresql_where=_waiting)


@dataclass(frozen=True)
class Event:
    """What happened. Images are JSON-ready (events/images.py); `name` is the button, the webhook or the stage.

    `uid` is given where a sender repeats itself (a webhook's delivery id): the second one changes nothing.
    """

    kind: Kind
    form: str = ""
    record: int | None = None
    old: Mapping[str, Any] | None = None
    new: Mapping[str, Any] | None = None
    changed: Sequence[str] = ()
    name: str = ""
    uid: str = ""


@dataclass(frozen=True)
class Claim:
    """One event in hand. `token` fences: who lost the lease can't finish it any more."""

    id: int
    token: str
    attempts: int
    at: datetime
    event: Event
    actor: int | None
    origin: str
    quiet: bool
    depth: int
    chain: tuple[tuple[str, str], ...]


def append(ctx: Ctx, event: Event) -> int:
    """The event's id. Call it while the record's row is locked, so that ids follow the order of changes."""
    c = event_table.c
    if event.uid and (known := ctx.connection.execute(select(c.id).where(c.uid == event.uid)).scalar()):
        return int(known)
    return int(ctx.connection.execute(_APPEND, _row(ctx, event)).scalar_one())


def append_many(connection: Connection, told: Sequence[tuple[Ctx, Event]]) -> list[int]:
    """For imports and other bulk work: one statement. The ids, in the order given; none of these events has a `uid` of its own."""
    if not told:
        return []
    ids = take_ids(connection, event_table, len(told))
    rows = [_row(ctx, event) for ctx, event in told]
    insert_columns(connection, event_table, {"id": ids, **{name: [row[name] for row in rows] for name in rows[0]}})
    return ids


def claim(connection: Connection, now: datetime, limit: int = 20) -> list[Claim]:
    """The oldest waiting event of up to `limit` records; a claimed one again only after its lease ran out."""
    e = event_table
    ids = [claim.id for claim in hold(connection, now, limit)]
    if not ids:
        return []
    token = secrets.token_hex(8)
    taken = connection.execute(
        update(e).where(e.c.id.in_(ids))
        .values(state="claimed", lease_until=now + LEASE, lease_token=token, attempts=e.c.attempts + 1).returning(*e.c)
    )
    return sorted((_claim(row) for row in taken.mappings()), key=lambda c: c.id)


def hold(connection: Connection, now: datetime, limit: int = 20) -> list[Claim]:
    """What `claim` would take, without a lease: locked until the transaction ends, for who is done with them in it (`finish_held`)."""
    return [_claim(row) for row in connection.execute(_HEADS, {"now": now, "most": limit}).mappings()]


def finish_held(connection: Connection, claims: Sequence[Claim]) -> None:
    """Done in the transaction that holds them."""
    if claims:
        connection.execute(_FINISH, {"ids": [claim.id for claim in claims]})


def settling(nobody: ColumnElement[bool], limit: int = 10_000) -> Update:
    """The statement by which open events for which `nobody` holds are done without being claimed. What an import of a million rows
    tells nobody must not be handled one by one."""
    e = event_table
    found = select(e.c.id).where(_waiting, e.c.state == "open", nobody).order_by(e.c.id).limit(limit)
    return update(e).where(e.c.id.in_(found.scalar_subquery())).values(state="done")


def finish(connection: Connection, claim: Claim, error: str = "") -> None:
    """Marks it done in the transaction of its effects. Raises Problems `lease-lost` where another worker has it now."""
    _leave(connection, claim, {"state": "done", "lease_until": None, "error": error or None})


def give_back(connection: Connection, claim: Claim, now: datetime, error: str) -> None:
    """After a failure: open again when a growing pause is over; after `MOST_ATTEMPTS` it is put aside with its error (R27)."""
    if claim.attempts >= MOST_ATTEMPTS:
        finish(connection, claim, error)
        return
    pause = timedelta(seconds=2 ** claim.attempts)
    _leave(connection, claim, {"state": "claimed", "lease_until": now + pause, "lease_token": None, "error": error})


def next_due(connection: Connection) -> datetime | None:
    """When there is something to claim: the earliest `at` of open events that no other holds up, or end of a lease."""
    return min((at for at in connection.execute(_NEXT).one() if at is not None), default=None)


def waiting(connection: Connection) -> bool:
    """Whether there are events that are not done."""
    return connection.execute(_LEFT).first() is not None


def _behind() -> ColumnElement[bool]:
    """There is an older event of the same record that isn't done."""
    e, older = event_table, event_table.alias("older")
    return exists().where(older.c.form == e.c.form, older.c.record == e.c.record, older.c.id < e.c.id, older.c.state != _DONE)


def _first_free() -> tuple[ScalarSelect[Any], ScalarSelect[Any]]:
    e = event_table.c
    opened = select(e.at).where(_waiting, e.state == "open", ~_behind()).order_by(e.id).limit(1).scalar_subquery()
    return opened, select(func.min(e.lease_until)).where(_waiting, e.state == "claimed").scalar_subquery()


FIRST = _first_free()
"""When there is something to claim, as parts of a SELECT: the smallest counts. Made once, for they are asked for again and again."""
_NEXT = select(*FIRST)


def _heads() -> Select[Any]:
    e = event_table.c
    free = or_(e.state == "open", and_(e.state == "claimed", e.lease_until <= bindparam("now", type_=Instant)))
    heads = select(event_table).where(_waiting, free, ~_behind()).order_by(e.id).limit(bindparam("most", type_=Integer))
    return heads.with_for_update(skip_locked=True)


_LEFT = select(event_table.c.id).where(_waiting).limit(1)
_APPEND = event_table.insert().returning(event_table.c.id)
_HEADS = _heads()
_FINISH = (
    update(event_table).where(event_table.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="done", lease_until=None, lease_token=None, error=None)
)  # fmt: skip


def _row(ctx: Ctx, event: Event) -> dict[str, Any]:
    return {
        "uid": event.uid or str(uuid7()), "at": ctx.now, "kind": event.kind, "form": event.form, "record": event.record,
        "name": event.name,
        "old": event.old, "new": event.new, "changed": list(event.changed), "actor": ctx.actor.user, "origin": ctx.origin,
        "quiet": ctx.origin in QUIET and ctx.notes.get("automations") != "on",
        "cause": ctx.cause.event, "depth": ctx.cause.depth, "chain": [list(pair) for pair in ctx.cause.chain],
    }


def _leave(connection: Connection, claim: Claim, values: Mapping[str, Any]) -> None:
    e = event_table
    done = connection.execute(update(e).where(e.c.id == claim.id, e.c.lease_token == claim.token, e.c.state == "claimed").values(values))
    if done.rowcount != 1:
        raise Problems([Problem("lease-lost", {"what": f"event {claim.id}"})])


def _claim(row: RowMapping) -> Claim:
    return Claim(
        row["id"], row["lease_token"], row["attempts"], row["at"], event_of(row), row["actor"], row["origin"], row["quiet"], row["depth"],
        tuple((str(rule), str(record)) for rule, record in row["chain"] or ()),
    )


def event_of(row: RowMapping) -> Event:
    """The event that a row of dg_event keeps."""
    return Event(row["kind"], row["form"], row["record"], row["old"], row["new"], tuple(row["changed"] or ()), row["name"], row["uid"])
