"""One workspace on one database: its compiled apps and its transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from dougong.clock import Clock, SystemClock
from dougong.context import Actor, Cause, Ctx, Origin
from dougong.installed import load_workspace
from dougong.jobs import background
from dougong.jobs.embedded import Embedded
from dougong.jobs.queue import Queue
from dougong.jobs.rq_queue import RqQueue
from dougong.notify.outgoing import Outgoing
from dougong.people import roles
from dougong.problems import Problem, Problems
from dougong.settings import Settings
from dougong.spec.app import Workspace
from dougong.store import system
from dougong.store.engine import Outdated, Store
from dougong.vault import Vault

T = TypeVar("T")


class Workplace:
    """One workspace on one database. Safe to share between threads; every process makes its own."""

    def __init__(self, settings: Settings, clock: Clock | None = None, prepared: Workspace | None = None) -> None:
        """`prepared` is the workspace as compiled from another database of the same content: scenarios play on copies."""
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.store = Store(settings.database_url)
        if prepared is None:
            self.store.prepare()
        self.outgoing = Outgoing(settings.allow_private)
        self._workspace: Workspace | None = prepared
        self._compiling = threading.Lock()
        self._vault = Vault(settings.home)
        self.queue: Queue = RqQueue(settings.redis_url) if settings.redis_url else Embedded()
        self.handlers: dict[str, background.Handler] = {}
        self.working: set[int] = set()
        """Threads that look for work until there is none: what they write themselves needn't wake anybody."""

    # --- the compiled workspace ---------------------------------------------------------------------------------

    def workspace(self) -> Workspace:
        """The apps at the database's present revision; compiled again only when that has moved."""
        with self.store.read() as connection:
            return self._current(connection)

    def _current(self, connection: Connection) -> Workspace:
        if self._workspace is None or self._workspace.revision != system.read_revision(connection):
            with self._compiling:
                self.store.renew()
                self._workspace = replace(load_workspace(connection), vault=self._vault)
        self.store.settle(connection)
        return self._workspace

    # --- transactions -------------------------------------------------------------------------------------------

    @contextmanager
    def read(self, actor: Actor, locale: str = "") -> Iterator[Ctx]:
        """One unchanging view of the database."""
        with self.store.read() as connection:
            yield self._ctx(self._current(connection), connection, actor, "person", Cause(), locale)

    @contextmanager
    def transaction(self, actor: Actor, origin: Origin = "person", cause: Cause = Cause(), locale: str = "") -> Iterator[Ctx]:
        """One write transaction with its own `now`, on the workspace's present revision."""
        with ExitStack() as stack:
            workspace, connection = self._begin(stack)
            yield self._ctx(workspace, connection, actor, origin, cause, locale)
        self._ring()

    def _begin(self, stack: ExitStack) -> tuple[Workspace, Connection]:
        """Most transactions find the workspace as this process knows it; only the first after a change compiles."""
        for workspace in (self._workspace or self.workspace(), None):
            try:
                workspace = workspace or self.workspace()
                return workspace, stack.enter_context(self.store.write(workspace.revision))
            except Outdated:
                continue
        raise Problems([Problem("workspace-busy")])

    def write(self, actor: Actor, work: Callable[[Ctx], T], origin: Origin = "person", locale: str = "") -> T:
        """`work` in one transaction; done again where the apps changed meanwhile or the database asks for it."""
        for attempt in range(5):
            workspace = self.workspace() if attempt or self._workspace is None else self._workspace
            try:
                done = self.store.transact(
                    lambda connection: work(self._ctx(workspace, connection, actor, origin, Cause(), locale)), workspace.revision  # noqa: B023
                )
                self._ring()
                return done
            except Outdated:
                continue
        raise Problems([Problem("workspace-busy")])

    def _ring(self) -> None:
        if threading.get_ident() not in self.working:
            self.queue.wake()

    def actor(self, user: int) -> Actor:
        with self.store.read() as connection:
            return roles.actor_for(connection, user)

    def _ctx(self, workspace: Workspace, connection: Connection, actor: Actor, origin: Origin, cause: Cause, locale: str) -> Ctx:
        return Ctx(workspace, connection, actor, self.clock, self.clock.now(), origin, locale or workspace.locale, cause)
