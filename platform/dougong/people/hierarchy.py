"""The line of managers, kept as a closure: who stands above whom at every distance (SEMANTICS 11)."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, or_, select, update

from dougong.people.tables import subordinate, user
from dougong.people.writes import alone
from dougong.problems import Problem, Problems

closure = select(subordinate.c.person.label("source"), subordinate.c.manager.label("target")).subquery("managers")
"""As formulas read it: `me in owner.managers` is everybody below me, at whatever distance."""


def place(connection: Connection, person: int, manager: int | None) -> None:
    """Puts `person`, with everybody below, under `manager`. Raises Problems where the manager stands below the person."""
    alone(connection, subordinate)
    s = subordinate
    below = connection.execute(select(s.c.person, s.c.depth).where(s.c.manager == person)).all()
    if manager is not None and (manager == person or any(manager == id for id, _ in below)):
        raise Problems([Problem("manager-circle", {"name": _name(connection, manager)}, form="user", field="manager")])
    above = select(s.c.manager).where(s.c.person == person)
    moved = or_(s.c.person == person, s.c.person.in_([id for id, _ in below]))
    connection.execute(delete(s).where(moved, s.c.manager.in_(above)))
    connection.execute(update(user).where(user.c.id == person).values(manager=manager))
    if manager is None:
        return
    higher = connection.execute(select(s.c.manager, s.c.depth + 1).where(s.c.person == manager))
    line = [(manager, 1), *higher]
    connection.execute(insert(s), [
        {"manager": boss, "person": id, "depth": up + down} for boss, up in line for id, down in [(person, 0), *below]
    ])


def subordinates(connection: Connection, manager: int) -> tuple[int, ...]:
    """Everybody below, the nearest first."""
    s = subordinate
    return tuple(connection.execute(select(s.c.person).where(s.c.manager == manager).order_by(s.c.depth, s.c.person)).scalars())


def managers(connection: Connection, person: int) -> tuple[int, ...]:
    """The managers upwards, the direct one first."""
    s = subordinate
    return tuple(connection.execute(select(s.c.manager).where(s.c.person == person).order_by(s.c.depth)).scalars())


def rebuild(connection: Connection) -> int:
    """Computes the closure afresh from the managers; the number of rows that were wrong or missing."""
    alone(connection, subordinate)
    bosses = {id: boss for id, boss in connection.execute(select(user.c.id, user.c.manager))}
    wanted = {(boss, person, depth) for person in bosses for depth, boss in enumerate(_walk(bosses, person), start=1)}
    found = {tuple(row) for row in connection.execute(select(subordinate.c.manager, subordinate.c.person, subordinate.c.depth))}
    if wrong := wanted ^ found:
        connection.execute(delete(subordinate))
        if wanted:
            connection.execute(insert(subordinate), [{"manager": boss, "person": person, "depth": depth} for boss, person, depth in wanted])
    return len(wrong)


def _walk(bosses: dict[int, int | None], person: int) -> list[int]:
    """Upwards, stopping where a damaged table would lead in a circle."""
    line: list[int] = []
    boss = bosses[person]
    while boss is not None and boss != person and boss not in line:
        line.append(boss)
        boss = bosses.get(boss)
    return line


def _name(connection: Connection, id: int) -> str:
    return connection.execute(select(user.c.name).where(user.c.id == id)).scalar_one_or_none() or ""
