"""The installed apps as one compiled workspace, bound to its tables."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, MetaData, select

import dougong.fields  # noqa: F401 - fills the registry
from dougong.automation.actions import actions
from dougong.automation.deadlines import deadlines
from dougong.automation.triggers import triggers
from dougong.automation.triggers.base import TimeTrigger
from dougong.expr.tree import Node
from dougong.expr.types import Calendar
from dougong.fields.base import Locale, Refused, field_types
from dougong.lang.compile import Compiled, compile_app
from dougong.lang.vocabulary import Vocabulary
from dougong.notify.channels import channels
from dougong.people import company
from dougong.people.forms import SYSTEM_FORMS
from dougong.people.hierarchy import closure
from dougong.records import aggregates
from dougong.spec.app import App, Question, Workspace
from dougong.spec.form import Field, Form
from dougong.store import physical, staged, system
from dougong.store.tables import build_tables

log = logging.getLogger("dougong")

VOCABULARY = Vocabulary(field_types, triggers, actions, channels, SYSTEM_FORMS)


def compile_sources(sources: Mapping[str, str], others: Mapping[str, Form] | None = None, *, tolerant: bool = True) -> Compiled:
    """YAML by relative path → the app, or its problems."""
    return compile_app(sources, VOCABULARY, others or {}, tolerant=tolerant)


def load_workspace(connection: Connection) -> Workspace:
    """All installed apps, compiled and bound to their tables. A broken app is left out, visibly, and takes nothing with it."""
    row = system.read_workspace(connection)
    apps: dict[str, App] = {}
    table = system.app
    for installed in connection.execute(select(table).where(table.c.enabled).order_by(table.c.installed_at, table.c.id)):
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
        tables={**tables, "user.managers": closure},
        calendar=home.calendar if home else Calendar(),
        settings={id: _answers(app, answers.get(id, {})) for id, app in bound.items()},
        name=home.name if home else "",
        locale=str(row.settings.get("locale", "zh-CN")),
        currency=next((a.currency for a in bound.values()), "CNY"),
        read_only=staged.read_only(connection),
        key=row.secret.encode(),
    )


def _answers(app: App, given: Mapping[str, Any]) -> dict[str, Any]:
    return {q.id: _answer(q, given.get(q.id, q.default)) for q in app.questions.values()}


def _answer(question: Question, written: Any) -> Any:
    """The value of an answer as it was written; None where it can't be read."""
    kind = question.type
    word = {"number": kind.unit or ("decimal" if kind.scale else "integer"), "span": "duration"}.get(kind.kind, kind.kind)
    try:
        return field_types[word].parse(Field(question.id, question.name, word, kind), written, Locale())
    except Refused:
        return None


def index_requests(apps: Iterable[App]) -> dict[str, set[tuple[str, ...]]]:
    """What to index besides what fields ask for themselves, by form key: the fields that time rules walk along (SEMANTICS 4),
    and for each sorted view those that its condition holds fast, then the one it is sorted by (SEMANTICS 15); for stored
    aggregates the link to the parent with the column they seek along (SEMANTICS 6)."""
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for app in apps:
        for form, columns in aggregates.seeks(app.forms.values()).items():
            wanted.setdefault(form, set()).update(columns)
        for automation in (*app.automations.values(), *deadlines(app)):
            kind = triggers.get(automation.on.kind)
            if isinstance(kind, TimeTrigger) and automation.on.form and not automation.broken:
                wanted.setdefault(automation.on.form, set()).add((kind.since(automation.on),))
        for view in app.views.values():
            if view.sort:
                held = sorted(_held_fast(view.if_.root)) if view.if_ else []
                wanted.setdefault(view.form, set()).add((*(f for f in held if f != view.sort[0].field), view.sort[0].field))
    return wanted


def _held_fast(node: Node) -> set[str]:
    """Own fields that must equal one value where the condition holds."""
    if node.op == "and":
        return {field for part in node.args for field in _held_fast(part)}
    own = [side.value for side in node.args if side.op == "get" and side.args[0].op == "row"] if node.op == "eq" else []
    return set(own) if len(own) == 1 else set()
