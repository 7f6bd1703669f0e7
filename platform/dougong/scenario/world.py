"""The stage a scenario plays on: people, a moving clock, and what has happened so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import uuid4

from dougong.clock import VirtualClock
from dougong.context import Actor, Ctx, Origin
from dougong.expr.compile import compile_expr, compile_template
from dougong.expr.scope import Scope
from dougong.expr.to_python import evaluate, render
from dougong.expr.types import Span, Type, record
from dougong.expr.values import decode
from dougong.fields.base import Reference, field_types
from dougong.files import attachments
from dougong.people import roles, users
from dougong.people.users import Person
from dougong.problems import NOWHERE, Problem, Problems
from dougong.records import entry, importing
from dougong.records.references import uid_of
from dougong.records.source import RecordSource, environment
from dougong.spec.app import App, Scenario, Workspace
from dougong.spec.form import Form

SAMPLE = "sample"
SAMPLE_FILE = attachments.Received("sample.png", "image", "image/png", 68, "", "")
"""What `sample` in a file field stands for: an attachment as the page would have uploaded it."""


class Machine(Protocol):
    """What the runner needs of a runtime."""

    clock: Any

    def workspace(self) -> Workspace: ...
    def transaction(self, actor: Actor, origin: Origin = ...) -> Any: ...
    def read(self, actor: Actor) -> Any: ...
    def actor(self, user: int) -> Actor: ...
    def work(self) -> int: ...
    def next_due(self) -> datetime | None: ...
    def close(self) -> None: ...


@dataclass
class World:
    """`named` are the records that `call_it` named: (form key, id); `warned` is what the last save went through with,
    `imported` what the last import did."""

    machine: Machine
    app: App
    clock: VirtualClock
    people: dict[str, int] = field(default_factory=dict)
    named: dict[str, tuple[str, int]] = field(default_factory=dict)
    who: str = ""
    warned: tuple[Problem, ...] = ()
    imported: importing.Report = field(default_factory=importing.Report)

    @property
    def actor(self) -> Actor:
        return self.machine.actor(self.people[self.who])

    def form(self, id: str) -> Form:
        """Raises Problems `scenario-no-form`."""
        key = id if "." in id else f"{self.app.id}.{id}"
        if key not in self.machine.workspace().forms:
            raise Problems([Problem("scenario-no-form", {"form": id})])
        return self.machine.workspace().forms[key]

    def user(self, name: str) -> int:
        if name not in self.people:
            raise Problems([Problem("scenario-no-person", {"name": name})])
        return self.people[name]

    def record(self, name: str) -> tuple[str, int]:
        if name not in self.named:
            raise Problems([Problem("scenario-no-record", {"name": name})])
        return self.named[name]

    def values(self, ctx: Ctx, form: Form, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Values as a scenario writes them: plain ones as a person would type them, `{{ … }}` computed, `user.li` a person."""
        ready: dict[str, Any] = {}
        typed: dict[str, Any] = {}
        for name, written in raw.items():
            value, done = self._value(ctx, written)
            if value == SAMPLE and name in form.fields and form.fields[name].value.kind == "file":
                value = attachments.keep(ctx.connection, replace(SAMPLE_FILE, key=uuid4().hex), ctx.actor.user, ctx.now).uid
            (ready if done else typed)[name] = value
        return {**entry.parse(ctx, form, typed), **ready}

    def _value(self, ctx: Ctx, written: Any) -> tuple[Any, bool]:
        """The value, and whether it is final (else it still goes through the field's parser)."""
        if isinstance(written, list):
            return [self._line(ctx, item) if isinstance(item, Mapping) else self._value(ctx, item)[0] for item in written], False
        if not isinstance(written, str):
            return written, False
        if written.startswith("user.") and written[5:] in self.people:
            return Reference(words=written[5:]), False
        if "{{" not in written:
            return written, False
        template, problems = compile_template(written, NOWHERE, self._scope())
        if template is None:
            raise Problems(problems)
        value = render(template, self._env(ctx), lambda v, _: "" if v is None else str(v))
        if template.single is not None and (kind := template.single.type).kind == "record" and value is not None:
            return Reference(uid=uid_of(ctx, kind.form, value)), False
        return value, template.single is not None

    def _line(self, ctx: Ctx, line: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._value(ctx, written)[0] for name, written in line.items()}

    def expected(self, ctx: Ctx, form: Form, field_id: str, told: Any) -> Any:
        """The value that `told` means for a field, computed ones included."""
        field = form.fields[field_id]
        value, final = self._value(ctx, told)
        if final or value is None:
            return value
        if isinstance(value, Reference) or not field_types[field.type].read_only:
            return entry.parse(ctx, form, {field_id: value})[field_id]
        return _typed(value, field.value)

    def holds(self, ctx: Ctx, form: Form, row: Mapping[str, Any], formula: str) -> bool:
        """A condition of an expectation, standing on `row`."""
        scope = self._scope(form)
        compiled, problems = compile_expr(formula, NOWHERE, scope)
        if compiled is None:
            raise Problems(problems)
        return bool(evaluate(compiled, environment(ctx, form.key, row, names={name: id for name, (_, id) in self.named.items()})))

    def wait(self, span: Span) -> None:
        """Walks to each next due instant and does the work there, so that order and count are those of real time (SEMANTICS 3)."""
        target = self.machine.workspace().calendar.plus(self.clock.now(), span)
        self.machine.work()
        while (due := self.machine.next_due()) is not None and due <= target:
            self.clock.move_to(due)
            if not self.machine.work() and self.machine.next_due() == due:
                raise Problems([Problem("scenario-stuck", {"at": str(due)})])
        self.clock.move_to(target)
        self.machine.work()

    def enter(self, scenario: Scenario) -> None:
        """The people with their managers and roles."""
        with self.machine.transaction(Actor(system=True, name="system"), "demo") as ctx:
            waiting = dict(scenario.people)
            while waiting:
                ready = [n for n, p in waiting.items() if not p.get("manager") or p["manager"] in self.people]
                if not ready:
                    raise Problems([Problem("scenario-no-person", {"name": next(iter(waiting.values()))["manager"]})])
                for name in ready:
                    self._person(ctx, name, waiting.pop(name))
        self.who = scenario.as_ or next(iter(scenario.people))

    def _person(self, ctx: Ctx, name: str, told: Mapping[str, Any]) -> None:
        manager = self.people.get(str(told.get("manager", "")))
        called, region = str(told.get("name", name)), str(told.get("region", ""))
        person = Person(name=called, login=name, manager=manager, region=region, email=f"{name}@example.com")
        self.people[name] = users.create(ctx.connection, person)
        given = told.get("role") or told.get("roles") or ()
        for role in [given] if isinstance(given, str) else given:
            app, _, id = role.rpartition(".")
            roles.give(ctx.connection, self.people[name], app or self.app.id, id)

    def _scope(self, form: Form | None = None) -> Scope:
        forms = {key: f.shape for key, f in self.machine.workspace().forms.items()}
        names = {name: record(key) for name, (key, _) in self.named.items()}
        return Scope(self.app.id, forms, form.shape if form else None, names=names)

    def _env(self, ctx: Ctx) -> Any:
        return environment(ctx, "", {}, source=RecordSource(ctx), names={name: id for name, (_, id) in self.named.items()})


def _typed(value: Any, type_: Type) -> Any:
    """A plain YAML value as the type's own: what a computed field is compared with."""
    if type_.kind == "number" and type_.scale and not isinstance(value, bool):
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-type_.scale))
    if type_.kind in ("date", "datetime") and isinstance(value, str):
        return decode(value, type_).astimezone(UTC) if type_.kind == "datetime" else decode(value, type_)
    return value
