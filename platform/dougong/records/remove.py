"""What happens to the records below a deleted one: kept, deleted with it, or a reason to refuse (SEMANTICS 7)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from dougong.context import Ctx
from dougong.records.draft import Draft
from dougong.records.row import column_of
from dougong.spec.form import Field, Form


def check_children(draft: Draft) -> None:
    """Refuses where a child form that says nothing else (`on_delete`) still has live records."""
    if draft.kind != "delete":
        return
    for child, field in _children(draft.ctx, draft.form):
        if _mode(draft.form, child) == "refuse":
            table = draft.ctx.workspace.tables[child.key]
            query = select(func.count()).select_from(table).where(column_of(child, table, field.id) == draft.id, table.c.deleted_at.is_(None))
            if count := draft.ctx.connection.execute(query).scalar_one():
                draft.refuse("has-children", count=count, children={"zh": child.name.in_("zh"), "en": child.name.in_("en")})


def doomed(draft: Draft) -> Iterator[tuple[str, int]]:
    """(form, id) of the records that go with this one: its lines, and children under `on_delete: delete`."""
    for child, field in _children(draft.ctx, draft.form):
        if _mode(draft.form, child) == "delete":
            table = draft.ctx.workspace.tables[child.key]
            query = select(table.c.id).where(column_of(child, table, field.id) == draft.id, table.c.deleted_at.is_(None)).order_by(table.c.id)
            for id in draft.ctx.connection.execute(query).scalars().all():
                yield child.key, id


def _mode(form: Form, child: Form) -> str:
    if child.lines_of and child.lines_of[0] == form.key:
        return "delete"
    return form.on_delete.get(child.key) or form.on_delete.get(child.id) or "refuse"


def _children(ctx: Ctx, form: Form) -> Iterator[tuple[Form, Field]]:
    for child in ctx.workspace.forms.values():
        for field in child.fields.values():
            if field.target == form.key and field.value.kind == "record" and child.app:
                yield child, field
