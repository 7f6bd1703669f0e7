"""A small app on a real database, with people and a clock that stands still: what behaviour tests stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select

from dougong.clock import VirtualClock
from dougong.context import SYSTEM, Actor, Ctx, Origin
from dougong.events.outbox import event_table
from dougong.lifecycle import install
from dougong.people import roles, users
from dougong.people.users import Person
from dougong.problems import Problem, Problems
from dougong.records import entry, save
from dougong.records.draft import Saved
from dougong.records.row import from_row
from dougong.runtime import Runtime
from dougong.settings import Settings
from dougong.spec.app import Workspace

T = TypeVar("T")
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""09:00 in Shanghai."""
APP = "desk"
HEAD = f"app: {APP}\nname: 台账\nversion: '1'\n"
Base = tuple[str, Workspace, dict[str, int]]


@dataclass
class Ground:
    """Forms by their own id (the app is always `desk`); people by login. Without `who` the system acts."""

    runtime: Runtime
    clock: VirtualClock
    people: Mapping[str, int]

    @property
    def workspace(self) -> Workspace:
        return self.runtime.workspace()

    def actor(self, who: str) -> Actor:
        return self.runtime.actor(self.people[who]) if who else SYSTEM

    @contextmanager
    def transaction(self, who: str = "", origin: Origin = "person") -> Iterator[Ctx]:
        with self.runtime.transaction(self.actor(who), origin) as ctx:
            yield ctx

    def read(self, work: Callable[[Ctx], T], who: str = "") -> T:
        with self.runtime.read(self.actor(who)) as ctx:
            return work(ctx)

    def write(self, work: Callable[[Ctx], T], who: str = "", origin: Origin = "person") -> T:
        with self.transaction(who, origin) as ctx:
            return work(ctx)

    def create(
        self,
        form: str,
        values: Mapping[str, Any] | None = None,
        *,
        who: str = "",
        origin: Origin = "person",
        uid: str | None = None,
        **more: Any,
    ) -> Saved:
        with self.transaction(who, origin) as ctx:
            return save.create(ctx, key(form), self.parsed(ctx, form, {**(values or {}), **more}), uid)

    def edit(
        self,
        form: str,
        id: int,
        values: Mapping[str, Any] | None = None,
        *,
        who: str = "",
        origin: Origin = "person",
        revision: int | None = None,
        **more: Any,
    ) -> Saved:
        with self.transaction(who, origin) as ctx:
            return save.edit(ctx, key(form), id, self.parsed(ctx, form, {**(values or {}), **more}), revision)

    def delete(self, form: str, id: int, *, who: str = "") -> Saved:
        return self.write(lambda ctx: save.delete(ctx, key(form), id), who)

    def restore(self, form: str, id: int, *, who: str = "") -> Saved:
        return self.write(lambda ctx: save.restore(ctx, key(form), id), who, "restore")

    def parsed(self, ctx: Ctx, form: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Strings, numbers and lists of lines as a form would send them; ids and other finished values as they are."""
        fields = ctx.workspace.forms[key(form)].fields
        raw = {n: v for n, v in values.items() if n not in fields or not _finished(fields[n].value.kind, v)}
        return {**entry.parse(ctx, ctx.workspace.forms[key(form)], raw), **{n: v for n, v in values.items() if n not in raw}}

    def row(self, form: str, id: int) -> dict[str, Any]:
        """As stored, deleted or not."""
        table = self.workspace.tables[key(form)]
        with self.runtime.store.read() as connection:
            row = connection.execute(select(table).where(table.c.id == id)).one()
        found = dict(zip(table.c.keys(), row, strict=True))
        return {**from_row(self.workspace.forms[key(form)], found), **({"position": found["position"]} if "position" in found else {})}

    def rows(self, form: str) -> list[dict[str, Any]]:
        """The live ones, oldest first."""
        table = self.workspace.tables[key(form)]
        with self.runtime.store.read() as connection:
            ids = connection.execute(select(table.c.id).where(table.c.deleted_at.is_(None)).order_by(table.c.id)).scalars().all()
        return [self.row(form, id) for id in ids]

    def values(self, form: str, id: int, *names: str) -> tuple[Any, ...]:
        row = self.row(form, id)
        return tuple(row[name] for name in names)

    def count(self, table: Any) -> int:
        with self.runtime.store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    def events(self, form: str) -> list[Any]:
        e = event_table
        with self.runtime.store.read() as connection:
            return list(connection.execute(select(e).where(e.c.form == key(form)).order_by(e.c.id)))


def key(form: str) -> str:
    return form if form in ("user", "team") or "." in form else f"{APP}.{form}"


def codes(refused: Problems) -> list[tuple[str, str]]:
    """(field, code) of every problem."""
    return sorted((p.field, p.code) for p in refused.problems)


def told(refused: Problems) -> Problem:
    """The one problem there is."""
    (problem,) = refused.problems
    return problem


def settings(url: str) -> Settings:
    return Settings(url, "", Path("/nonexistent"), "", frozenset(), "")


def sources(forms: Sequence[str]) -> dict[str, str]:
    return {"app.yaml": HEAD, **{f"part{n}.yaml": text for n, text in enumerate(forms)}}


def set_up(url: str, app: Sequence[str], people: Mapping[str, Mapping[str, Any]]) -> tuple[Workspace, dict[str, int]]:
    """Installs the app and enters the people, managers before those they lead: `{wang: {manager: li, roles: [clerk]}}`."""
    with closing(Runtime(settings(url), VirtualClock(MONDAY))) as runtime:
        install(runtime, sources(app), who="test")
        with runtime.transaction(SYSTEM, "demo") as ctx:
            ids: dict[str, int] = {}
            for login, given in people.items():
                more = {k: v for k, v in given.items() if k not in ("manager", "roles")}
                ids[login] = users.create(
                    ctx.connection, Person(name=login, login=login, manager=ids.get(given.get("manager", "")), **more)
                )
                for role in given.get("roles", ()):
                    roles.give(ctx.connection, ids[login], APP, role)
        return runtime.workspace(), ids


def _finished(kind: str, value: Any) -> bool:
    if isinstance(value, tuple) and kind == "records":
        return True
    return kind in ("record", "datetime", "date", "records") and not isinstance(value, str | list | Mapping)


@cache
def clerk(*forms: str, more: str = "") -> str:
    """A role `clerk` that may do everything with these forms."""
    can = ", ".join(f"{f}: {{may: [see, add, edit, delete]}}" for f in forms)
    return f"role: clerk\nname: 文员\ncan: {{{can}}}\n{more}"
