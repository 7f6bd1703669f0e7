"""Rate limits counted in the database, on values only the server sets (THREATS S35)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from dougong.people.tables import attempt
from dougong.people.writes import alone
from dougong.problems import Problem, Problems

WINDOW = timedelta(minutes=15)


def take(connection: Connection, now: datetime, limits: Mapping[str, int]) -> bool:
    """Notes one attempt under each key; False where any key has had its number within `WINDOW`. Commit before acting on it."""
    alone(connection, attempt)
    connection.execute(delete(attempt).where(attempt.c.at <= now - WINDOW))
    counts = {key: number for key, number in connection.execute(
        select(attempt.c.key, func.count()).where(attempt.c.key.in_(limits)).group_by(attempt.c.key)
    )}
    if any(counts.get(key, 0) >= most for key, most in limits.items()):
        return False
    connection.execute(insert(attempt), [{"key": key, "at": now} for key in limits])
    return True


def forget(connection: Connection, key: str) -> None:
    connection.execute(delete(attempt).where(attempt.c.key == key))


def too_many() -> Problems:
    return Problems([Problem("too-many-attempts", {"minutes": int(WINDOW.total_seconds()) // 60})])
