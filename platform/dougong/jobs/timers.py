"""Appointments in the database: one row each, found by an index on the due time; nothing is kept in memory (THREATS lesson 3)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, RowMapping, Table, Text, delete, func, select, update

from dougong.context import Ctx
from dougong.events.once import insert_once
from dougong.sqltypes import Id, Instant, Json
from dougong.store.system import metadata

MOST_ATTEMPTS = 6
log = logging.getLogger(__name__)

timer_table = Table(
    "dg_timer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),  # what it belongs to: cancelled or moved together
    Column("due", Instant),  # empty: given up, see `error`
    Column("payload", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
)
Index("dg_timer_due", timer_table.c.due)
Index("dg_timer_owner", timer_table.c.kind, timer_table.c.owner)
GIVEN_UP = select(timer_table).where(timer_table.c.due.is_(None)).order_by(timer_table.c.id.desc())
_NEXT = select(func.min(timer_table.c.due))

Handler = Callable[[Ctx, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Timer:
    """`key` says it all: a second timer with the same key is the same timer."""

    key: str
    kind: str
    due: datetime
    payload: Mapping[str, Any]
    owner: str = ""


def put(connection: Connection, timer: Timer) -> None:
    """Sets it; where it is set already, moves it."""
    row = {
        "key": timer.key, "kind": timer.kind, "owner": timer.owner, "due": timer.due, "payload": dict(timer.payload), "attempts": 0,
    }
    if not insert_once(connection, timer_table, [row], timer_table.c.id):
        t = timer_table
        connection.execute(update(t).where(t.c.key == timer.key).values(due=timer.due, payload=dict(timer.payload), attempts=0, error=None))


def cancel(connection: Connection, key: str) -> None:
    connection.execute(delete(timer_table).where(timer_table.c.key == key))


def cancel_all(connection: Connection, kind: str, owner: str) -> None:
    t = timer_table.c
    connection.execute(delete(timer_table).where(t.kind == kind, t.owner == owner))


def of_owner(connection: Connection, kind: str, owner: str) -> list[RowMapping]:
    t = timer_table.c
    return list(connection.execute(select(timer_table).where(t.kind == kind, t.owner == owner).order_by(t.id)).mappings())


def next_due(connection: Connection) -> datetime | None:
    return connection.execute(_NEXT).scalar()


def given_up(connection: Connection, limit: int = 100) -> list[RowMapping]:
    """Those whose handler failed each time, newest first."""
    return list(connection.execute(GIVEN_UP.limit(limit)).mappings())


def retry(connection: Connection, id: int, now: datetime) -> bool:
    again = update(timer_table).where(timer_table.c.id == id, timer_table.c.due.is_(None))
    return connection.execute(again.values(due=now, attempts=0)).rowcount == 1


def ring(open_: Callable[[], AbstractContextManager[Ctx]], handlers: Mapping[str, Handler], limit: int = 100) -> int:
    """Handles what is due, each with its removal in one transaction: exactly once. How many were taken."""
    done, skip = 0, set[int]()
    while done < limit:
        found: RowMapping | None = None
        try:
            with open_() as ctx:
                found = _next(ctx, handlers, skip)
                if found is None:
                    return done
                ctx.connection.execute(delete(timer_table).where(timer_table.c.id == found["id"]))
                handlers[found["kind"]](ctx, found["payload"])
        except Exception as error:  # one timer's fault must not stop the others (R27)
            if found is None:
                raise
            log.exception("timer failed")
            skip.add(found["id"])
            _put_off(open_, found, str(error))
        done += 1
    return done


def _next(ctx: Ctx, handlers: Mapping[str, Handler], skip: set[int]) -> RowMapping | None:
    t = timer_table.c
    query = select(timer_table).where(t.due <= ctx.now, t.kind.in_(list(handlers)), t.id.not_in(skip)).order_by(t.due, t.id).limit(1)
    return ctx.connection.execute(query.with_for_update(skip_locked=True)).mappings().first()


def _put_off(open_: Callable[[], AbstractContextManager[Ctx]], timer: RowMapping, error: str) -> None:
    attempts = timer["attempts"] + 1
    with open_() as ctx:
        due = None if attempts >= MOST_ATTEMPTS else ctx.now + timedelta(seconds=10 * 4**attempts)
        values = {"attempts": attempts, "due": due, "error": error[:2000]}
        ctx.connection.execute(update(timer_table).where(timer_table.c.id == timer["id"]).values(values))
