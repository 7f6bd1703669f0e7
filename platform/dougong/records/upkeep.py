"""Kept values: those of a record from its own fields and children, and those of its parents, in the child's transaction (SEMANTICS 6).

Parents are locked in id order, worked out by difference or by one SQL statement, and written only where a value really
changed; the change tells its own event with the child's as cause. Bulk work comes here once per parent per batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dougong.context import SYSTEM, Cause, Ctx, Origin
from dougong.events.images import encode_row
from dougong.events.outbox import Event, append_many
from dougong.problems import Problem, Problems
from dougong.records import aggregates, compute, flips, history
from dougong.records.aggregates import Kept, Part, kept
from dougong.records.draft import Draft, names
from dougong.records.graph import Upkeep, graph
from dougong.records.row import from_row, to_row
from dougong.records.source import RecordSource, environment
from dougong.spec.form import Field, Form
from dougong.store import prepared

DEEPEST = 3
Children = Mapping[int, Sequence[Draft]]
"""By parent: the children whose change brings us here."""


def compute_own(draft: Draft) -> None:
    """A save's own computed fields. At an edit only those that something they read has changed for."""
    fresh = draft.kind in ("create", "restore")
    mine = [kept(draft.ctx.workspace, draft.form, f) for f in graph(draft.ctx.workspace).order[draft.form.key]]
    dirty = None if fresh else {*draft.changed, *draft.lines, *(("parent",) if draft.parent else ())}
    asked: dict[str, Any] = {}

    def value(part: Part) -> Any:
        if draft.batch is not None and part.in_sql:  # the same for all that have no children yet
            if part.name not in draft.batch.childless:
                env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source)
                draft.batch.childless[part.name] = aggregates.by_rows(part, env)
            return draft.batch.childless[part.name]
        if draft.kind == "create" or part.many in draft.lines or not part.in_sql:
            return aggregates.by_rows(part, environment(draft.ctx, draft.form.key, draft.new, source=draft.source, old=draft.old))
        if not asked:
            parts = [p for k in mine for p in k.parts if p.in_sql and p.many not in draft.lines]
            asked.update(aggregates.by_sql(draft.ctx, draft.form, [draft.id or 0], parts)[draft.id or 0])
        return asked[part.name]

    _compute(draft, mine, dirty, value)


def after_save(draft: Draft) -> None:
    """Brings the parents that the record had and has now up to date; and its own values, where they depend on its lines' ids."""
    after_saves([draft])
    parts = [p for f in graph(draft.ctx.workspace).order[draft.form.key] for p in kept(draft.ctx.workspace, draft.form, f).parts]
    if any(p.by_id and p.many in draft.lines for p in parts) and draft.id is not None:
        recompute_many(draft.ctx, draft.form.key, {draft.id: draft.event})


def after_saves(drafts: Sequence[Draft], level: int = 1) -> None:
    """The same for records of one form, each parent once."""
    parents: dict[str, dict[int, list[Draft]]] = {}
    for draft in drafts:
        for form, id in sorted(_parents(draft)):
            parents.setdefault(form, {}).setdefault(id, []).append(draft)
    for form, children in sorted(parents.items()):
        causes = {id: of_one[0].event for id, of_one in children.items()}
        recompute_many(drafts[0].ctx, form, causes, level=level, children=children)


def recompute(ctx: Ctx, form_key: str, id: int, *, origin: Origin = "aggregate") -> bool:
    """Works all of a record's kept values out afresh. True if one changed."""
    return bool(recompute_many(ctx, form_key, {id: None}, origin=origin))


def recompute_many(
    ctx: Ctx,
    form_key: str,
    causes: Mapping[int, int | None],
    *,
    origin: Origin = "aggregate",
    level: int = 0,
    children: Children | None = None,
) -> int:
    """Records by id, with the event that is the cause; how many changed. With `children` only what these bring about."""
    form = ctx.workspace.forms[form_key]
    if form_key in ctx.workspace.read_only:
        raise Problems([Problem("form-read-only", {"form": names(form)}, form=form_key)])
    machine = replace(ctx, actor=replace(SYSTEM, name=ctx.actor.name), origin=origin)
    rows, source = _locked(ctx, form, sorted(causes)), RecordSource(machine)
    drafts = []
    for old in rows:
        cause = Cause(causes[old["id"]] or ctx.cause.event, ctx.cause.depth, ctx.cause.chain)
        drafts.append(Draft(replace(machine, cause=cause), form, "edit", source, dict(old), old=old, id=old["id"], uid=old["uid"]))
    _values(machine, form, drafts, children)
    _update(
        ctx,
        ctx.workspace.tables[form_key],
        [{"at_id": d.id, "flip_at": flips.next_flip(d), **to_row(form, d.new, sorted(d.changed))} for d in drafts],
    )
    changed = [d for d in drafts if d.changed]
    history.write_many(changed, [d.new["revision"] for d in changed])
    told = [
        (d.ctx, Event("changed", form_key, d.id, encode_row(form, d.old or {}), encode_row(form, d.new), tuple(sorted(d.changed))))
        for d in changed
    ]
    for draft, event in zip(changed, append_many(ctx.connection, told), strict=True):
        draft.event = event
    if changed and level < DEEPEST:
        after_saves(changed, level + 1)
    return len(changed)


def _values(ctx: Ctx, form: Form, drafts: Sequence[Draft], children: Children | None) -> None:
    mine = [kept(ctx.workspace, form, f) for f in graph(ctx.workspace).order[form.key]]
    moved = {d.form.key for of_one in (children or {}).values() for d in of_one}
    dirty = {p.many for k in mine for p in k.parts if p.form in moved} | {
        n for n, f in form.fields.items() if f.value.kind == "records" and f.target in moved
    }
    asked: dict[int, dict[str, Any]] = {}

    def value_for(draft: Draft) -> Callable[[Part], Any]:
        def value(part: Part) -> Any:
            env = environment(draft.ctx, form.key, draft.new, source=draft.source, old=draft.old)
            known = _by_difference(part, draft, env, children)
            if known is not None:
                return known
            if not part.in_sql:
                return aggregates.by_rows(part, env)
            if part.name not in asked.get(draft.id or 0, {}):
                wanted = [
                    p for k in mine for p in k.parts if p.in_sql and (children is None or not (p.whole and p.by_difference) or p is part)
                ]
                for id, found in aggregates.by_sql(ctx, form, [d.id or 0 for d in drafts], wanted).items():
                    asked.setdefault(id, {}).update(found)
            return asked[draft.id or 0][part.name]

        return value

    for draft in drafts:
        _compute(draft, mine, None if children is None else set(dirty), value_for(draft))


def _by_difference(part: Part, draft: Draft, env: Any, children: Children | None) -> Any:
    """The stored value moved by what the changed children bring; None where that is not known."""
    if children is None or not (part.whole and part.by_difference):
        return None
    stored = (draft.old or {}).get(part.field)
    images = [(d.old, d.new) for d in children[draft.id or 0] if d.form.key == part.form]
    return aggregates.by_difference(part, stored, env, draft.id or 0, images)


def _compute(draft: Draft, mine: Sequence[Kept], dirty: set[str] | None, value: Callable[[Part], Any]) -> None:
    """In an order in which each comes after those it reads; `dirty` None: all of them."""
    plain = environment(draft.ctx, draft.form.key, draft.new, source=draft.source, old=draft.old)
    for k in mine:
        if _taken(draft, k.field) or (dirty is not None and not k.needed(dirty)):
            continue
        env = replace(plain, names={part.name: value(part) for part in k.parts}) if k.parts else plain
        before, after = draft.new.get(k.field.id), compute.computed(k.rest, env)
        draft.new[k.field.id] = after
        if dirty is not None and before != after:
            dirty.add(k.field.id)


def _taken(draft: Draft, field: Field) -> bool:
    """A copied lookup stays as it was taken until its link is set anew (SEMANTICS 6); where the field is new, it is taken once."""
    if draft.old is None or field.formula is None or field.options.get("copy") is not True:
        return False
    links = {path[0] for path in field.formula.reads}
    as_it_was = all(draft.old.get(link) == draft.new.get(link) for link in links)
    return as_it_was and (draft.old.get(field.id) is not None or draft.ctx.origin != "upgrade")


def _locked(ctx: Ctx, form: Form, ids: Sequence[int]) -> list[dict[str, Any]]:
    """In id order, and without locking the key: two who each wrote a child hold that already, and would wait for one another."""
    table = ctx.workspace.tables[form.key]
    keys = list(table.c.keys())
    rows = (from_row(form, dict(zip(keys, row, strict=True))) for row in ctx.connection.execute(prepared.locking(table), {"at_ids": ids}))
    return [row for row in rows if row["deleted_at"] is None]


def _update(ctx: Ctx, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    """One statement per set of columns."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    for of_one in alike.values():
        ctx.connection.execute(prepared.changing(table), of_one)


def _parents(draft: Draft) -> set[tuple[str, int]]:
    """A line saved with its parent leaves it alone: the parent counted it already."""
    old, new = draft.old, draft.new
    out: set[tuple[str, int]] = set()
    for rule in graph(draft.ctx.workspace).upkeep.get(draft.form.key, ()):
        if _matters(rule, old, new):
            out.update((rule.parent, image[rule.via]) for image in (old, new) if image and image.get(rule.via) is not None)
    return out - ({(draft.parent.form.key, draft.parent.id or 0)} if draft.parent else set())


def _matters(rule: Upkeep, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    """A child that only changed fields that nobody reads leaves its parents alone."""
    if old is None or new.get("deleted_at") != old.get("deleted_at"):
        return True
    changed = {name for name in new if old.get(name) != new.get(name)}
    return bool(changed & rule.reads)
