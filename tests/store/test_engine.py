"""Transactions: nothing half done, nobody writing by an old definition, no locked database."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from dougong.store import system
from dougong.store.engine import Outdated, Store

THINGS = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("n", Integer))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.prepare()
    with store.exclusive() as connection:
        THINGS.create(connection)
    yield store
    store.close()


def rows(store: Store) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(THINGS)).scalar_one()


def test_a_write_is_there_afterwards_and_a_failed_one_is_not(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(THINGS).values(id=1))
    with pytest.raises(ValueError, match="half way"), store.write() as connection:
        connection.execute(insert(THINGS).values(id=2))
        raise ValueError("half way")
    assert rows(store) == 1


def test_a_commit_that_fails_leaves_nothing_and_the_next_one_works(store: Store) -> None:
    with store.exclusive() as connection:
        deferred = "REFERENCES things(id) DEFERRABLE INITIALLY DEFERRED"
        connection.execute(text(f"CREATE TABLE follows (id INTEGER PRIMARY KEY, thing INTEGER {deferred})"))
    with pytest.raises(DBAPIError), store.write() as connection:
        connection.execute(insert(THINGS).values(id=1))
        connection.execute(text("INSERT INTO follows (id, thing) VALUES (1, 99)"))
    assert rows(store) == 0
    with store.write() as connection:
        connection.execute(insert(THINGS).values(id=1))
    assert rows(store) == 1


def test_tables_made_in_a_failed_transaction_are_gone(store: Store) -> None:
    with pytest.raises(ValueError), store.exclusive() as connection:
        connection.execute(text("CREATE TABLE more (id INTEGER)"))
        connection.execute(text("ALTER TABLE things ADD COLUMN extra INTEGER"))
        raise ValueError
    with store.exclusive() as connection:
        connection.execute(text("CREATE TABLE more (id INTEGER)"))
        connection.execute(text("ALTER TABLE things ADD COLUMN extra INTEGER"))


def test_a_reader_can_not_write(store: Store) -> None:
    with pytest.raises(DBAPIError), store.read() as connection:
        connection.execute(insert(THINGS).values(id=1))
    assert rows(store) == 0


def test_a_reader_sees_one_moment(store: Store) -> None:
    with store.read() as reading:
        before = reading.execute(select(func.count()).select_from(THINGS)).scalar_one()
        with store.write() as connection:
            connection.execute(insert(THINGS).values(id=1))
        assert reading.execute(select(func.count()).select_from(THINGS)).scalar_one() == before == 0
    assert rows(store) == 1


def test_who_writes_or_reads_by_an_old_definition_is_told(store: Store) -> None:
    with store.exclusive() as connection:
        assert system.bump_revision(connection) == 2
    for attempt in (store.write, store.read):
        with pytest.raises(Outdated) as told, attempt(revision=1):
            raise AssertionError("never entered")
        assert told.value.revision == 2
        with attempt(revision=2):
            pass


def test_a_save_that_waited_for_an_apply_sees_the_new_revision(store: Store) -> None:
    told: list[object] = []
    begun = threading.Event()

    def save() -> None:
        begun.set()
        try:
            with store.write(revision=1) as connection:
                connection.execute(insert(THINGS).values(id=1))
        except Outdated as outdated:
            told.append(outdated.revision)

    with store.exclusive() as connection:
        saver = threading.Thread(target=save)
        saver.start()
        begun.wait()
        saver.join(timeout=0.2)
        assert saver.is_alive(), "the save waits for the apply"
        system.bump_revision(connection)
    saver.join()
    assert told == [2]
    assert rows(store) == 0


def test_a_deadlock_is_repeated_and_not_shown(store: Store) -> None:
    """Two writers lock two rows in opposite order; on SQLite they simply take turns."""
    with store.write() as connection:
        connection.execute(insert(THINGS), [{"id": 1, "n": 0}, {"id": 2, "n": 0}])
    meet = threading.Barrier(2)
    failures: list[Exception] = []

    def add(order: tuple[int, int]) -> None:
        met = store.dialect == "sqlite"

        def work(connection: Connection) -> None:
            nonlocal met
            for id in order:
                connection.execute(update(THINGS).where(THINGS.c.id == id).values(n=THINGS.c.n + 1))
                if not met:
                    met = True
                    meet.wait()

        try:
            store.transact(work)
        except Exception as failure:
            failures.append(failure)

    pair = [threading.Thread(target=add, args=(order,)) for order in ((1, 2), (2, 1))]
    for one in pair:
        one.start()
    for one in pair:
        one.join()
    assert failures == []
    with store.read() as connection:
        assert connection.execute(select(THINGS.c.n).order_by(THINGS.c.id)).scalars().all() == [2, 2]


def test_statements_prepared_before_a_change_of_tables_do_not_fail_after_it(store: Store) -> None:
    question = text("SELECT n FROM things WHERE id > :id")
    for _ in range(8):  # psycopg prepares on the server from the sixth time on
        with store.write() as connection:
            connection.execute(question, {"id": 0}).all()
    other = Store(store.url)
    with other.exclusive() as connection:
        connection.execute(text("ALTER TABLE things RENAME COLUMN n TO x_1_n"))
        connection.execute(text("ALTER TABLE things ADD COLUMN n TEXT"))
        system.bump_revision(connection)
    other.close()
    with pytest.raises(Outdated), store.write(revision=1):
        raise AssertionError("never entered")
    with store.write(revision=2) as connection:
        assert connection.execute(question, {"id": 0}).all() == []


def test_preparing_twice_changes_nothing(store: Store) -> None:
    with store.read() as connection:
        first = system.read_workspace(connection)
    store.prepare()
    with store.read() as connection:
        assert system.read_workspace(connection) == first
    assert len(first.secret) >= 40


def test_settings_are_merged_and_move_the_revision(store: Store) -> None:
    with store.exclusive() as connection:
        system.change_settings(connection, {"name": "甲", "zone": "Asia/Shanghai"})
    with store.exclusive() as connection:
        assert system.change_settings(connection, {"name": "乙"}) == 3
    with store.read() as connection:
        assert system.read_workspace(connection).settings == {"name": "乙", "zone": "Asia/Shanghai"}


def write_many(url: str, process: int, times: int) -> None:
    store = Store(url)
    for number in range(times):
        with store.write(revision=1) as connection:
            connection.execute(select(func.count()).select_from(THINGS)).scalar_one()
            connection.execute(insert(THINGS).values(n=process * times + number))
    store.close()


def test_several_processes_write_one_file_without_an_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    store = Store(url)
    store.prepare()
    with store.exclusive() as connection:
        THINGS.create(connection)
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write_many, args=(url, process, 200)) for process in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert rows(store) == 600
    store.close()


def test_a_write_within_a_write_is_told_instead_of_waiting_for_ever(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'one.db'}")
    store.prepare()
    with store.write() as connection:
        with pytest.raises(RuntimeError, match="wait for itself"), store.write():
            raise AssertionError("never entered")
        THINGS.create(connection)
    assert rows(store) == 0
    store.close()


def write_and_tell(url: str, pipe: Pipe) -> None:
    store = Store(url)
    for number in range(100_000):
        with store.write() as connection:
            connection.execute(insert(THINGS).values(id=number))
        pipe.send(number)


def test_a_writer_killed_in_the_middle_loses_nothing_that_it_confirmed_and_holds_nobody_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    store = Store(url)
    store.prepare()
    with store.exclusive() as connection:
        THINGS.create(connection)
    hear, tell = multiprocessing.Pipe(duplex=False)
    writer = multiprocessing.get_context("spawn").Process(target=write_and_tell, args=(url, tell))
    writer.start()
    tell.close()
    confirmed = [hear.recv() for _ in range(200)]
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    with store.write() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert set(confirmed) <= set(connection.execute(select(THINGS.c.id)).scalars())
        connection.execute(insert(THINGS).values(id=-1))
    store.close()
