"""The only place that wires the parts together: settings in, a running workspace out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, MetaData, select

from dougong.automation import service
from dougong.automation.actions import actions
from dougong.automation.deadlines import deadlines
from dougong.automation.scene import Scene
from dougong.automation.triggers import triggers
from dougong.automation.triggers.base import TimeTrigger
from dougong.clock import Clock, SystemClock
from dougong.context import SYSTEM, Actor, Cause, Ctx, Origin
from dougong.expr.tree import Template
from dougong.expr.types import Calendar
import dougong.fields  # noqa: F401 - fills the registry
from dougong.fields.base import Locale, Refused, field_types
from dougong.fields.show import show
from dougong.lang.compile import Compiled, compile_app
from dougong.lang.vocabulary import Vocabulary
from dougong.jobs import background
from dougong.jobs.embedded import Embedded
from dougong.jobs.queue import SWEEP, Queue
from dougong.jobs.rq_queue import RqQueue
from dougong.notify.channels import channels
from dougong.notify.delivery import Postman
from dougong.notify.outgoing import Outgoing
from dougong.people import company, roles
from dougong.people.forms import SYSTEM_FORMS
from dougong.problems import Problem, Problems
from dougong.records import clockwork, rights
from dougong.records.references import uid_of
from dougong.records.titles import shown
from dougong.settings import Settings
from dougong.spec.app import App, Automation, Question, Workspace
from dougong.spec.form import Field, Form
from dougong.store import physical, system
from dougong.store.engine import Outdated, Store
from dougong.store.tables import build_tables
from dougong.workflow import service as workflow

T = TypeVar("T")
log = logging.getLogger("dougong")

VOCABULARY = Vocabulary(field_types, triggers, actions, channels, SYSTEM_FORMS)


class Runtime:
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
        self.queue: Queue = RqQueue(settings.redis_url) if settings.redis_url else Embedded()
        self.handlers: dict[str, background.Handler] = {}

    # --- the compiled workspace ---------------------------------------------------------------------------------

    def workspace(self) -> Workspace:
        """The apps at the database's present revision; compiled again only when that has moved."""
        with self.store.read() as connection:
            return self._current(connection)

    def _current(self, connection: Connection) -> Workspace:
        row = system.read_workspace(connection)
        if self._workspace is None or self._workspace.revision != row.revision:
            with self._compiling:
                self._workspace = load_workspace(connection)
        return self._workspace

    # --- transactions -------------------------------------------------------------------------------------------

    @contextmanager
    def read(self, actor: Actor, locale: str = "") -> Iterator[Ctx]:
        """One unchanging view of the database."""
        with self.store.read() as connection:
            yield self._ctx(self._current(connection), connection, actor, "person", Cause(), locale)

    @contextmanager
    def transaction(self, actor: Actor, origin: Origin = "person", cause: Cause = Cause(), locale: str = "") -> Iterator[Ctx]:  # noqa: B008 - frozen
        """One write transaction with its own `now`, on the workspace's present revision."""
        with ExitStack() as stack:
            workspace, connection = self._begin(stack)
            yield self._ctx(workspace, connection, actor, origin, cause, locale)
        self.queue.wake()

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
                self.queue.wake()
                return done
            except Outdated:
                continue
        raise Problems([Problem("workspace-busy")])

    def actor(self, user: int) -> Actor:
        with self.store.read() as connection:
            return roles.actor_for(connection, user)

    def _ctx(self, workspace: Workspace, connection: Connection, actor: Actor, origin: Origin, cause: Cause, locale: str) -> Ctx:
        return Ctx(workspace, connection, actor, self.clock, self.clock.now(), origin, locale or workspace.locale, cause)

    # --- what automations ask of the rest (automation/platform.py) -----------------------------------------------

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

    def show(self, ctx: Ctx) -> Callable[[Any, Any], str]:
        """How values are written in texts."""
        return lambda value, type_: shown(ctx, value, type_)

    def text_for(self, ctx: Ctx, reader: int, text: Any, scene: Scene) -> str:
        """The text with what its reader may see: each path of it goes through the reader's rights."""
        if not isinstance(text, Template):
            return "" if text is None else str(text)
        as_reader = replace(ctx, actor=roles.actor_for(ctx.connection, reader))
        return replace(scene, ctx=as_reader, source=rights.reader_source(as_reader)).text(text)

    def work(self) -> int:
        """Everything that is due now, until quiet; how many things were done."""
        total = 0
        while done := self._round():
            total += done
        return total

    def _round(self) -> int:
        def open_() -> AbstractContextManager[Ctx]:
            return self.transaction(SYSTEM, "clock")

        done = service.work(self) + clockwork.tick(open_, self.workspace())
        done += Postman(open_, self.outgoing, self.settings.smtp_url, self.link).work()
        return done + background.work(lambda: self.transaction(SYSTEM, "automation"), self.handlers)

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

    def start_worker(self) -> None:
        """The worker: inside this process without Redis, waked by it otherwise."""
        self.queue.start({SWEEP: lambda args: self.work()})

    def stop_worker(self) -> None:
        """Lets the work at hand finish."""
        self.queue.stop()

    def close(self) -> None:
        self.store.close()


def compile_sources(sources: Mapping[str, str], others: Mapping[str, Form] | None = None, *, tolerant: bool = True) -> Compiled:
    """YAML by relative path → the app, or its problems."""
    return compile_app(sources, VOCABULARY, others or {}, tolerant=tolerant)


def load_workspace(connection: Connection) -> Workspace:
    """All installed apps, compiled and bound to their tables. A broken app is left out, visibly, and takes nothing with it."""
    row = system.read_workspace(connection)
    apps: dict[str, App] = {}
    for installed in connection.execute(select(system.app).where(system.app.c.enabled).order_by(system.app.c.installed_at, system.app.c.id)):
        compiled = compile_sources(installed.sources, {f.key: f for a in apps.values() for f in a.forms.values()})
        if compiled.app is None:
            log.error("app %s is switched off: %s", installed.id, "; ".join(p.sentence("en") for p in compiled.problems))
            continue
        apps[installed.id] = compiled.app
    answers = {key: value for key, value in connection.execute(select(system.app.c.id, system.app.c.answers))}
    return build_workspace(connection, apps, answers, row)


def build_workspace(connection: Connection, apps: Mapping[str, App], answers: Mapping[str, Any], row: system.WorkspaceRow) -> Workspace:
    """Apps with their physical names and tables; `answers` complete what `ask:` leaves to its defaults."""
    compiled: dict[str, Form] = {**SYSTEM_FORMS, **{f.key: f for app in apps.values() for f in app.forms.values()}}
    forms = physical.bind(compiled, physical.read_keys(connection), field_types).forms
    bound = {id: replace(app, forms={f: forms[form.key] for f, form in app.forms.items()}) for id, app in apps.items()}
    tables = build_tables(forms, field_types, MetaData(), index_requests(bound.values()))
    home = company.from_settings(row.settings)
    return Workspace(
        revision=row.revision,
        apps=bound,
        forms=forms,
        tables=tables,
        calendar=home.calendar if home else Calendar(),
        settings={id: {q.id: _answer(q, answers.get(id, {}).get(q.id, q.default)) for q in app.questions.values()} for id, app in bound.items()},
        name=home.name if home else "",
        locale=str(row.settings.get("locale", "zh-CN")),
        currency=next((a.currency for a in bound.values()), "CNY"),
        key=row.secret.encode(),
    )


def _answer(question: Question, written: Any) -> Any:
    """The value of an answer as it was written; None where it can't be read."""
    kind = question.type
    word = {"number": kind.unit or ("decimal" if kind.scale else "integer"), "span": "duration"}.get(kind.kind, kind.kind)
    try:
        return field_types[word].parse(Field(question.id, question.name, word, kind), written, Locale())
    except Refused:
        return None


def index_requests(apps: Iterable[App]) -> dict[str, set[str]]:
    """Fields that time rules walk along (SEMANTICS 4): to be indexed, by form key."""
    wanted: dict[str, set[str]] = {}
    for app in apps:
        for automation in (*app.automations.values(), *deadlines(app)):
            kind = triggers.get(automation.on.kind)
            if isinstance(kind, TimeTrigger) and automation.on.form and not automation.broken:
                wanted.setdefault(automation.on.form, set()).add(kind.since(automation.on))
    return wanted
