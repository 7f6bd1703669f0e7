"""What an actor may do with a form and its rows (SEMANTICS 11).

Row rules stand in templates as formulas. Reading compiles them into WHERE; a save asks them of the row
as it was and as it will be. There is no second way to the tables.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, false, or_, select, true

from dougong.context import Ctx
from dougong.expr.to_sql import to_sql
from dougong.records.access import Access, access, allows
from dougong.records.present import within_rights
from dougong.records.row import column_of
from dougong.records.source import RecordSource, sql_scope
from dougong.spec.app import Grant
from dougong.spec.form import Form

__all__ = ["Access", "access", "allows", "reader_source", "where"]


def where(ctx: Ctx, form_key: str, row: FromClause, verb: str = "see") -> ColumnElement[bool]:
    """The rows of `row` (the form's table or an alias) on which the actor may `verb`."""
    allowed = access(ctx, form_key)
    if allowed.everything:
        return true()
    branches = [_branch(ctx, grant, ctx.workspace.forms[form_key], row) for grant in allowed.grants if verb in grant.may]
    return or_(*branches) if branches else false()


def _branch(ctx: Ctx, grant: Grant, form: Form, row: FromClause) -> ColumnElement[bool]:
    if form.lines_of:
        owner = ctx.workspace.forms[form.lines_of[0]]
        parent = ctx.workspace.tables[owner.key].alias()
        seen = select(parent.c.id).where(_branch(ctx, grant, owner, parent), parent.c.deleted_at.is_(None))
        return column_of(form, row, "parent").in_(seen)
    parts: list[ColumnElement[bool]] = []
    if grant.only:
        parts.append(to_sql(grant.only, sql_scope(ctx, form.key, row)))
    if grant.follows:
        target = form.fields[grant.follows].target
        other = ctx.workspace.tables[target].alias()
        # The right to see the parent carries its children; adding a child is adding to a parent one may see.
        seen = select(other.c.id).where(where(ctx, target, other), other.c.deleted_at.is_(None))
        parts.append(column_of(form, row, grant.follows).in_(seen))
    return and_(*parts) if parts else true()


def reader_source(ctx: Ctx) -> RecordSource:
    """A source whose every hop stays within what the actor may see: rows and fields."""
    return RecordSource(ctx, visible=lambda form, row: where(ctx, form, row), reads=lambda form, row: within_rights(ctx, form, row))
