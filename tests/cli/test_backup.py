"""A backup is the whole workspace without ways in; it comes back to an empty place only, and holds its tongue (R5, S25, S54)."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
from contextlib import closing
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
from dougong.files import attachments
from dougong.files.tables import file as file_table
from dougong.people import sessions, tables, tokens, users
from dougong.people.users import Person
from dougong.records import history, save
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.cli.conftest import Run
from tests.files.samples import PDF

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


def elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """From now on commands work in another, empty place."""
    there = Settings.read()
    monkeypatch.setenv("DOUGONG_HOME", str(home / "copy"))
    if there.database_url.startswith("sqlite"):
        monkeypatch.setenv("DATABASE_URL", "")
    else:
        with closing(Runtime(there)) as runtime, runtime.store.write() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    return Settings.read()


def test_a_backup_comes_back_whole_and_held(run: Run, filled: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(backup, str(filled))
    assert filled.stat().st_mode & 0o077 == 0
    assert "is not empty" in run(restore, str(filled), code=1)

    elsewhere(home, monkeypatch)
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


HOSTILE = {
    "a way up": ("../escape", tarfile.REGTYPE), "an absolute path": ("/escape", tarfile.REGTYPE),
    "a way up below": ("files/../../escape", tarfile.REGTYPE), "another file": ("escape", tarfile.REGTYPE),
    "a backslash": ("files/..\\escape", tarfile.REGTYPE), "a link": ("files/escape", tarfile.SYMTYPE),
    "a hard link": ("files/escape", tarfile.LNKTYPE), "a device": ("files/escape", tarfile.CHRTYPE),
    "a pipe": ("files/escape", tarfile.FIFOTYPE), "a folder": ("files/escape", tarfile.DIRTYPE),
    "a name twice": ("about.json", tarfile.REGTYPE), "a name twice but for its case": ("About.json", tarfile.REGTYPE),
    "a folder in the place of the database": ("database.db/escape", tarfile.REGTYPE),
    "more than the disk holds": ("files/bomb", tarfile.REGTYPE),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_strange_archive_is_refused_and_leaves_nothing(run: Run, tmp_path: Path, home: Path, what: str) -> None:
    name, kind = HOSTILE[what]
    archive = tmp_path / "hostile.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        for inside, type_ in (("about.json", tarfile.REGTYPE), (name, kind)):
            member = tarfile.TarInfo(inside)
            member.type, member.linkname = type_, "/etc/passwd"
            member.size = 2 if type_ == tarfile.REGTYPE else 0
            made.addfile(member, io.BytesIO(b"{}"))
    if name.endswith("bomb"):
        claim(archive, 1 << 50)
    said = run(restore, str(archive), code=1)
    assert "not a complete backup" in said or "not enough room" in said, said
    assert not [p for p in (*tmp_path.rglob("escape"), *home.rglob("*")) if p.is_file()]


def claim(archive: Path, size: int) -> None:
    """A last member that says it is so large."""
    about, bomb = tarfile.TarInfo("about.json"), tarfile.TarInfo("files/bomb")
    about.size, bomb.size = 2, size
    body = about.tobuf() + b"{}".ljust(512, b"\0") + bomb.tobuf(tarfile.GNU_FORMAT)
    archive.write_bytes(gzip.compress(body))


def test_what_is_no_archive_is_refused(run: Run, tmp_path: Path, home: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"no archive")
    assert "not a complete backup" in run(restore, str(broken), code=1)
    assert not [p for p in home.rglob("*") if p.is_file()]


def test_a_backup_taken_while_people_write_is_one_moment_of_the_workspace(
    run: Run, filled: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each save leaves a record and its history, each upload bytes and their row: in the copy both are there, or neither (R5)."""
    runtime = Runtime(Settings.read())
    stop, written = threading.Event(), list[int]()

    def write() -> None:
        while not stop.is_set():
            with runtime.transaction(SYSTEM) as ctx:
                received = attachments.receive(runtime.storage, io.BytesIO(PDF), "a.pdf", attachments.Limits(), ctx.now)
                attachments.keep(ctx.connection, received, None, ctx.now)
                written.append(save.create(ctx, "first.customer", {"name": f"并发{len(written)}", "phone": f"139{len(written):08}"}).id)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        while writer.is_alive() and len(written) < 5:
            stop.wait(0.01)
        run(backup, str(filled))
        after = len(written)
    finally:
        stop.set()
        writer.join()
    runtime.close()
    copy = Runtime(restored(run, filled, home, monkeypatch))
    with closing(copy), copy.read(SYSTEM) as ctx:
        table, h = ctx.workspace.tables["first.customer"], history.history_table
        made = ctx.connection.execute(select(table.c.id).order_by(table.c.id)).scalars().all()
        told = ctx.connection.execute(select(h.c.record).where(h.c.form == "first.customer", h.c.kind == "create")).scalars().all()
        assert sorted(told) == list(made) and 5 + 5 <= len(made) <= 5 + after + 1
        assert all(history.broken_at(ctx, "first.customer", id) is None for id in made)
        for key, sha in ctx.connection.execute(select(file_table.c.key, file_table.c.sha256)):
            with copy.storage.open(key) as stream:
                assert hashlib.file_digest(stream, "sha256").hexdigest() == sha


def restored(run: Run, file: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = elsewhere(home, monkeypatch)
    run(restore, str(file))
    return settings


def test_who_was_signed_in_is_not_in_the_copy(run: Run, filled: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(Settings.read())
    with closing(runtime), runtime.store.write() as connection:
        now = runtime.clock.now()
        cookie = sessions.open(connection, 1, now)
        token = tokens.create(connection, 1, "t", now, timedelta(days=9))
        assert sessions.find(connection, cookie, now) is not None
    run(backup, str(filled))
    copy = Runtime(restored(run, filled, home, monkeypatch))
    with closing(copy), copy.store.write() as connection:
        assert sessions.find(connection, cookie, copy.clock.now()) is None and tokens.find(connection, token, copy.clock.now()) is None
        ways_in = (tables.session, tables.token, tables.link)
        assert [connection.execute(select(func.count()).select_from(t)).scalar_one() for t in ways_in] == [0, 0, 0]


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
