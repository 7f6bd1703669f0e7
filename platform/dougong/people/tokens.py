"""API tokens: named, shown once, expiring, revocable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from dougong.people import credentials
from dougong.people.identity import clean
from dougong.people.tables import token, user
from dougong.problems import Problem, Problems

LONGEST = timedelta(days=366)
PREFIX = "dg_"
"""So that a token left in a text is recognised as one."""


@dataclass(frozen=True)
class Token:
    id: int
    name: str
    created_at: datetime
    expires_at: datetime


def create(connection: Connection, person: int, name: str, now: datetime, lasts: timedelta) -> str:
    """The token itself, which nobody can see again."""
    label = clean(name, 80)
    if not label:
        raise Problems([Problem("token-name-missing", field="name")])
    if not timedelta(0) < lasts <= LONGEST:
        raise Problems([Problem("token-lasts-wrong", {"days": LONGEST.days}, field="days")])
    secret = PREFIX + credentials.new()
    row = {"hash": credentials.digest(secret), "user": person, "name": label, "created_at": now, "expires_at": now + lasts}
    connection.execute(insert(token).values(row))
    return secret


def find(connection: Connection, secret: str, now: datetime) -> int | None:
    """The id of the active person who may act by this token."""
    alive = (token.c.hash == credentials.digest(secret), token.c.expires_at > now, user.c.active, user.c.deleted_at.is_(None))
    return connection.execute(select(token.c.user).join(user, user.c.id == token.c.user).where(*alive)).scalar_one_or_none()


def of(connection: Connection, person: int) -> Sequence[Token]:
    """Expired ones too, so that one sees why a program stopped."""
    rows = connection.execute(select(token).where(token.c.user == person).order_by(token.c.id))
    return [Token(row.id, row.name, row.created_at, row.expires_at) for row in rows]


def revoke(connection: Connection, person: int, id: int) -> None:
    connection.execute(delete(token).where(token.c.user == person, token.c.id == id))
