"""Many-to-many links: rows of a junction table, written with their record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from dougong.records.draft import Draft
from dougong.spec.form import Field


def current(draft: Draft, names: Mapping[str, Any]) -> dict[str, Any]:
    """The linked ids of the many-to-many fields among `names`, in id order."""
    out: dict[str, Any] = {}
    for name in names:
        if is_many(draft, draft.form.fields[name]):
            junction = draft.ctx.workspace.tables[f"{draft.form.key}.{name}"]
            query = select(junction.c.target).where(junction.c.source == draft.id).order_by(junction.c.target)
            out[name] = tuple(draft.ctx.connection.execute(query).scalars())
    return out


def write(draft: Draft) -> None:
    """Replaces the junction rows of every many-to-many field that changed."""
    for name in sorted(draft.changed):
        if not is_many(draft, draft.form.fields[name]):
            continue
        junction = draft.ctx.workspace.tables[f"{draft.form.key}.{name}"]
        wanted = set(draft.new.get(name) or ())
        had = set((draft.old or {}).get(name) or ())
        if gone := had - wanted:
            draft.ctx.connection.execute(delete(junction).where(junction.c.source == draft.id, junction.c.target.in_(gone)))
        if added := wanted - had:
            draft.ctx.connection.execute(insert(junction), [{"source": draft.id, "target": t} for t in sorted(added)])


def is_many(draft: Draft, field: Field) -> bool:
    return bool(field.target) and f"{draft.form.key}.{field.id}" in draft.ctx.workspace.tables
