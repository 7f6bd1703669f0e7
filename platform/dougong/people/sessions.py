"""Signed-in devices: one row each, so that any of them can be ended at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from dougong.people import credentials
from dougong.people.identity import clean
from dougong.people.tables import session, user

IDLE = timedelta(days=30)
_SEEN_STEP = timedelta(minutes=15)  # a page view is not worth a write


_SESSIONS = select(session, func.coalesce(user.c.language, "zh").label("language")).join(user, user.c.id == session.c.user)


@dataclass(frozen=True)
class Session:
    id: int
    user: int
    device: str
    address: str
    created_at: datetime
    seen_at: datetime
    language: str  # the person's

    def stale(self, now: datetime) -> bool:
        """Time to note that it is in use."""
        return now - self.seen_at >= _SEEN_STEP


def open(connection: Connection, person: int, now: datetime, device: str = "", address: str = "") -> str:
    """The secret for the cookie, always a new one: whatever was in the browser before signing in is worth nothing (THREATS S50)."""
    connection.execute(delete(session).where(session.c.user == person, session.c.seen_at <= now - IDLE))
    secret = credentials.new()
    connection.execute(insert(session).values(
        hash=credentials.digest(secret), user=person, device=clean(device), address=clean(address), created_at=now, seen_at=now,
    ))
    return secret


def find(connection: Connection, secret: str, now: datetime) -> Session | None:
    """Only while the person is active and the device was used within `IDLE`."""
    alive = (session.c.hash == credentials.digest(secret), session.c.seen_at > now - IDLE, user.c.active, user.c.deleted_at.is_(None))
    row = connection.execute(_SESSIONS.where(*alive)).first()
    return _session(row._mapping) if row else None


def seen(connection: Connection, found: Session, now: datetime) -> None:
    connection.execute(update(session).where(session.c.id == found.id).values(seen_at=now))


def of(connection: Connection, person: int, now: datetime) -> Sequence[Session]:
    """The person's devices, last used first."""
    mine = _SESSIONS.where(session.c.user == person, session.c.seen_at > now - IDLE)
    rows = connection.execute(mine.order_by(session.c.seen_at.desc(), session.c.id.desc()))
    return [_session(row._mapping) for row in rows]


def end(connection: Connection, person: int, id: int) -> None:
    connection.execute(delete(session).where(session.c.user == person, session.c.id == id))


def end_all(connection: Connection, person: int) -> None:
    connection.execute(delete(session).where(session.c.user == person))


def _session(row: RowMapping) -> Session:
    return Session(*(row[name] for name in ("id", "user", "device", "address", "created_at", "seen_at", "language")))
