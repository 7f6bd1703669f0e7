"""API tokens: named, shown once, expiring, revocable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select

from dougong.context import Actor
from dougong.people import credentials, roles
from dougong.people.identity import clean
from dougong.people.tables import token, user, user_role
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


def find(connection: Connection, secret: str, now: datetime) -> Actor | None:
    """The active person who may act by this token, with the roles of this moment (THREATS S17)."""
    found = connection.execute(_FOUND, {"hash": credentials.digest(secret), "now": now}).all()
    return roles.actor(found[0].user, found[0].name, {(row.app, row.role) for row in found}) if found else None


_FOUND = (
    select(token.c.user, user.c.name, user_role.c.app, user_role.c.role)
    .join(user, user.c.id == token.c.user)
    .outerjoin(user_role, user_role.c.user == user.c.id)
    .where(token.c.hash == bindparam("hash"), token.c.expires_at > bindparam("now"), user.c.active, user.c.deleted_at.is_(None))
)


def of(connection: Connection, person: int) -> Sequence[Token]:
    """Expired ones too, so that one sees why a program stopped."""
    rows = connection.execute(select(token).where(token.c.user == person).order_by(token.c.id))
    return [Token(row.id, row.name, row.created_at, row.expires_at) for row in rows]


def revoke(connection: Connection, person: int, id: int) -> None:
    connection.execute(delete(token).where(token.c.user == person, token.c.id == id))
