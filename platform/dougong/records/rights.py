"""What an actor may do with a form, its rows and its fields (SEMANTICS 11). Default: nothing.

Row rules stand in templates as formulas. Reading compiles them into WHERE; a save asks them of the row
as it was and as it will be. There is no second way to the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, false, or_, select, true

from dougong.context import Ctx
from dougong.expr.to_python import evaluate
from dougong.expr.to_sql import to_sql
from dougong.records.row import column_of
from dougong.records.source import RecordSource, environment, sql_scope
from dougong.spec.app import Grant
from dougong.spec.form import Form

PUBLIC_TO_COLLEAGUES = frozenset({"user", "team"})
"""Everybody in the workspace sees names of people and teams: owners are shown in every list."""


@dataclass(frozen=True)
class Access:
    """An actor's grants on one form; `everything` skips rows and fields (system, the form's own app's automations)."""

    form: Form
    grants: tuple[Grant, ...]
    everything: bool = False

    def may(self, verb: str) -> bool:
        return self.everything or any(verb in g.may for g in self.grants)

    def hidden(self, field: str) -> bool:
        """Hidden only if every grant hides it: several roles add up."""
        return not self.everything and all(field in g.hide for g in self.grants)

    def masked(self, field: str) -> bool:
        return not self.everything and all(field in g.mask or field in g.hide for g in self.grants)

    def read_only(self, field: str) -> bool:
        closed = [g for g in self.grants if "edit" in g.may or "add" in g.may]
        return not self.everything and all(field in g.read_only | g.hide | g.mask for g in closed)


def access(ctx: Ctx, form_key: str) -> Access:
    """The actor's grants on the form; lines follow the form they belong to."""
    form = ctx.workspace.forms[form_key]
    if form.lines_of:
        return access(ctx, form.lines_of[0])
    actor = ctx.actor
    if actor.system or (actor.app and actor.app in _reachable(ctx, form)):
        return Access(form, (), everything=True)
    if form_key in PUBLIC_TO_COLLEAGUES:
        # They are changed through people/ alone, which keeps hierarchy and sign-in names in step.
        return Access(form, (Grant(form_key, frozenset({"see"})),) if actor.user else ())
    grants = []
    for name in sorted(actor.roles):
        app, _, role = name.partition(".")
        found = ctx.workspace.apps[app].roles.get(role) if app in ctx.workspace.apps else None
        if found and form_key in found.can:
            grants.append(found.can[form_key])
    return Access(form, tuple(grants))


def _reachable(ctx: Ctx, form: Form) -> frozenset[str]:
    """The apps whose automations may touch the form: its own and those that declare it under `needs`."""
    return frozenset(a.id for a in ctx.workspace.apps.values() if a.id == form.app or form.app in a.needs) or frozenset({form.app})


def where(ctx: Ctx, form_key: str, row: FromClause, verb: str = "see") -> ColumnElement[bool]:
    """The rows of `row` (the form's table or an alias) on which the actor may `verb`."""
    form = ctx.workspace.forms[form_key]
    if form.lines_of:
        parent = ctx.workspace.tables[form.lines_of[0]].alias()
        return column_of(form, row, "parent").in_(select(parent.c.id).where(where(ctx, form.lines_of[0], parent, verb)))
    allowed = access(ctx, form_key)
    if allowed.everything:
        return true()
    branches = [_branch(ctx, grant, form_key, row, verb) for grant in allowed.grants if verb in grant.may]
    return or_(*branches) if branches else false()


def _branch(ctx: Ctx, grant: Grant, form_key: str, row: FromClause, verb: str) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = []
    if grant.only:
        parts.append(to_sql(grant.only, sql_scope(ctx, form_key, row)))
    if grant.follows:
        target = ctx.workspace.forms[form_key].fields[grant.follows].target
        other = ctx.workspace.tables[target].alias()
        # The right to see the parent carries its children; adding a child is adding to a parent one may see.
        parts.append(column_of(ctx.workspace.forms[form_key], row, grant.follows).in_(select(other.c.id).where(where(ctx, target, other), other.c.deleted_at.is_(None))))
    return and_(*parts) if parts else true()


def allows(ctx: Ctx, form_key: str, values: Mapping[str, Any], verb: str, source: RecordSource) -> bool:
    """The same question of one record in hand; answers as `where` would."""
    form = ctx.workspace.forms[form_key]
    if form.lines_of:
        parent = source.record(form.lines_of[0], values["parent"])
        return parent is not None and allows(ctx, form.lines_of[0], parent, verb, source)
    allowed = access(ctx, form_key)
    if allowed.everything:
        return True
    return any(_holds(ctx, g, form, values, source) for g in allowed.grants if verb in g.may)


def _holds(ctx: Ctx, grant: Grant, form: Form, values: Mapping[str, Any], source: RecordSource) -> bool:
    if grant.only and not evaluate(grant.only, environment(ctx, form.key, values, source=source)):
        return False
    if grant.follows:
        target = form.fields[grant.follows].target
        found = source.record(target, values[grant.follows]) if values.get(grant.follows) else None
        return found is not None and allows(ctx, target, found, "see", source)
    return True


def reader_source(ctx: Ctx) -> RecordSource:
    """A source whose every hop stays within what the actor may see."""
    visible: Callable[[str, FromClause], ColumnElement[bool]] = lambda form, row: where(ctx, form, row)  # noqa: E731
    return RecordSource(ctx, visible)
