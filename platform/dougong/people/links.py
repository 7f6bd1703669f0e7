"""Links that let somebody set a password: one purpose, one use, a short life (THREATS S16, S31)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from dougong.people import credentials
from dougong.people.tables import link, user
from dougong.problems import Problem, Problems

Purpose = Literal["invite", "reset"]
LASTS: dict[Purpose, timedelta] = {"invite": timedelta(days=7), "reset": timedelta(hours=24)}


def make(connection: Connection, purpose: Purpose, person: int, made_by: int, now: datetime, base_url: str) -> str:
    """The address to hand over. An earlier link of the person is void. Without a configured base address there is none."""
    if not base_url:
        raise Problems([Problem("no-base-url")])
    active = connection.execute(select(user.c.active).where(user.c.id == person)).scalar_one_or_none()
    if not active:
        raise Problems([Problem("person-not-found", form="user")])
    secret = credentials.new()
    void(connection, person)
    connection.execute(insert(link).values(
        hash=credentials.digest(secret), purpose=purpose, user=person, made_by=made_by, expires_at=now + LASTS[purpose],
    ))
    return f"{base_url}/{purpose}/{secret}"


def person_of(connection: Connection, purpose: Purpose, secret: str, now: datetime) -> int:
    """Whose link it is, without using it. Raises Problems for every other link in the same words."""
    found = connection.execute(select(link.c.user).where(_good(purpose, secret, now))).scalar_one_or_none()
    if found is None:
        raise Problems([Problem("link-not-valid")])
    return int(found)


def use(connection: Connection, purpose: Purpose, secret: str, now: datetime) -> int:
    """As `person_of`, and the link is gone: of two who use it at once, one gets through."""
    found = connection.execute(delete(link).where(_good(purpose, secret, now)).returning(link.c.user)).scalar_one_or_none()
    if found is None:
        raise Problems([Problem("link-not-valid")])
    return int(found)


def void(connection: Connection, person: int) -> None:
    connection.execute(delete(link).where(link.c.user == person))


def _good(purpose: Purpose, secret: str, now: datetime) -> ColumnElement[bool]:
    return and_(link.c.hash == credentials.digest(secret), link.c.purpose == purpose, link.c.expires_at > now)
