"""On the embedded default a backup is made every day by itself; whoever looks sees when the last one was made, or why none was."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Integer, Table, Text, delete, func, insert, select
from sqlalchemy.exc import DBAPIError

from dougong.backups import archive
from dougong.expr.types import Calendar
from dougong.problems import Problem, Problems
from dougong.sqltypes import Id, Instant, Json
from dougong.store import system
from dougong.store.engine import Store

AT = time(3)
"""Of the workspace's day. A machine that is off at night makes its backup when it is on again."""
AGAIN = timedelta(hours=1)
"""After a failure."""
LATE = timedelta(hours=30)
DAYS, WEEKS = 7, 4
NAME = "daily-{}.tar.gz"
log = logging.getLogger(__name__)

backup_table = Table(
    "dg_backup",
    system.metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("file", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("problem", Json),  # code and arguments; empty: it was made
)


@dataclass(frozen=True)
class Status:
    """`made` is the last one that succeeded. `problem` says what somebody should see to: the last failed, none was made, it is gone."""

    made: datetime | None
    file: str
    size: int
    problem: Problem | None


def folder(home: Path) -> Path:
    return home / "backups"


def keep(store: Store, home: Path, calendar: Calendar, now: datetime) -> bool:
    """Makes today's where it is due, and lets old ones go; whether one was made. A failure is noted and tried again in an hour."""
    with store.read() as connection:
        if store.dialect != "sqlite" or not _due(connection, calendar, now):
            return False
    with _alone(home) as mine:
        if not mine:
            return False
        day = calendar.day_of(now)
        file = folder(home) / NAME.format(day.isoformat())
        try:
            archive.make(store, home, file, now)
        except Problems as problems:
            log.error("the daily backup failed: %s", problems)
            _note(store, now, file.name, 0, problems.problems[0])
            return False
        _note(store, now, file.name, file.stat().st_size, None)
        for old in outdated([d for d, _ in _made(home)]):
            (folder(home) / NAME.format(old.isoformat())).unlink(missing_ok=True)
    return True


def outdated(days: list[date]) -> list[date]:
    """Those that are neither among the newest seven nor the last of one of the four weeks before."""
    newest = sorted(days, reverse=True)
    weeks: dict[tuple[int, int], date] = {}
    for day in newest[DAYS:]:
        weeks.setdefault(day.isocalendar()[:2], day)
    kept = {*newest[:DAYS], *list(weeks.values())[:WEEKS]}
    return sorted(day for day in days if day not in kept)


def status(connection: Connection, home: Path, now: datetime) -> Status | None:
    """None where there are no daily backups: PostgreSQL has its own ways."""
    if connection.dialect.name != "sqlite":
        return None
    b = backup_table.c
    last = connection.execute(select(backup_table).order_by(b.id.desc()).limit(1)).mappings().first()
    made = connection.execute(select(backup_table).where(b.problem.is_(None)).order_by(b.id.desc()).limit(1)).mappings().first()
    problem: Problem | None = None
    if last is not None and last["problem"]:
        problem = Problem(last["problem"]["code"], last["problem"]["args"])
    elif made is not None and not (folder(home) / made["file"]).is_file():
        problem = Problem("backup-gone", {"file": str(folder(home) / made["file"])})
    elif (since := made["at"] if made is not None else _begun(connection)) is not None and since + LATE < now:
        problem = Problem("backup-late")
    return Status(made["at"], made["file"], made["size"], problem) if made is not None else Status(None, "", 0, problem)


def _due(connection: Connection, calendar: Calendar, now: datetime) -> bool:
    local = now.astimezone(calendar.zone)
    cut = datetime.combine(local.date() - timedelta(days=local.time() < AT), AT, calendar.zone)
    b = backup_table.c
    made = connection.execute(select(func.max(b.at)).where(b.problem.is_(None))).scalar()
    failed = connection.execute(select(func.max(b.at)).where(b.problem.is_not(None))).scalar()
    since = made or _begun(connection)
    return since is not None and since < cut and (failed is None or failed + AGAIN <= now)


def _begun(connection: Connection) -> datetime | None:
    """Since when there is something to lose."""
    found: datetime | None = connection.execute(select(func.min(system.change.c.at))).scalar()
    return found


def _made(home: Path) -> Iterator[tuple[date, Path]]:
    for path in folder(home).glob(NAME.format("*")):
        try:
            yield date.fromisoformat(path.name.removeprefix("daily-").removesuffix(".tar.gz")), path
        except ValueError:
            continue  # somebody else's


def _note(store: Store, now: datetime, file: str, size: int, problem: Problem | None) -> None:
    """Where the disk is full even this may fail; then the age of the last one tells."""
    told: dict[str, Any] | None = {"code": problem.code, "args": {k: str(v) for k, v in problem.args.items()}} if problem else None
    try:
        with store.write() as connection:
            connection.execute(insert(backup_table).values(at=now, file=file, size=size, **({"problem": told} if told else {})))
            connection.execute(delete(backup_table).where(backup_table.c.at < now - timedelta(days=90)))
    except (DBAPIError, Problems):
        log.exception("could not note the backup")


@contextmanager
def _alone(home: Path) -> Iterator[bool]:
    """Whether no other process is at it."""
    folder(home).mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder(home) / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
