"""Teams, one inside another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select, update
from uuid6 import uuid7

from dougong.people.identity import clean
from dougong.people.tables import team, user
from dougong.people.writes import alone
from dougong.problems import Problem, Problems

_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")


@dataclass(frozen=True)
class Team:
    """`code` is the word that `team.east` in a template means; `group_robot` the address its messages are posted to."""

    name: str
    code: str = ""
    manager: int | None = None
    parent: int | None = None
    group_robot: str = ""
    id: int | None = None
    uid: str = ""


def save(connection: Connection, entry: Team) -> int:
    """Creates it, or with an `id` replaces that team's entries; the id."""
    alone(connection, team)
    name, code, robot = clean(entry.name), clean(entry.code), clean(entry.group_robot, 1000)
    others = [t for t in all_teams(connection) if t.id != entry.id]
    problems = [
        Problem(problem, {"value": value, "name": value}, form="team", field=field)
        for field, problem, value, bad in (
            ("name", "team-name-missing", "", not name),
            ("name", "team-name-taken", name, name in {t.name for t in others}),
            ("code", "team-code-wrong", code, bool(code) and not _CODE.fullmatch(code)),
            ("code", "team-code-taken", code, bool(code) and code in {t.code for t in others}),
            ("manager", "person-not-found", "", entry.manager is not None and not _is_person(connection, entry.manager)),
            ("parent", "team-circle", name, not _outside(others, entry)),
        )
        if bad
    ]
    if problems:
        raise Problems(problems)
    row = {"name": name, "code": code or None, "manager": entry.manager, "parent": entry.parent, "group_robot": robot or None}
    if entry.id is None:
        return int(connection.execute(insert(team).values(row | {"uid": str(uuid7()), "revision": 1}).returning(team.c.id)).scalar_one())
    if connection.execute(update(team).where(team.c.id == entry.id).values(row | {"revision": team.c.revision + 1})).rowcount != 1:
        raise Problems([Problem("team-not-found", form="team")])
    return entry.id


def remove(connection: Connection, id: int) -> None:
    """Only when nobody is in it: whom a rule means by a team must not change by accident."""
    alone(connection, team)
    members = select(user.c.id).where(user.c.team == id)
    children = select(team.c.id).where(team.c.parent == id)
    if connection.execute(select(team.c.id).where(or_(members.exists(), children.exists()))).first():
        raise Problems([Problem("team-not-empty", form="team")])
    connection.execute(delete(team).where(team.c.id == id))


def all_teams(connection: Connection) -> Sequence[Team]:
    """All teams by name."""
    rows = connection.execute(select(team).where(team.c.deleted_at.is_(None)).order_by(team.c.name))
    return [Team(r.name, r.code or "", r.manager, r.parent, r.group_robot or "", r.id, r.uid) for r in rows]


def by_code(connection: Connection, code: str) -> int | None:
    return connection.execute(select(team.c.id).where(team.c.code == code)).scalar_one_or_none()


def _outside(others: Sequence[Team], entry: Team) -> bool:
    """Whether the parent exists and is not the team itself or below it."""
    parents = {t.id: t.parent for t in others}
    at, seen = entry.parent, set[int | None]()
    while at is not None:
        if at not in parents or at in seen:
            return False
        seen.add(at)
        at = parents[at]
    return True


def _is_person(connection: Connection, id: int) -> bool:
    return connection.execute(select(user.c.id).where(user.c.id == id)).first() is not None
