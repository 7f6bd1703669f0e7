"""A full disk: a clear sentence, nothing half done, and work goes on when there is room again (THREATS R9)."""

from __future__ import annotations

import io
import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dougong.backups import archive
from dougong.clock import VirtualClock
from dougong.context import SYSTEM
from dougong.files import attachments
from dougong.jobs import background
from dougong.lifecycle import install
from dougong.problems import Problems
from dougong.records import history, importing_job, save
from dougong.records.importing import ColumnMapping
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.files.samples import PDF
from tests.records.ground import MONDAY

SOURCES = {
    "app.yaml": "app: desk\nname: 台账\nversion: '1'\n",
    "note.yaml": "form: note\nname: 便条\nfields: {text: {name: 字, type: long_text}}\n",
}
LONG = "很长的一段话" * 200


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    home = tmp_path / "home"
    with closing(Runtime(Settings(f"sqlite:///{home / 'dougong.db'}", "", home, "", frozenset(), ""), VirtualClock(MONDAY))) as runtime:
        install(runtime, SOURCES, who="test")
        runtime.work()
        yield runtime


def room_for_pages(runtime: Runtime, more: int) -> None:
    """SQLite says "full" beyond that many pages, as it does where the file system has none left."""
    with runtime.store.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process may grow beyond it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def kept(runtime: Runtime) -> list[int]:
    with runtime.read(SYSTEM) as ctx:
        table = ctx.workspace.tables["desk.note"]
        ids = list(ctx.connection.execute(select(table.c.id).order_by(table.c.id)).scalars())
        told = ctx.connection.execute(select(func.count()).select_from(history.history_table)).scalar_one()
        assert told == len(ids) and all(history.broken_at(ctx, "desk.note", id) is None for id in ids)
        return ids


def fill(runtime: Runtime) -> tuple[list[int], Problems]:
    """Saves until it is refused."""
    done: list[int] = []
    for _ in range(2_000):
        try:
            done.append(runtime.write(SYSTEM, lambda ctx: save.create(ctx, "desk.note", {"text": LONG})).id)
        except Problems as refused:
            return done, refused
    raise AssertionError("it never filled up")


def test_a_save_on_a_full_disk_is_refused_in_words_and_every_one_that_was_answered_is_there(runtime: Runtime) -> None:
    room_for_pages(runtime, 30)
    done, refused = fill(runtime)
    assert [p.code for p in refused] == ["disk-full"] and "full" in refused.problems[0].sentence("en")
    assert done and kept(runtime) == done
    room_for_pages(runtime, 100_000)
    again = runtime.write(SYSTEM, lambda ctx: save.create(ctx, "desk.note", {"text": LONG})).id
    assert kept(runtime) == [*done, again]


def test_an_import_that_found_the_disk_full_goes_on_when_there_is_room(runtime: Runtime) -> None:
    rows = "\n".join(f"{n} {LONG}" for n in range(300))
    with runtime.transaction(SYSTEM) as ctx:
        table = io.BytesIO(f"字\n{rows}".encode())
        job = importing_job.submit(ctx, runtime.storage, table, ColumnMapping("desk.note", {"字": "text"}), rehearse=False)
    room_for_pages(runtime, 40)
    for _ in range(3):
        try:
            runtime.work_jobs()
        except Problems as refused:  # even the note of the failure found no room
            assert [p.code for p in refused] == ["disk-full"]
    assert len(kept(runtime)) < 300
    room_for_pages(runtime, 100_000)
    runtime.clock.move_to(MONDAY + timedelta(hours=1))  # type: ignore[attr-defined]  # a virtual clock
    runtime.work_jobs()
    with runtime.store.read() as connection:
        row = background.status(connection, job)
    assert row is not None and row["state"] == "done"
    assert len(kept(runtime)) == 300


def test_an_upload_without_room_leaves_no_file_and_no_row(runtime: Runtime) -> None:
    large = PDF + b"x" * 200_000
    with files_up_to(100_000), pytest.raises(Problems) as refused:
        attachments.receive(runtime.storage, io.BytesIO(large), "a.pdf", attachments.Limits(), MONDAY)
    assert [p.code for p in refused.value] == ["no-room-for-files"]
    files = runtime.settings.home / "files"
    assert [p for p in files.rglob("*") if p.is_file()] == []
    received = attachments.receive(runtime.storage, io.BytesIO(large), "a.pdf", attachments.Limits(), MONDAY)
    assert received.size == len(large)


def test_a_backup_without_room_is_refused_and_leaves_the_last_one_alone(runtime: Runtime, tmp_path: Path) -> None:
    file = tmp_path / "backups" / "b.tar.gz"
    archive.make(runtime.store, runtime.settings.home, file, MONDAY)
    before = file.read_bytes()
    with files_up_to(20_000), pytest.raises(Problems) as refused:
        archive.make(runtime.store, runtime.settings.home, file, MONDAY)
    assert [p.code for p in refused.value] == ["backup-failed"]
    assert file.read_bytes() == before and [p.name for p in file.parent.iterdir()] == ["b.tar.gz"]
