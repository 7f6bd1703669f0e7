"""Writing a record: a list of named steps in one transaction (SEMANTICS 7). There is no other way to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select, update
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.events.images import encode_row
from dougong.events.outbox import Event, append
from dougong.files import attachments
from dougong.problems import Problem, Problems
from dougong.records import compute, flips, history, links, number, permit, remove, similar, upkeep, validate
from dougong.records.draft import Draft, Kind, Saved
from dougong.records.graph import graph
from dougong.records.lines import given_lines, line_drafts, pending
from dougong.records.row import empty_value, from_row, is_empty, to_row
from dougong.records.source import UNSAVED, RecordSource, environment
from dougong.spec.form import Form

TOUCHING = frozenset({"person", "device", "api", "public", "import"})
"""Origins that count as somebody's attention: they move `touched_at` (SEMANTICS 3)."""
TELLING_NOTHING = frozenset({"demo"})


def create(ctx: Ctx, form: str, values: Mapping[str, Any], uid: str | None = None) -> Saved:
    """A new record from parsed values. Raises Problems; then nothing is written."""
    draft = _draft(ctx, ctx.workspace.forms[form], "create", values)
    draft.uid = uid or str(uuid7())
    return _run(draft)


def edit(ctx: Ctx, form: str, id: int, values: Mapping[str, Any], revision: int | None = None) -> Saved:
    """Changes fields of a live record. With `revision`, edits made since are merged, or refused as `stale` where they meet."""
    draft = _locked_draft(ctx, form, id, "edit", values)
    draft.revision = revision
    return _run(draft)


def delete(ctx: Ctx, form: str, id: int) -> Saved:
    """Soft: the row stays, and leaves lists, search, aggregates and time rules."""
    return _run(_locked_draft(ctx, form, id, "delete", {}))


def restore(ctx: Ctx, form: str, id: int) -> Saved:
    """Brings a deleted record back; refused where something unique took its place."""
    return _run(_locked_draft(ctx, form, id, "restore", {}))


def _draft(ctx: Ctx, form: Form, kind: Kind, values: Mapping[str, Any]) -> Draft:
    unknown = [name for name in values if name not in form.fields]
    if unknown:
        raise Problems(Problem("no-such-field", {"field": name}, form=form.key, field=name) for name in unknown)
    return Draft(ctx, form, kind, RecordSource(ctx), dict(values), sent=frozenset(values))


def _locked_draft(ctx: Ctx, form_key: str, id: int, kind: Kind, values: Mapping[str, Any]) -> Draft:
    form, table = ctx.workspace.forms[form_key], ctx.workspace.tables[form_key]
    row = ctx.connection.execute(select(table).where(table.c.id == id).with_for_update()).first()
    if row is None or (row._mapping[table.c.deleted_at] is None) == (kind == "restore"):
        raise Problems([Problem("no-such-record", form=form_key)])
    draft = _draft(ctx, form, kind, values)
    draft.old = from_row(form, dict(zip(table.c.keys(), row, strict=True)))
    draft.id, draft.uid = id, draft.old["uid"]
    draft.new = {**draft.old, **links.current(draft, values), **values}
    draft.old = {**draft.old, **links.current(draft, values)}
    return draft


def _run(draft: Draft) -> Saved:
    if draft.kind == "edit":
        _merge(draft)
    for step in PREPARE:
        step(draft)
    if draft.problems:
        raise Problems(draft.problems)
    if draft.kind == "edit" and not draft.changed and not any(_touched(d) for ds in draft.lines.values() for d in ds):
        assert draft.id is not None and draft.old is not None
        return Saved(draft.id, draft.uid, draft.old["revision"], warnings=tuple(draft.warnings))
    for step in WRITE:
        step(draft)
    if draft.problems:
        raise Problems(draft.problems)
    assert draft.id is not None
    return Saved(draft.id, draft.uid, draft.new["revision"], draft.changed, tuple(draft.warnings), draft.event)


def _touched(line: Draft) -> bool:
    return line.kind in ("create", "delete") or bool(line.changed) or line.new.get("position") != (line.old or {}).get("position")


def _merge(draft: Draft) -> None:
    """An edit made on an older revision: fields written since by others must not be among those sent."""
    if draft.revision is None or draft.old is None or draft.revision == draft.old["revision"]:
        return
    since = history.changed_since(draft.ctx, draft.form.key, draft.id or 0, draft.revision)
    for name in sorted(draft.sent & draft.changed & set(since)):
        draft.refuse("stale", draft.form.fields[name], who=since[name])


# --- before writing -------------------------------------------------------------------------------------------------


def _defaults(draft: Draft) -> None:
    if draft.kind != "create":
        return
    draft.new.setdefault("id", UNSAVED)
    env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source)
    draft.new |= compute.defaults(draft.form, draft.new, env)
    for field in draft.form.fields.values():
        draft.new.setdefault(field.id, empty_value(field))
    ctx, new = draft.ctx, draft.new
    past = {k: new[k] for k in ("created_at", "touched_at") if new.get(k) and ctx.origin in TELLING_NOTHING}  # sample data has a past
    new |= {"creator": ctx.actor.user, "created_at": ctx.now, "touched_at": ctx.now, **past}
    if is_empty(new.get("owner")):
        new["owner"] = draft.parent.new.get("owner") if draft.parent else ctx.actor.user
    if draft.form.workflow and is_empty(new.get("stage")):
        stages = ctx.workspace.apps[draft.form.app].workflows[draft.form.workflow].stages
        new["stage"], new["stage_since"] = stages[0].id, ctx.now


def _lines(draft: Draft) -> None:
    draft.source.pretend(draft.form.key, draft.id or UNSAVED, draft.new)
    for name, rows in given_lines(draft).items():
        draft.lines[name] = line_drafts(draft, name, rows)
        for line in draft.lines[name]:
            for step in PREPARE if line.kind != "delete" else (permit.before,):
                step(line)
        child, rows_to_be = pending(draft, name)
        draft.source.overlay(child, "parent", draft.id or UNSAVED, rows_to_be)


def _computed(draft: Draft) -> None:
    if draft.kind == "delete":
        return
    for field in graph(draft.ctx.workspace).order[draft.form.key]:
        env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source, old=draft.old)
        draft.new[field.id] = compute.computed(field, env)


def _hidden(draft: Draft) -> None:
    """A field that is not shown keeps its value: a sent one is left aside with a note, refused from outside."""
    for name in sorted(draft.sent & draft.changed):
        field = draft.form.fields[name]
        env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source, old=draft.old)
        if field.visible_when is None or draft.ctx.origin == "import" or compute.evaluate(field.visible_when, env):
            continue
        if draft.ctx.origin == "public":
            draft.refuse("field-not-writable", field)
            continue
        draft.new[name] = draft.old[name] if draft.old else empty_value(field)
        names = {"zh": field.name.in_("zh"), "en": field.name.in_("en")}
        draft.warnings.append(Problem("hidden-value-left-aside", {"field": names}, field=name, warning=True))


def _checks(draft: Draft) -> None:
    if draft.kind in ("create", "edit"):
        validate.validate(draft)
        validate.duplicates(draft)
        similar.similar(draft)
    if draft.kind != "delete":
        validate.unique(draft)
    remove.check_children(draft)


PREPARE: tuple[Callable[[Draft], None], ...] = (
    permit.before, _hidden, _defaults, _lines, _computed, _checks, permit.second_person, permit.after,
)

# --- writing ---------------------------------------------------------------------------------------------------------


def _number(draft: Draft) -> None:
    if draft.kind == "create":
        number.number(draft)


def stamp(draft: Draft) -> None:
    """What the save itself knows of the row: times, revision, uid, deletion, the next flip."""
    ctx, new = draft.ctx, draft.new
    if draft.kind != "create" or draft.parent is None:
        new["modified_at"] = ctx.now
    new.setdefault("modified_at", ctx.now)
    if ctx.origin in TOUCHING or (draft.kind == "create" and "touched_at" not in new):
        new["touched_at"] = ctx.now
    new["flip_at"] = flips.next_flip(draft)
    if draft.kind == "create":
        new["revision"], new["uid"] = 1, draft.uid or str(uuid7())
        draft.uid = new["uid"]
        if draft.parent is not None:
            new["parent"] = draft.parent.id
    else:
        assert draft.old is not None
        new["revision"] = draft.old["revision"] + 1
        new["deleted_at"] = ctx.now if draft.kind == "delete" else None


def _write(draft: Draft) -> None:
    stamp(draft)
    ctx, table, new = draft.ctx, draft.ctx.workspace.tables[draft.form.key], draft.new
    if draft.kind == "create":
        cells = to_row(draft.form, new, [name for name in new if name != "id"])
        draft.id = int(ctx.connection.execute(insert(table).values(cells).returning(table.c.id)).scalar_one())
        new["id"] = draft.id
    else:
        names = [*draft.changed, "revision", "modified_at", "touched_at", "deleted_at", "flip_at", *(["position"] if "position" in new else [])]
        ctx.connection.execute(update(table).where(table.c.id == draft.id).values(to_row(draft.form, new, dict.fromkeys(names))))
    links.write(draft)
    draft.source.forget(draft.form.key, draft.id or 0)


def _attach(draft: Draft) -> None:
    """Uploads in changed file fields become this record's."""
    for name in draft.sent & draft.changed:
        field = draft.form.fields[name]
        if field.value.kind == "file" or (field.value.of is not None and field.value.of.kind == "file"):
            value = draft.new.get(name)
            uids = value if isinstance(value, tuple) else (value,) if value else ()
            try:
                attachments.attach(draft.ctx.connection, uids, draft.form.key, draft.id or 0, name, draft.ctx.actor.user)
            except Problems as unknown:
                draft.problems += unknown.problems


def _write_lines(draft: Draft) -> None:
    draft.source.drop_overlays()
    for lines in draft.lines.values():
        for line in lines:
            if line.kind == "create" or _touched(line):
                for step in WRITE:
                    step(line)


def _history(draft: Draft) -> None:
    history.write(draft, draft.new["revision"])


def events_of(draft: Draft) -> list[Event]:
    """One with both images, first; a stage that changes tells of leaving and entering too."""
    if draft.ctx.origin in TELLING_NOTHING:
        return []
    kind = {"create": "created", "edit": "changed", "delete": "deleted", "restore": "restored"}[draft.kind]
    old = encode_row(draft.form, draft.old) if draft.old else None
    new = encode_row(draft.form, draft.new)
    changed = tuple(sorted(draft.changed))
    about = {"form": draft.form.key, "record": draft.id, "old": old, "new": new, "changed": changed}
    out = [Event(kind, **about)]  # type: ignore[arg-type]
    if "stage" in draft.changed and draft.kind in ("create", "edit"):
        if old and old.get("stage"):
            out.append(Event("stage_left", **about, name=old["stage"]))  # type: ignore[arg-type]
        out.append(Event("stage_entered", **about, name=str(new["stage"])))  # type: ignore[arg-type]
    return out


def _event(draft: Draft) -> None:
    for number, event in enumerate(events_of(draft)):
        id = append(draft.ctx, event)
        draft.event = draft.event if number else id


def _delete_below(draft: Draft) -> None:
    if draft.kind == "delete":
        for form, id in remove.doomed(draft):
            below = _locked_draft(replace(draft.ctx, cause=replace(draft.ctx.cause, event=draft.event)), form, id, "delete", {})
            for step in WRITE:
                step(below)


WRITE: tuple[Callable[[Draft], None], ...] = (
    _number, _write, _attach, similar.index, _history, _event, _write_lines, _delete_below, upkeep.after_save,
)
