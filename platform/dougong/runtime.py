"""The only place that wires the parts together: settings in, a running workspace out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import select

from dougong import pruning
from dougong.automation import service
from dougong.automation.deadlines import deadlines
from dougong.automation.forecast import forecast
from dougong.backups import daily
from dougong.backups.restoring import HELD
from dougong.clock import Clock
from dougong.context import SYSTEM, Ctx
from dougong.files import attachments
from dougong.files.storage import Disk
from dougong.installed import compile_sources
from dougong.jobs import background
from dougong.jobs.queue import SWEEP
from dougong.jobs.repeating import Repeating
from dougong.notify import cases, delivery  # noqa: F401 - some for their tables
from dougong.notify.delivery import Postman
from dougong.people import arrangements  # noqa: F401 - for its tables
from dougong.records import clockwork, exporting, importing_job, requests, searching  # noqa: F401 - some for their tables
from dougong.records.references import uid_of
from dougong.settings import Settings
from dougong.spec.app import Automation, Workspace
from dougong.store import system
from dougong.workflow import service as workflow
from dougong.workplace import Workplace

SWEEP_EVERY = timedelta(hours=6)
TICK_EVERY = timedelta(seconds=1)
ROUNDS = 20
"""Of the worker, between two looks at letters, long work and its own end."""


class Runtime(Workplace):
    """A workspace at work: what automations ask of the rest (automation/platform.py), and the worker.

    Safe to share between threads; every process makes its own.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None, prepared: Workspace | None = None) -> None:
        super().__init__(settings, clock, prepared)
        self.storage = Disk(settings.home / "files")
        self._swept: datetime | None = None
        self._pruned: date | None = None
        self._house = Repeating(self.keep_house, "dougong-house")
        self._ticked: datetime | None = None
        self.handlers[importing_job.NAME] = importing_job.handler(self.storage, forecast)
        self.handlers[searching.NAME] = searching.handle

    def definition(self, automation: str, digest: str) -> Automation | None:
        """An automation as it was when a run began: of the present app, else out of the kept definitions."""
        app, _, id = automation.partition(".")
        now = self.workspace().apps.get(app)
        found = {**now.automations, **{a.id: a for a in deadlines(now)}}.get(id) if now else None
        if found is not None and found.digest == digest:
            return found
        with self.store.read() as connection:
            bodies = connection.execute(select(system.definition.c.body).order_by(system.definition.c.since.desc())).scalars().all()
        for body in bodies:
            old = compile_sources(body).app if isinstance(body, Mapping) and "app.yaml" in body else None
            kept = {**old.automations, **{a.id: a for a in deadlines(old)}}.get(id) if old and old.id == app else None
            if kept is not None and kept.digest == digest:
                return kept
        return None

    def move(self, ctx: Ctx, form: str, record: int, stage: str, comment: str) -> None:
        workflow.move(ctx, form, record, stage, comment=comment)

    def work(self) -> int:
        """Everything that is due now, until quiet; how many things were done. A workspace that is held does its imports alone."""
        total, quiet = 0, False
        while not quiet:
            done, quiet = _round(self, service.MOST_ROUNDS, ticking=True)
            total += done
        self._sweep()
        return total

    def wake(self) -> None:
        """What the worker does when it is called: one round with an end, also while work keeps coming, so that it hears when it is
        to stop. Of time itself it asks no oftener than `TICK_EVERY`."""
        now = self.clock.now()
        ticking = self._ticked is None or not self._ticked <= now < self._ticked + TICK_EVERY
        self._ticked = now if ticking else self._ticked
        _, quiet = _round(self, ROUNDS, ticking)
        self._sweep()
        if not quiet:
            self.queue.wake()

    def _sweep(self) -> None:
        """Once in a while: uploads that no record took."""
        now = self.clock.now()
        last, self._swept = self._swept or now, self._swept or now
        if not last <= now < last + SWEEP_EVERY:
            self._swept = now
            attachments.sweep(self.store, self.storage, now)

    def beside_rules(self) -> int:
        """The clock's changes, messages to outside, long work. One read says what is due; only that is begun."""

        def open_() -> AbstractContextManager[Ctx]:
            return self.transaction(SYSTEM, "clock")

        with self.read(SYSTEM) as ctx:
            coming = (clockwork.next_due(ctx), delivery.next_due(ctx.connection), background.next_due(ctx.connection))
            flips, letters, jobs = (at is not None and at <= ctx.now for at in coming)
        done = clockwork.tick(open_, self.workspace()) if flips else 0
        done += Postman(open_, self.outgoing, self.settings.smtp_url, self.link).work() if letters else 0
        return done + (self.work_jobs() if jobs else 0)

    def work_jobs(self) -> int:
        """Imports and other long work alone."""
        return background.work(lambda: self.transaction(SYSTEM, "automation"), self.handlers)

    def next_due(self) -> datetime | None:
        """The earliest instant at which there is work again."""
        with self.read(SYSTEM) as ctx:
            found = (service.next_due(ctx), clockwork.next_due(ctx), background.next_due(ctx.connection))
            return min((at for at in found if at is not None), default=None)

    def link(self, ctx: Ctx, form: str, record: int) -> str:
        """A record's address for people; '' where the workspace has no base address (S31)."""
        base = self.settings.base_url
        app, _, id = form.partition(".")
        return f"{base}/a/{app}/{id}/{uid_of(ctx, form, record)}" if base and id else ""

    def keep_house(self) -> None:
        """The day's backup, and letting go of what is over: beside the work, now and then."""
        workspace, now = self.workspace(), self.clock.now()
        daily.keep(self.store, self.settings.home, workspace.calendar, now)
        today = workspace.calendar.day_of(now)
        with self.read(SYSTEM) as ctx:
            if self._pruned == today or _is_held(ctx):
                return
            kept = pruning.days(system.read_workspace(ctx.connection).settings)
        pruning.prune(self.store, now, kept)
        self._pruned = today

    def start_worker(self, house: bool = True) -> None:
        """The worker: inside this process without Redis, waked by it otherwise. Without `house` another process keeps that."""
        if house:
            self._house.start()
        self.queue.start({SWEEP: lambda args: self.wake()})

    def stop_worker(self) -> None:
        """Lets the work at hand finish."""
        self._house.stop()
        self.queue.stop()

    def close(self) -> None:
        self.store.close()


def _round(runtime: Runtime, most: int, ticking: bool) -> tuple[int, bool]:
    """How many things were done, and whether there is nothing left to do now."""
    thread = threading.get_ident()
    runtime.working.add(thread)
    try:
        with runtime.read(SYSTEM) as ctx:
            held, first = _is_held(ctx), service.due(ctx)
        if held:
            return runtime.work_jobs(), True
        done, quiet = service.round_of(runtime, most, ticking, first)
        beside = runtime.beside_rules()
        return done + beside, quiet and not beside
    finally:
        runtime.working.discard(thread)


_held: WeakKeyDictionary[Workspace, bool] = WeakKeyDictionary()


def _is_held(ctx: Ctx) -> bool:
    """After a restore, or while a large change goes on; settings stay the same while the workspace's revision does."""
    if ctx.workspace not in _held:
        settings = system.read_workspace(ctx.connection).settings
        _held[ctx.workspace] = bool(settings.get(HELD) or ctx.workspace.read_only)
    return _held[ctx.workspace]
