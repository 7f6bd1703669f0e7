"""A backup is the whole workspace without ways in; it comes back to an empty place only, and holds its tongue (R5, S25, S54)."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from dougong.cli.apply import apply
from dougong.cli.backup import backup, restore
from dougong.cli.doctor import doctor
from dougong.cli.importing import import_
from dougong.cli.why import why
from dougong.context import SYSTEM
from dougong.people import tables, tokens, users
from dougong.people.users import Person
from dougong.records import history
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.cli.conftest import Run

FIRST = Path(__file__).parents[2] / "examples" / "first"


@pytest.fixture
def filled(run: Run, tmp_path: Path) -> Path:
    run(apply, str(FIRST))
    table = tmp_path / "table.csv"
    table.write_text("客户名称,手机\n" + "".join(f"医院{n},138{n:08}\n" for n in range(5)), "utf-8")
    run(import_, str(table), "--form", "first.customer")
    runtime = Runtime(Settings.read())
    with runtime.store.write() as connection:
        person = users.create(connection, Person(name="王", login="wang"))
        tokens.create(connection, person, "t", datetime.now(UTC), timedelta(days=9))
    runtime.storage.write("2026-03-05/" + "a" * 40, [b"bytes"])
    runtime.close()
    return tmp_path / "backup.tar.gz"


def test_a_backup_comes_back_whole_and_held(run: Run, filled: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(backup, str(filled))
    assert filled.stat().st_mode & 0o077 == 0
    assert "is not empty" in run(restore, str(filled), code=1)

    there = Settings.read()
    if there.database_url.startswith("sqlite"):
        monkeypatch.setenv("DOUGONG_HOME", str(home / "copy"))
        monkeypatch.setenv("DATABASE_URL", "")
    else:
        monkeypatch.setenv("DOUGONG_HOME", str(home / "copy"))
        runtime = Runtime(there)
        with runtime.store.write() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        runtime.close()
    run(restore, str(filled))
    runtime = Runtime(Settings.read())
    try:
        with runtime.read(SYSTEM) as ctx:
            assert ctx.connection.execute(select(func.count()).select_from(ctx.workspace.tables["first.customer"])).scalar_one() == 5
            assert [ctx.connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (tables.user, tables.token)] == [1, 0]
        with runtime.storage.open("2026-03-05/" + "a" * 40) as stream:
            assert stream.read() == b"bytes"
        assert runtime.work() == 0
        run(restore, "--release")
        assert runtime.work() > 0
    finally:
        runtime.close()


HOSTILE = ("../escape", "/absolute", "files/../../escape", "other.txt")


def test_a_strange_archive_is_refused_and_leaves_nothing(run: Run, tmp_path: Path, home: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"no archive")
    assert "not a complete backup" in run(restore, str(broken), code=1)
    for name in HOSTILE:
        with tarfile.open(broken, "w:gz") as archive:
            for inside in ("about.json", name):
                member = tarfile.TarInfo(inside)
                member.size = 2
                archive.addfile(member, io.BytesIO(b"{}"))
        assert "not a complete backup" in run(restore, str(broken), code=1)
    assert not [p for p in (*tmp_path.rglob("escape"), *home.rglob("*")) if p.is_file()]


def test_doctor_finds_what_does_not_fit(run: Run, filled: Path) -> None:
    assert "✓ history" in run(doctor, "--recount")
    runtime = Runtime(Settings.read())
    table = runtime.workspace().tables["first.customer"]
    with runtime.store.write() as connection:
        connection.execute(update(table).where(table.c.id == 1).values(name="改过", last_action_at=datetime(2020, 1, 1, tzinfo=UTC)))
        h = history.history_table
        connection.execute(update(h).where(h.c.record == 2).values(actor_name="别人"))
    runtime.close()
    said = run(doctor, "--recount", code=1)
    assert "✗ history: 1" in said and "✗ search: 1" in said and "✗ computed values: 1" in said and "last_action_at" in said


def test_why_explains_a_rule_or_names_the_right_one(run: Run, filled: Path) -> None:
    runtime = Runtime(Settings.read())
    table = runtime.workspace().tables["first.customer"]
    with runtime.store.read() as connection:
        uid = connection.execute(select(table.c.uid).limit(1)).scalar_one()
    runtime.close()
    assert run(why, "first.stalled_customer", uid).strip()
    assert "stalled_custome" in run(why, "first.stalled_custome", uid, code=1)
    assert run(why, "first.stalled_customer", "none", code=1)
