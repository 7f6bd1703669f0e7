"""A workspace made from YAML on a real database with a clock of its own: what the runtime will be, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import MetaData, Row, func, insert, select

from dougong.automation import service
from dougong.automation.actions import actions
from dougong.automation.tables import run_table, step_table
from dougong.automation.triggers import triggers
from dougong.clock import VirtualClock
from dougong.context import SYSTEM, Actor, Cause, Ctx, Origin
from dougong.events.outbox import Event, append
from dougong.expr.types import Calendar
from dougong.fields.base import field_types
from dougong.lang.compile import compile_app
from dougong.lang.vocabulary import Vocabulary
from dougong.notify.channels import channels
from dougong.notify.message import notification_table
from dougong.notify.outgoing import Outgoing
from dougong.people.forms import SYSTEM_FORMS
from dougong.people.tables import user
from dougong.records import save
from dougong.spec.app import Automation, Workspace
from dougong.store.engine import Store
from dougong.store.tables import build_tables

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai
VOCABULARY = Vocabulary(field_types, triggers, actions, channels, SYSTEM_FORMS)
APP = {
    "app.yaml": "app: desk\nname: 台账\nversion: '1'\n",
    "case.yaml": """\
form: case
name: 案件
title: "{{ title }}"
fields:
  title: {name: 标题, type: text}
  colour: {name: 颜色, type: choice, options: {green: 绿, red: 红}}
  points: {name: 分数, type: integer}
  moved_at: {name: 动作时间, type: datetime}
  day: {name: 日子, type: date}
  place: {name: 地区, type: text}
  helper: {name: 助手, type: user}
  notes: {name: 便条, type: related, of: note.case}
""",
    "note.yaml": """\
form: note
name: 便条
title: "{{ text }}"
fields:
  text: {name: 内容, type: text}
  case: {name: 案件, type: link, to: case}
  done: {name: 完成, type: yes_no}
  until: {name: 期限, type: datetime}
""",
    "role.yaml": """\
role: chief
name: 负责人
fallback: true
can: {case: {may: [see, add, edit, delete]}, note: {may: [see, add, edit, delete]}}
""",
}


def compiled(*automations: str, more: Mapping[str, str] | None = None) -> Any:
    """The app of APP with these automations; fails where the language finds a fault."""
    files = {**APP, **{f"a{n}.yaml": text for n, text in enumerate(automations)}, **(more or {})}
    made = compile_app(files, VOCABULARY)
    assert made.app is not None, [f"{p.mark}: {p.sentence('en')}" for p in made.problems]
    return made.app


@dataclass
class World:
    """Stands for the runtime: an automation's platform."""

    store: Store
    space: Workspace
    clock: VirtualClock
    outgoing: Outgoing = field(default_factory=Outgoing)
    kept: dict[tuple[str, str], Automation] = field(default_factory=dict)
    moves: list[tuple[str, int, str, str]] = field(default_factory=list)

    def workspace(self) -> Workspace:
        return self.space

    @contextmanager
    def transaction(self, actor: Actor, origin: Origin, cause: Cause = Cause()) -> Iterator[Ctx]:
        with self.store.write() as connection:
            yield Ctx(self.space, connection, actor, self.clock, self.clock.now(), origin, cause=cause)

    @contextmanager
    def read(self, actor: Actor) -> Iterator[Ctx]:
        with self.store.read() as connection:
            yield Ctx(self.space, connection, actor, self.clock, self.clock.now())

    def definition(self, automation: str, digest: str) -> Automation | None:
        return self.kept.get((automation, digest))

    def move(self, ctx: Ctx, form: str, record: int, stage: str, comment: str) -> None:
        self.moves.append((form, record, stage, comment))

    # --- what tests do --------------------------------------------------------------------------------------------------

    def rules(self, *automations: str, more: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Other automations from now on; what was installed is kept for runs that began with it."""
        app = compiled(*automations, more=more)
        for old in self.space.apps["desk"].automations.values():
            self.kept[old.key, old.digest] = old
        self.space = replace(self.space, revision=self.space.revision + 1, apps={"desk": app}, **changes)
        with self.as_system() as ctx:
            service.install(ctx)

    @contextmanager
    def as_system(self, origin: Origin = "person", at: datetime | None = None) -> Iterator[Ctx]:
        with self.store.write() as connection:
            yield Ctx(self.space, connection, SYSTEM, self.clock, at or self.clock.now(), origin)

    def create(self, form: str = "case", *, origin: Origin = "person", at: datetime | None = None, **values: Any) -> int:
        with self.as_system(origin, at) as ctx:
            return save.create(ctx, f"desk.{form}", values).id

    def edit(self, id: int, form: str = "case", *, origin: Origin = "person", **values: Any) -> None:
        with self.as_system(origin) as ctx:
            save.edit(ctx, f"desk.{form}", id, values)

    def delete(self, id: int, form: str = "case") -> None:
        with self.as_system() as ctx:
            save.delete(ctx, f"desk.{form}", id)

    def restore(self, id: int, form: str = "case") -> None:
        with self.as_system("restore") as ctx:
            save.restore(ctx, f"desk.{form}", id)

    def press(self, id: int, button: str, person: int) -> None:
        with self.transaction(Actor(user=person), "person") as ctx:
            append(ctx, Event("pressed", "desk.case", id, name=button))
        self.work()

    def receive(self, address: str, body: Any, delivery: str) -> None:
        with self.as_system("api") as ctx:
            append(ctx, Event("received", new=body, name=address, uid=delivery))
        self.work()

    def row(self, id: int, form: str = "case") -> Mapping[str, Any]:
        table = self.space.tables[f"desk.{form}"]
        with self.store.read() as connection:
            return dict(connection.execute(select(table).where(table.c.id == id)).mappings().one())

    def rows(self, form: str) -> list[Mapping[str, Any]]:
        table = self.space.tables[f"desk.{form}"]
        with self.store.read() as connection:
            return [dict(r) for r in connection.execute(select(table).where(table.c.deleted_at.is_(None)).order_by(table.c.id)).mappings()]

    def work(self) -> int:
        return service.work(self)

    def wait(self, **span: float) -> None:
        """As the virtual clock walks: to each next due instant, working until quiet, and then on."""
        end = self.clock.now() + timedelta(**span)
        self.work()
        while True:
            with self.as_system() as ctx:
                due = service.next_due(ctx)
            if due is None or due > end:
                break
            assert due > self.clock.now() or self.work() == 0
            if due <= self.clock.now():
                break
            self.clock.move_to(due)
            self.work()
        self.clock.move_to(end)
        self.work()

    def jump(self, **span: float) -> None:
        """A downtime: time passes and nobody works."""
        self.clock.move_to(self.clock.now() + timedelta(**span))

    def runs(self, automation: str = "") -> list[Row[Any]]:
        query = select(run_table).order_by(run_table.c.id)
        if automation:
            query = query.where(run_table.c.automation == f"desk.{automation}")
        with self.store.read() as connection:
            return list(connection.execute(query))

    def outcomes(self, automation: str = "") -> list[str]:
        return [run.outcome or run.state for run in self.runs(automation)]

    def steps(self, run: int) -> list[Row[Any]]:
        with self.store.read() as connection:
            return list(connection.execute(select(step_table).where(step_table.c.run == run).order_by(step_table.c.id)))

    def messages(self, kind: str = "inbox") -> list[Row[Any]]:
        query = select(notification_table).where(notification_table.c.kind == kind).order_by(notification_table.c.id)
        with self.store.read() as connection:
            return list(connection.execute(query))

    def person(self, name: str, **values: Any) -> int:
        with self.store.write() as connection:
            made = connection.execute(insert(user).values(uid=f"u-{name}", name=name, active=True, **values).returning(user.c.id))
            return int(made.scalar_one())

    def count(self, table: Any) -> int:
        with self.store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def build(url: str, *automations: str, calendar: Calendar | None = None, more: Mapping[str, str] | None = None) -> World:
    app = compiled(*automations, more=more)
    forms = {**SYSTEM_FORMS, **{f.key: replace(f, table=f"desk__{f.id}") for f in app.forms.values()}}
    metadata = MetaData()
    tables = build_tables(forms, field_types, metadata)
    store = Store(url)
    store.prepare()
    with store.write() as connection:
        ours = [t for t in metadata.sorted_tables]
        metadata.create_all(connection, tables=ours)
    space = Workspace(1, {"desk": app}, forms, tables, calendar or Calendar())
    world = World(store, space, VirtualClock(MONDAY))
    with world.as_system() as ctx:
        service.install(ctx)
    return world


def texts(rows: Sequence[Row[Any]]) -> list[str]:
    return [row.body for row in rows]
