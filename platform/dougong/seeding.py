"""Records that come with an app: reference data at install, sample data and people for a demo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import select

from dougong.context import SYSTEM, Ctx
from dougong.expr.compile import compile_template
from dougong.expr.scope import Scope
from dougong.expr.to_python import render
from dougong.people import roles, tables, users
from dougong.people.users import Person
from dougong.problems import NOWHERE, Problem, Problems
from dougong.records import entry, save
from dougong.records.row import column_of
from dougong.records.source import environment
from dougong.spec.app import App, Data

PEOPLE = "user"
Told = Callable[[int, int], None]


def load(ctx: Ctx, app: App, *, sample: bool, told: Told = lambda done, of: None) -> int:
    """Writes the rows of `data:` files that are not there yet (found again by their `key`); how many were written.

    Rows go through the save steps like anybody's, as the system, telling no rule of it.
    """
    chosen = [d for d in app.data if d.sample == sample]
    total = sum(len(d.rows) for d in chosen)
    written = done = 0
    for data in _in_order(ctx, chosen):
        for row in data.rows:
            written += _person(ctx, app, row) if data.form == PEOPLE else _record(ctx, app, data, row)
            done += 1
            told(done, total)
    return written


def _in_order(ctx: Ctx, data: Iterable[Data]) -> list[Data]:
    """People first, then each form after those its links lead to."""
    waiting, out = sorted(data, key=lambda d: d.form != PEOPLE), list[Data]()
    while waiting:
        left = {d.form for d in waiting}
        ready = [d for d in waiting if not (_targets(ctx, d.form) - {d.form}) & left] or waiting[:1]
        out += ready
        waiting = [d for d in waiting if d not in ready]
    return out


def _targets(ctx: Ctx, form: str) -> set[str]:
    found: set[str] = set()
    for field in ctx.workspace.forms[form].fields.values():
        child = ctx.workspace.forms.get(field.target)
        if child and child.lines_of and not field.computed:
            found |= _targets(ctx, child.key) - {form}
        elif field.value.kind == "record":
            found.add(field.target)
    return found


def _record(ctx: Ctx, app: App, data: Data, row: Mapping[str, Any]) -> int:
    form = ctx.workspace.forms[data.form]
    as_app = ctx.as_(SYSTEM, "demo" if data.sample else "upgrade")
    raw = {name: _written(ctx, app, cell) for name, cell in row.items()}
    final = {name: value for name, (value, done) in raw.items() if done}
    values = entry.parse(as_app, form, {name: value for name, (value, done) in raw.items() if not done})
    table = ctx.workspace.tables[data.form]
    if data.key and ctx.connection.execute(select(table.c.id).where(column_of(form, table, data.key) == values.get(data.key))).first():
        return 0
    values |= final
    stage: dict[str, Any] = {name: values.pop(name) for name in ("stage", "stage_since") if name in values}
    saved = save.create(as_app, data.form, values)
    if stage:
        save.edit(ctx.as_(SYSTEM, "workflow"), data.form, saved.id, stage)
    return 1


def _written(ctx: Ctx, app: App, cell: Any) -> tuple[Any, bool]:
    """A cell's value, `{{ now - days(3) }}` worked out, and whether it is final."""
    if isinstance(cell, list):
        return [_written(ctx, app, item)[0] for item in cell], False
    if isinstance(cell, Mapping):
        return {name: _written(ctx, app, inner)[0] for name, inner in cell.items()}, False
    if not isinstance(cell, str) or "{{" not in cell:
        return cell, False
    scope = Scope(app.id, {key: form.shape for key, form in ctx.workspace.forms.items()}, None)
    template, problems = compile_template(cell, NOWHERE, scope)
    if template is None:
        raise Problems(problems)
    return render(template, environment(ctx, "", {}), lambda value, _: str(value)), template.single is not None


def _person(ctx: Ctx, app: App, row: Mapping[str, Any]) -> int:
    login = str(row["login"])
    if ctx.connection.execute(select(tables.login.c.user).where(tables.login.c.name == login)).first():
        return 0
    manager = ctx.connection.execute(select(tables.login.c.user).where(tables.login.c.name == str(row.get("manager", "")))).scalar()
    if row.get("manager") and manager is None:
        raise Problems([Problem("seed-no-manager", {"name": row["manager"]})])
    email, phone, region, title = (str(row.get(name, "")) for name in ("email", "phone", "region", "title"))
    person = Person(str(row["name"]), email=email, phone=phone, login=login, manager=manager, region=region, title=title, language="")
    id = users.create(ctx.connection, person)
    roles.give(ctx.connection, id, app.id, str(row["role"]))
    return 1
