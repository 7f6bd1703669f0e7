"""Which roles a person holds, and who acts when nobody else is there."""

from __future__ import annotations

from collections.abc import Iterable, Set

from sqlalchemy import Connection, delete, select

from dougong.context import Actor
from dougong.people.tables import user, user_role
from dougong.people.writes import alone, insert_once
from dougong.problems import Problem, Problems
from dougong.spec.app import App

WORKSPACE = ""
"""The app of roles that belong to no app."""
ADMINISTRATOR = "administrator"


def give(connection: Connection, person: int, app: str, role: str) -> None:
    insert_once(connection, user_role, {"user": person, "app": app, "role": role})


def take(connection: Connection, person: int, app: str, role: str) -> None:
    """Works from the person's next request on. The last administrator keeps the role."""
    if (app, role) == (WORKSPACE, ADMINISTRATOR):
        keep_an_administrator(connection, without=person)
    r = user_role
    connection.execute(delete(r).where(r.c.user == person, r.c.app == app, r.c.role == role))


def replace(connection: Connection, person: int, wanted: Iterable[tuple[str, str]]) -> None:
    """Makes (app, role) pairs exactly the wanted ones."""
    goal, held = set(wanted), of(connection, person)
    for app, role in sorted(held - goal):
        take(connection, person, app, role)
    for app, role in sorted(goal - held):
        give(connection, person, app, role)


def of(connection: Connection, person: int) -> set[tuple[str, str]]:
    return {(app, role) for app, role in connection.execute(select(user_role.c.app, user_role.c.role).where(user_role.c.user == person))}


def actor_for(connection: Connection, person: int) -> Actor:
    """Read afresh at every request: nothing about rights is remembered (THREATS S17). Who has left holds no role."""
    found = connection.execute(select(user.c.name, user.c.active).where(user.c.id == person)).first()
    if found is None:
        raise Problems([Problem("person-not-found", form="user")])
    return actor(person, found.name, of(connection, person) if found.active else set())


def actor(person: int, name: str, held: Set[tuple[str, str]]) -> Actor:
    """`held` are (app, role) pairs."""
    return Actor(
        user=person,
        name=name,
        roles=frozenset(f"{app}.{role}" for app, role in held if app),
        administrator=(WORKSPACE, ADMINISTRATOR) in held,
    )


def holders(connection: Connection, app: str, role: str) -> tuple[int, ...]:
    """Everybody active with the role: what `role.legal` means."""
    r = user_role
    query = select(r.c.user).join(user, user.c.id == r.c.user).where(r.c.app == app, r.c.role == role, user.c.active)
    return tuple(connection.execute(query.order_by(r.c.user)).scalars())


def fallback(connection: Connection, app: App) -> tuple[int, ...]:
    """Who gets what was meant for a missing manager: the app's fallback role, failing that the administrators; never nobody."""
    for role in app.roles.values():
        if role.fallback and (found := holders(connection, app.id, role.id)):
            return found
    return holders(connection, WORKSPACE, ADMINISTRATOR)


def keep_an_administrator(connection: Connection, without: int) -> None:
    """Raises Problems where `without` is the only active administrator."""
    alone(connection, user_role)
    if holders(connection, WORKSPACE, ADMINISTRATOR) == (without,):
        raise Problems([Problem("last-administrator", form="user")])
