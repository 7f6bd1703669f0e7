"""The life of an app in a workspace: planned, installed, changed, taken back, removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, MetaData, func, select

from dougong import staging
from dougong.automation import service
from dougong.automation.impact import impact
from dougong.context import SYSTEM, Ctx
from dougong.documents import pdf
from dougong.expr.to_sql import not_in_filter, to_sql
from dougong.expr.tree import Expr
from dougong.expr.types import DATETIME
from dougong.fields.base import Locale, field_types
from dougong.fields.show import show
from dougong.installed import compile_sources, index_requests
from dougong.people.forms import SYSTEM_FORMS
from dougong.problems import LOCALES, Problem, Problems
from dougong.records import upkeep
from dougong.records.source import sql_scope
from dougong.runtime import Runtime
from dougong.seeding import load
from dougong.spec.app import App
from dougong.spec.form import Form
from dougong.staging import Told
from dougong.store import ledger, search
from dougong.store.apply import Applied, apply
from dougong.store.engine import Outdated
from dougong.store.ledger import Release
from dougong.store.plan import Aim, Definition, Plan, make_plan
from dougong.store.tables import build_tables

BATCH = 500
AT_ONCE = 100_000
"""Rows of a form that an apply fills in its own transaction."""


@dataclass(frozen=True)
class Prepared:
    """A plan that can be shown and then carried out. `aim` says first what it leads to, where that isn't a template at hand."""

    plan: Plan
    release: Release
    warnings: tuple[Problem, ...] = ()
    aim: Problem | None = None

    @property
    def past(self) -> Mapping[str, Problem]:
        """By rule: records that are past already, which `carry_out` may take up."""
        return {str(fact.args["key"]): fact for fact in self.plan.beyond if fact.code == "plan-rule-past"}

    def lines(self, locale: str) -> list[str]:
        return [*([self.aim.sentence(locale)] if self.aim else []), *self.plan.lines(locale)]


def prepare(runtime: Runtime, sources: Mapping[str, str], answers: Mapping[str, Any] | None = None) -> Prepared:
    """What installing these sources would change. Raises Problems where the template is not sound."""
    workspace = runtime.workspace()
    others = {key: form for key, form in workspace.forms.items() if key not in SYSTEM_FORMS}
    compiled = compile_sources(sources, others, tolerant=False)
    if compiled.app is None:
        raise Problems(compiled.problems)
    app = compiled.app
    with runtime.store.read() as connection:
        there = ledger.installed(connection).get(app.id)
    given = {k: v for k, v in {**(there.answers if there else {}), **(answers or {})}.items() if k in app.questions}
    plan = _plan(runtime, app.id, app)
    wanted = pdf.missing() if any(path.startswith("documents/") for path in sources) else None
    return Prepared(plan, Release(app.id, app.version, dict(sources), given), (*compiled.problems, *([wanted] if wanted else [])))


def carry_out(
    runtime: Runtime,
    prepared: Prepared,
    *,
    who: str,
    kind: str = "",
    accept: Collection[str] = (),
    told: Told = lambda what, done, of: None,
    at_once: int = AT_ONCE,
    take_up: Collection[str] = (),
) -> Applied:
    """Applies the plan, then works out new computed values and loads reference data. Raises PlanRefused, Outdated.

    `take_up`: rules whose records that are past already are dealt with now (`overdue: now`, SEMANTICS 4).

    One that writes into more than `at_once` rows of a form does so in batches beforehand (SEMANTICS 10).
    """
    go_on(runtime, told)
    app = prepared.release.app
    kind = kind or ("change" if app in runtime.workspace().apps else "install")
    told("tables", 0, 1)
    if staging.is_large(prepared.plan, at_once):
        staging.begin(runtime, prepared.plan, prepared.release, kind=kind, who=who, accept=tuple(accept))
        if (applied := go_on(runtime, told)) is None:  # another process saw it through
            raise Outdated(runtime.workspace().revision)
        _take_up(runtime, take_up)
        return applied
    applied = apply(runtime.store, prepared.plan, prepared.release, kind=kind, who=who, now=runtime.clock.now(), accept=accept)
    told("tables", 1, 1)
    _complete(runtime, app, applied, told)
    _take_up(runtime, take_up)
    return applied


def _take_up(runtime: Runtime, rules: Collection[str]) -> None:
    if rules:
        with runtime.transaction(SYSTEM, "upgrade") as ctx:
            for rule in rules:
                service.take_up(ctx, rule)


def go_on(runtime: Runtime, told: Told = lambda what, done, of: None) -> Applied | None:
    """Sees a large change through that was broken off, if there is one: at a start, and before any other change.

    Raises Problems where it no longer can be; then all is as before it.
    """
    while (now := staging.under_way(runtime)) is not None:
        try:
            plan = prepare(runtime, now.release.sources, now.release.answers).plan
            staging.fill(runtime, plan, told)
            applied = staging.finish(runtime, plan)
        except Outdated:  # somebody changed the workspace's settings
            continue
        except Problems:
            staging.abandon(runtime)
            raise
        if applied is not None:
            _complete(runtime, now.release.app, applied, told)
        return applied
    return None


def _complete(runtime: Runtime, app: str, applied: Applied, told: Told) -> None:
    """What follows an apply in transactions of its own."""
    if applied.number is not None:
        _fill(runtime, applied, told)
        if app in runtime.workspace().apps:
            with runtime.transaction(SYSTEM, "upgrade") as ctx:
                load(ctx, ctx.workspace.apps[app], sample=False, told=lambda done, of: told("data", done, of))
        with runtime.transaction(SYSTEM, "upgrade") as ctx:
            service.install(ctx)  # time rules begin to count from here; the worker, woken by this commit, does what they find


def install(
    runtime: Runtime, sources: Mapping[str, str], *, who: str, answers: Mapping[str, Any] | None = None, accept: Collection[str] = ()
) -> Applied:
    """Plan and apply in one go; again where the apps changed in between."""
    for _ in range(3):
        try:
            return carry_out(runtime, prepare(runtime, sources, answers), who=who, accept=accept)
        except Outdated:
            continue
    raise Problems([Problem("workspace-busy")])


def prepare_rollback(runtime: Runtime, app: str, number: int | None = None) -> Prepared:
    """A plan forward to what apply `number` of the app left behind (SEMANTICS 10), by default one version back, and one more each time.

    Raises Problems `nothing-to-roll-back`.
    """
    with runtime.store.read() as connection:
        try:
            version = ledger.earlier(connection, app, number)
        except LookupError:
            raise Problems([Problem("nothing-to-roll-back", {"app": app})]) from None
    if not version.sources:
        return replace(prepare_removal(runtime, app), aim=Problem("rollback-to-nothing", {"app": app}))
    ready, calendar = prepare(runtime, version.sources), runtime.workspace().calendar
    at = {code: show(version.at, DATETIME, code, calendar) for code in LOCALES}
    args = {"app": app, "version": ready.release.version, "number": version.number, "at": at, "who": version.who}
    return replace(ready, aim=Problem("rollback-to" if version.number else "rollback-to-first", args))


def prepare_removal(runtime: Runtime, app: str) -> Prepared:
    """A plan that sets everything of the app aside. Raises Problems `app-not-installed`."""
    there = runtime.workspace().apps.get(app)
    if there is None:
        raise Problems([Problem("app-not-installed", {"app": app})])
    return Prepared(_plan(runtime, app, None), Release(app, there.version, {}, {}))


def _plan(runtime: Runtime, id: str, app: App | None) -> Plan:
    workspace = runtime.workspace()
    rest = {key: form for key, form in workspace.forms.items() if form.app != id}
    after = {**rest, **({f.key: f for f in app.forms.values()} if app else {})}
    apps = [a for a in workspace.apps.values() if a.id != id] + ([app] if app else [])
    aim = Aim(
        app=id,
        before=Definition(workspace.forms, index_requests(workspace.apps.values())),
        after=Definition(after, index_requests(apps)),
        types=field_types,
        locale=Locale(workspace.locale, workspace.calendar, workspace.currency),
        breaking=partial(_breaking, runtime),
        beyond=partial(_beyond, runtime, id, app),
    )
    with runtime.store.read() as connection:
        return make_plan(connection, aim)


def _beyond(runtime: Runtime, id: str, app: App | None, connection: Connection) -> list[Problem]:
    workspace = runtime.workspace()
    return impact(Ctx(workspace, connection, SYSTEM, runtime.clock, runtime.clock.now()), id, app)


def _breaking(runtime: Runtime, connection: Connection, form: Form, condition: Expr) -> int | None:
    """Live rows for which a new refusing condition holds; None where it reads what isn't stored yet or can't become SQL."""
    others = {key: other for key, other in runtime.workspace().forms.items() if other.table != form.table}  # it may be called anew
    forms = {**others, form.key: form}
    tables = build_tables(forms, field_types, MetaData())
    table = tables[form.key]
    known = {f.id for f in form.fields.values() if f.key in table.c}
    if not_in_filter(condition) is not None or not {path[0] for path in condition.reads if path} <= known:
        return None
    now = runtime.clock.now()
    ctx = Ctx(replace(runtime.workspace(), forms=forms, tables=tables), connection, SYSTEM, runtime.clock, now)
    query = select(func.count()).select_from(table).where(table.c.deleted_at.is_(None), to_sql(condition, sql_scope(ctx, form.key, table)))
    return int(connection.execute(query).scalar_one())


def _fill(runtime: Runtime, applied: Applied, told: Told) -> None:
    """Computed values and search words of rows that were there before their field was."""
    for form in applied.fills:
        _recompute_all(runtime, form, told)
    for form in applied.unsearched:
        after: int | None = 0
        while after is not None:
            with runtime.store.write() as connection:
                after = search.rebuild(connection, runtime.workspace().tables[form], after)


def _recompute_all(runtime: Runtime, form: str, told: Told) -> None:
    table = runtime.workspace().tables[form]
    with runtime.store.read() as connection:
        ids = connection.execute(select(table.c.id).where(table.c.deleted_at.is_(None)).order_by(table.c.id)).scalars().all()
    for start in range(0, len(ids), BATCH):
        with runtime.transaction(SYSTEM, "upgrade") as ctx:
            upkeep.recompute_many(ctx, form, dict.fromkeys(ids[start : start + BATCH]), origin="upgrade")
        told(form, min(start + BATCH, len(ids)), len(ids))
