"""Stored values on parents, kept in the child's transaction (SEMANTICS 6).

Parents are locked in id order, recomputed through their formulas, and written only where a value really
changed; the change tells its own event with the child's as cause. Bulk work comes here once per parent per batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select, update

from dougong.context import SYSTEM, Cause, Ctx, Origin
from dougong.events.images import encode_row
from dougong.events.outbox import Event, append_many
from dougong.records import compute, flips, history
from dougong.records.draft import Draft
from dougong.records.graph import Upkeep, graph, reads
from dougong.records.row import from_row, to_row
from dougong.records.source import RecordSource, environment
from dougong.spec.form import Form

DEEPEST = 3


def after_save(draft: Draft) -> None:
    """Recomputes the parents that the record had and has now."""
    after_saves([draft])


def after_saves(drafts: Sequence[Draft], level: int = 1) -> None:
    """The same for records of one form, each parent once."""
    parents: dict[str, dict[int, int | None]] = {}
    for draft in drafts:
        for form, id in _parents(draft):
            parents.setdefault(form, {}).setdefault(id, draft.event)
    for form, causes in sorted(parents.items()):
        recompute_many(drafts[0].ctx, form, causes, level=level)


def recompute(ctx: Ctx, form_key: str, id: int, *, origin: Origin = "aggregate") -> bool:
    """Brings a record's stored computed fields up to date. True if one changed."""
    return bool(recompute_many(ctx, form_key, {id: None}, origin=origin))


def recompute_many(ctx: Ctx, form_key: str, causes: Mapping[int, int | None], *, origin: Origin = "aggregate", level: int = 1) -> int:
    """Records by id, with the event that is the cause; how many changed."""
    table, form = ctx.workspace.tables[form_key], ctx.workspace.forms[form_key]
    machine = replace(ctx, actor=replace(SYSTEM, name=ctx.actor.name), origin=origin)
    source, drafts = RecordSource(machine), []
    rows = _locked(ctx, form, sorted(causes))
    for child, via in _looked_at(form) if len(rows) > 1 else ():
        source.fetch_children(child, via, [row["id"] for row in rows])
    for old in rows:
        cause = Cause(causes[old["id"]] or ctx.cause.event, ctx.cause.depth, ctx.cause.chain)
        draft = Draft(replace(machine, cause=cause), form, "edit", source, dict(old), old=old, id=old["id"], uid=old["uid"])
        for field in graph(ctx.workspace).order[form_key]:
            draft.new[field.id] = compute.computed(field, environment(ctx, form_key, draft.new, source=source, old=old))
        drafts.append((draft, flips.next_flip(draft)))
    moved = [{"at_id": d.id, "flip_at": flip, **to_row(form, d.new, sorted(d.changed))} for d, flip in drafts]
    _update(ctx, table, moved)
    changed = [d for d, _ in drafts if d.changed]
    history.write_many(changed, [d.new["revision"] for d in changed])
    told = [(d.ctx, Event("changed", form_key, d.id, encode_row(form, d.old or {}), encode_row(form, d.new), tuple(sorted(d.changed)))) for d in changed]
    for draft, event in zip(changed, append_many(ctx.connection, told), strict=True):
        draft.event = event
    if changed and level < DEEPEST:
        after_saves(changed, level + 1)
    return len(changed)


def _locked(ctx: Ctx, form: Form, ids: Sequence[int]) -> list[dict[str, Any]]:
    table = ctx.workspace.tables[form.key]
    query = select(table).where(table.c.id.in_(ids), table.c.deleted_at.is_(None)).order_by(table.c.id).with_for_update()
    keys = list(table.c.keys())
    return [from_row(form, dict(zip(keys, row, strict=True))) for row in ctx.connection.execute(query)]


def _update(ctx: Ctx, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    """One statement per set of columns."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    for of_one in alike.values():
        ctx.connection.execute(update(table).where(table.c.id == bindparam("at_id")), of_one)


def _looked_at(form: Form) -> set[tuple[str, str]]:
    """(child form, link) that the form's stored formulas read."""
    heads = {path[0] for field in form.fields.values() if field.computed and field.stored for path in reads(field) if path}
    many = (form.fields[name] for name in heads if name in form.fields)
    return {(field.target, field.via) for field in many if field.value.kind == "records" and field.via}


def _parents(draft: Draft) -> set[tuple[str, int]]:
    old, new = draft.old, draft.new
    out: set[tuple[str, int]] = set()
    for rule in graph(draft.ctx.workspace).upkeep.get(draft.form.key, ()):
        if _matters(rule, old, new):
            out.update((rule.parent, image[rule.via]) for image in (old, new) if image and image.get(rule.via) is not None)
    return out


def _matters(rule: Upkeep, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    """A child that only changed fields that nobody reads leaves its parents alone."""
    if old is None or new.get("deleted_at") != old.get("deleted_at"):
        return True
    changed = {name for name in new if old.get(name) != new.get(name)}
    return bool(changed & rule.reads)
