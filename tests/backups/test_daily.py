"""Once a day by itself: kept for seven days and four weeks, and a failure is seen."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from dougong.backups import daily
from dougong.backups.daily import outdated, status
from dougong.clock import VirtualClock
from dougong.lifecycle import install
from dougong.runtime import Runtime
from dougong.settings import Settings

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # 12:00 in Shanghai
SOURCES = {
    "app.yaml": "app: desk\nname: 台账\nversion: '1'\n",
    "note.yaml": "form: note\nname: 便条\nfields: {text: {name: 字, type: text}}\n",
}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON)


@pytest.fixture
def runtime(clock: VirtualClock, tmp_path: Path) -> Iterator[Runtime]:
    """On the embedded default."""
    home = tmp_path / "home"
    with closing(Runtime(Settings(f"sqlite:///{home / 'dougong.db'}", "", home, "", frozenset(), ""), clock)) as runtime:
        yield runtime


def made(runtime: Runtime) -> list[str]:
    return made_in(runtime.settings.home)


def made_in(home: Path) -> list[str]:
    return sorted(p.name for p in (home / "backups").glob("*.tar.gz"))


def told(runtime: Runtime) -> daily.Status | None:
    with runtime.store.read() as connection:
        return status(connection, runtime.settings.home, runtime.clock.now())


def test_a_day_has_one_backup_made_in_its_night_or_when_the_machine_is_on_again(runtime: Runtime, clock: VirtualClock) -> None:
    runtime.keep_house()
    assert made(runtime) == []  # there is nothing to lose yet
    install(runtime, SOURCES, who="test")
    runtime.keep_house()
    for hours, names in ((14, 0), (15.5, 1), (20, 1), (38, 1), (39.5, 2), (24 * 5, 3)):
        clock.move_to(NOON + timedelta(hours=hours))
        runtime.keep_house()
        assert len(made(runtime)) == names, hours
    assert made(runtime) == ["daily-2026-03-03.tar.gz", "daily-2026-03-04.tar.gz", "daily-2026-03-07.tar.gz"]
    last = told(runtime)
    assert last is not None and (last.file, last.problem, last.size > 0) == ("daily-2026-03-07.tar.gz", None, True)
    file = runtime.settings.home / "backups" / last.file
    assert file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as archive:
        assert archive.getnames() == ["about.json", "database.db"]
        archive.extract("database.db", file.parent / "out", filter="data")
    with create_engine(f"sqlite:///{file.parent / 'out' / 'database.db'}").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_where_the_database_is_a_server_backups_are_its_keepers_business(clock: VirtualClock, database_url: str, tmp_path: Path) -> None:
    with closing(Runtime(Settings(database_url, "", tmp_path, "", frozenset(), ""), clock)) as runtime:
        install(runtime, SOURCES, who="test")
        clock.move_to(NOON + timedelta(days=2))
        runtime.keep_house()
        embedded = database_url.startswith("sqlite")
        assert (len(made_in(tmp_path)), told(runtime) is not None) == (int(embedded), embedded)


def test_seven_days_and_four_weeks_are_kept_as_time_goes_on() -> None:
    kept: list[date] = []
    for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(90)):
        kept = [d for d in [*kept, day] if d not in outdated([*kept, day])]
    newest = [date(2026, 3, 31) - timedelta(days=n) for n in range(7)]
    assert sorted(kept, reverse=True) == [*newest, *(date(2026, 3, d) for d in (24, 22, 15, 8))]
    assert [d.isoweekday() for d in sorted(kept)[:3]] == [7, 7, 7]
    assert outdated(newest) == []


def test_a_failure_is_a_problem_that_is_seen_and_tried_again_in_an_hour(runtime: Runtime, clock: VirtualClock) -> None:
    install(runtime, SOURCES, who="test")
    clock.move_to(NOON + timedelta(days=1))
    files = runtime.settings.home / "files"
    files.parent.mkdir(exist_ok=True)
    blocked = runtime.settings.home / "backups" / "daily-2026-03-03.tar.gz.part"
    blocked.mkdir(parents=True)  # as a full or broken disk: the archive can't be written
    runtime.keep_house()
    last = told(runtime)
    assert last is not None and last.problem is not None and last.problem.code == "backup-failed" and last.made is None
    blocked.rmdir()
    runtime.keep_house()
    assert made(runtime) == []
    clock.move_to(NOON + timedelta(days=1, hours=1))
    runtime.keep_house()
    last = told(runtime)
    assert last is not None and last.problem is None and made(runtime) == ["daily-2026-03-03.tar.gz"]
    (runtime.settings.home / "backups" / last.file).unlink()
    gone = told(runtime)
    assert gone is not None and gone.problem is not None and gone.problem.code == "backup-gone"


def test_a_backup_that_nobody_made_for_a_day_is_a_problem(runtime: Runtime, clock: VirtualClock) -> None:
    install(runtime, SOURCES, who="test")
    for hours, code in ((1, ""), (31, "backup-late")):
        clock.move_to(NOON + timedelta(hours=hours))
        found = told(runtime)
        assert found is not None and (found.problem.code if found.problem else "") == code
    runtime.keep_house()
    found = told(runtime)
    assert found is not None and found.problem is None
    with runtime.store.read() as connection:
        assert connection.execute(select(daily.backup_table.c.problem)).scalar() is None
