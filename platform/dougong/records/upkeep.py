"""Stored values on parents, kept in the child's transaction (SEMANTICS 6).

Parents are locked in id order, recomputed through their formulas, and written only where a value really
changed; the change tells its own event with the child's as cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from dougong.context import SYSTEM, Cause, Ctx, Origin
from dougong.events.images import encode_row
from dougong.events.outbox import Event, append
from dougong.records import compute, flips, history
from dougong.records.draft import Draft
from dougong.records.graph import Upkeep, graph
from dougong.records.row import from_row, to_row
from dougong.records.source import RecordSource, environment

DEEPEST = 3


def after_save(draft: Draft) -> None:
    """Recomputes the parents that the record had and has now."""
    _climb(draft.ctx, draft.form.key, draft.old, draft.new, draft.event, 1)


def recompute(ctx: Ctx, form_key: str, id: int, fields: frozenset[str] | None = None, *, origin: Origin = "aggregate", cause: int | None = None, level: int = 1) -> bool:
    """Brings a record's stored computed fields (all, or `fields` and what follows from them) up to date. True if one changed."""
    form, table = ctx.workspace.forms[form_key], ctx.workspace.tables[form_key]
    row = ctx.connection.execute(select(table).where(table.c.id == id, table.c.deleted_at.is_(None)).with_for_update()).first()
    if row is None:
        return False
    old = from_row(form, dict(zip(table.c.keys(), row, strict=True)))
    source, new = RecordSource(ctx), dict(old)
    for field in graph(ctx.workspace).order[form_key]:
        new[field.id] = compute.computed(field, environment(ctx, form_key, new, source=source, old=old))
    machine = replace(ctx, actor=replace(SYSTEM, name=ctx.actor.name), origin=origin, cause=Cause(cause or ctx.cause.event, ctx.cause.depth, ctx.cause.chain))
    draft = Draft(machine, form, "edit", source, new, old=old, id=id, uid=old["uid"])
    flip = flips.next_flip(draft)
    cells = to_row(form, new, draft.changed)
    ctx.connection.execute(update(table).where(table.c.id == id).values({**cells, "flip_at": flip}))
    if not draft.changed:
        return False
    history.write(draft, old["revision"])
    changed = tuple(sorted(draft.changed))
    draft.event = append(machine, Event("changed", form_key, id, encode_row(form, old), encode_row(form, new), changed))
    if level < DEEPEST:
        _climb(machine, form_key, old, new, draft.event, level + 1)
    return True


def _climb(ctx: Ctx, form_key: str, old: Mapping[str, Any] | None, new: Mapping[str, Any], event: int | None, level: int) -> None:
    parents: dict[tuple[str, int], set[str]] = {}
    for rule in graph(ctx.workspace).upkeep.get(form_key, ()):
        for image in (old, new):
            parent = image.get(rule.via) if image else None
            if parent is not None and _matters(rule, old, new):
                parents.setdefault((rule.parent, parent), set()).update(rule.fields)
    for form, id in sorted(parents):
        recompute(ctx, form, id, frozenset(parents[form, id]), cause=event, level=level)


def _matters(rule: Upkeep, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    """A child that only changed fields that nobody reads leaves its parents alone."""
    if old is None or new.get("deleted_at") != old.get("deleted_at"):
        return True
    changed = {name for name in new if old.get(name) != new.get(name)}
    return bool(changed & rule.reads)
