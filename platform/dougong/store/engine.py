"""Connections and transactions: one meaning on SQLite and PostgreSQL (PRACTICE 7, SEMANTICS 10)."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from dougong.expr.sqlite import install
from dougong.problems import Problem, Problems
from dougong.store import system
from dougong.store.turns import Turns

T = TypeVar("T")
BUSY_SECONDS = 10
LOCK_KEY = 0x646F75676F6E67  # the workspace's advisory lock on PostgreSQL
ATTEMPTS = 6
TRANSIENT = frozenset({"40001", "40P01"})  # serialization failure, deadlock
NO_ROOM = "53100"  # disk_full
OLD_PLAN = "cached plan must not change result type"


class Outdated(Exception):
    """The workspace moved on to `revision`: recompile, then do the whole transaction again."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        super().__init__(f"the workspace is at revision {revision}")


class Store:
    """One database. `dialect` is 'sqlite' or 'postgresql'. Safe to share between threads; after a fork make a new one."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        address = make_url(url)
        self.url = url
        self.dialect = cast(Literal["sqlite", "postgresql"], address.get_backend_name())
        self._generation = 0
        self._turn: AbstractContextManager[Any] = nullcontext()
        if self.dialect == "sqlite":
            Path(address.database or "").parent.mkdir(parents=True, exist_ok=True)
            self._turn = Turns(address.database or "")
            self._writer = _sqlite(url, "BEGIN IMMEDIATE", pool_size=1)
            self._reader = _sqlite(url, "BEGIN", pool_size=pool_size)
        else:
            level = "READ COMMITTED"
            self._writer = create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, isolation_level=level)
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            event.listen(self._writer, "checkout", self._use)

    def prepare(self) -> None:
        """Creates the `dg_` tables of all imported parts; harmless when repeated."""
        with self.exclusive() as connection:
            system.create_system_tables(connection)

    @contextmanager
    def write(self, revision: int | None = None) -> Iterator[Connection]:
        """One transaction: committed at the end of the block, undone by any error, that of the commit included.

        `revision` is the one that the writer's forms were compiled from. Raises Outdated where the workspace has another;
        until the end no `exclusive` can begin. Raises Problems `disk-full`; then nothing is written, and what is freed is used at once.
        """
        with _room(), self._turn, self._writer.begin() as connection:
            if self.dialect == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock_shared({LOCK_KEY})"))
            self._check(connection, revision)
            yield connection

    @contextmanager
    def read(self, revision: int | None = None) -> Iterator[Connection]:
        """One unchanging view of the database, in which nothing can be written. Raises Outdated as `write` does."""
        with self._reader.connect() as connection, connection.begin():
            self._check(connection, revision)
            yield connection

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """A transaction beside which nobody else writes: for `apply` and the workspace's settings."""
        with _room(), self._turn, self._writer.begin() as connection:
            if self.dialect == "postgresql":
                connection.execute(text("SET LOCAL lock_timeout = '60s'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_KEY})"))
            yield connection

    def transact(self, work: Callable[[Connection], T], revision: int | None = None) -> T:
        """`work` in a `write` of its own, once more when the database asks for it (deadlock, serialization, busy)."""
        for attempt in range(1, ATTEMPTS):
            try:
                with self.write(revision) as connection:
                    return work(connection)
            except DBAPIError as error:
                if not _worth_repeating(error):
                    raise
                self.renew()
            time.sleep(random.uniform(0.5, 1) * 0.01 * 2**attempt)
        with self.write(revision) as connection:
            return work(connection)

    def renew(self) -> None:
        """From now on no connection is used that was opened before: PostgreSQL keeps statements prepared for tables as they were."""
        self._generation += 1

    def settle(self, connection: Connection) -> None:
        """`renew` for a connection already in use: what it prepared for tables as they were is forgotten."""
        if self.dialect == "postgresql" and connection.info.get("generation") != self._generation:
            connection.exec_driver_sql("DEALLOCATE ALL")
            connection.info["generation"] = self._generation

    def close(self) -> None:
        """Closes idle connections; whoever needs one later gets a new one."""
        for engine in (self._writer, self._reader):
            engine.dispose()

    def _use(self, _connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if record.info.setdefault("generation", self._generation) != self._generation:
            raise DisconnectionError("opened before the tables changed")

    def _check(self, connection: Connection, revision: int | None) -> None:
        if revision is None:
            return
        current = system.read_revision(connection)
        if current != revision:
            self.renew()
            raise Outdated(current)


@contextmanager
def _room() -> Iterator[None]:
    """A full disk in words that people understand (THREATS R9)."""
    try:
        yield
    except DBAPIError as error:
        full = isinstance(error.orig, sqlite3.OperationalError) and error.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
        if full or getattr(error.orig, "sqlstate", None) == NO_ROOM:
            raise Problems([Problem("disk-full")]) from error
        raise


def _worth_repeating(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in TRANSIENT or OLD_PLAN in str(error.orig):
        return True
    return isinstance(error.orig, sqlite3.OperationalError) and error.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _sqlite(url: str, begin: str, pool_size: int) -> Engine:
    """The driver would begin by itself, and only at the first change; so that is switched off and our BEGIN is sent."""
    arguments = {"isolation_level": None, "timeout": BUSY_SECONDS}
    # The connection used last is the one used next: its page cache is warm, and only as many caches fill as are needed at once.
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_use_lifo=True, connect_args=arguments)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-20000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {setting}")
        if begin == "BEGIN":
            connection.execute("PRAGMA query_only=ON")
        install(connection)

    @event.listens_for(engine, "begin")
    def begin_ours(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
