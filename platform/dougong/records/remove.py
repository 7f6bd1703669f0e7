"""What happens to the records below a deleted one: kept, deleted with it, or a reason to refuse (SEMANTICS 7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, and_, exists, func, select

from dougong.context import Ctx
from dougong.records import rights
from dougong.records.draft import Draft, names
from dougong.records.history import history_table
from dougong.records.row import column_of
from dougong.spec.form import Field, Form


def check_children(draft: Draft) -> None:
    """Refuses where a child form that says nothing else (`on_delete`) still has live records, here or below what goes along."""
    if draft.kind == "delete":
        _check(draft, draft.form, select(_table(draft, draft.form).c.id).where(_table(draft, draft.form).c.id == draft.id))


def doomed(draft: Draft) -> Iterator[tuple[str, int]]:
    """(form, id) of the records that go with this one: its lines, and children under `on_delete: delete`.

    When it is restored: those that went with it then.
    """
    for child, field in _children(draft.ctx, draft.form):
        if _mode(draft.form, child, field) == "delete":
            table = _table(draft, child)
            gone = table.c.deleted_at.is_(None) if draft.kind == "delete" else _went_along(draft, child, table)
            query = select(table.c.id).where(column_of(child, table, field.id) == draft.id, gone).order_by(table.c.id)
            for id in draft.ctx.connection.execute(query).scalars().all():
                yield child.key, id


def _went_along(draft: Draft, child: Form, table: Any) -> Any:
    """Written into the history after its parent's own deletion: what had gone before stays gone."""
    h, below = history_table, history_table.alias()
    own = select(func.max(h.c.id)).where(h.c.form == draft.form.key, h.c.record == draft.id, h.c.kind == "delete").scalar_subquery()
    later = exists().where(below.c.form == child.key, below.c.record == table.c.id, below.c.kind == "delete", below.c.id > own)
    return and_(table.c.deleted_at.is_not(None), later)


def _check(draft: Draft, form: Form, going: Select[Any]) -> None:
    for child, field in _children(draft.ctx, form):
        table = _table(draft, child)
        mode, below = (
            _mode(form, child, field),
            select(table.c.id).where(column_of(child, table, field.id).in_(going), table.c.deleted_at.is_(None)),
        )
        if mode == "refuse" and draft.ctx.connection.execute(below.limit(1)).first():
            _refuse(draft, child, below)
        elif mode == "delete" and child.key != form.key:
            _check(draft, child, below)


def _refuse(draft: Draft, child: Form, below: Select[Any]) -> None:
    """Counts those that the actor may see; of others it says only that they are there."""
    seen = below.where(rights.where(draft.ctx, child.key, _table(draft, child)))
    count = draft.ctx.connection.execute(select(func.count()).select_from(seen.subquery())).scalar_one()
    draft.refuse("has-children" if count else "has-children-unseen", count=count, children=names(child))


def _table(draft: Draft, form: Form) -> Any:
    return draft.ctx.workspace.tables[form.key]


def _mode(form: Form, child: Form, field: Field) -> str:
    if child.lines_of and child.lines_of[0] == form.key and field.id == "parent":
        return "delete"
    return form.on_delete.get(child.key) or form.on_delete.get(child.id) or "refuse"


def _children(ctx: Ctx, form: Form) -> Iterator[tuple[Form, Field]]:
    for child in ctx.workspace.forms.values():
        for field in child.fields.values():
            if field.target == form.key and field.value.kind == "record" and child.app:
                yield child, field
