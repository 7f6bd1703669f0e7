"""Writing a record: a list of named steps in one transaction (SEMANTICS 7). There is no other way to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.events.images import encode_row
from dougong.events.outbox import Event, append
from dougong.expr.to_python import evaluate
from dougong.expr.types import COVER, Hidden
from dougong.fields.base import field_types
from dougong.files import attachments
from dougong.problems import Problem, Problems
from dougong.records import ask_later, compute, entering, flips, history, links, number, permit, remove, similar, upkeep, validate
from dougong.records.draft import Draft, Kind, Saved
from dougong.records.lines import given_lines, line_drafts, pending, touched
from dougong.records.per_form import per_form
from dougong.records.row import empty_value, from_row, is_empty, normal, to_row
from dougong.records.source import UNSAVED, RecordSource, environment
from dougong.records.titles import display
from dougong.spec.form import Field, Form
from dougong.store import prepared

TOUCHING = frozenset({"person", "device", "api", "public", "import"})
"""Origins that count as somebody's attention: they move `touched_at` (SEMANTICS 3)."""
TELLING_NOTHING = frozenset({"demo"})
ENTERING = frozenset({"person", "device", "api"})
"""Origins that fill in a form: what they send into a field that is not shown is left aside."""
Step = Callable[[Draft], None]
MOMENTS = frozenset({"modified_at", "touched_at"})


def create(ctx: Ctx, form: str, values: Mapping[str, Any], uid: str | None = None) -> Saved:
    """A new record from parsed values. A client's `uid` is taken if well-formed and new (SEMANTICS 8).

    Raises Problems; then nothing is written.
    """
    draft = _draft(ctx, ctx.workspace.forms[form], "create", values)
    draft.uid = _fresh(draft, uid) if uid else str(uuid7())
    return _run(draft)


def edit(ctx: Ctx, form: str, id: int, values: Mapping[str, Any], revision: int | None = None, *, touch: bool = False) -> Saved:
    """Changes fields of a live record. With `revision`, edits made since are merged, or refused as `stale` where they meet.

    `touch`: it counts as somebody's attention, whoever does it.
    """
    draft = _locked_draft(ctx, form, id, "edit", values)
    draft.revision, draft.touching = revision, touch
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
    tidy = {name: normal(value, form.fields[name].value) for name, value in values.items()}
    return Draft(ctx, form, kind, RecordSource(ctx), tidy, sent=frozenset(values))


def _fresh(draft: Draft, uid: str) -> str:
    try:
        written = str(UUID(uid))
    except ValueError:
        raise Problems([Problem("id-not-valid", form=draft.form.key)]) from None
    table = draft.ctx.workspace.tables[draft.form.key]
    if draft.ctx.connection.execute(prepared.named(table), {"at_uid": written}).first():
        raise Problems([Problem("id-in-use", form=draft.form.key)])
    return written


def _locked_draft(ctx: Ctx, form_key: str, id: int, kind: Kind, values: Mapping[str, Any]) -> Draft:
    form, table = ctx.workspace.forms[form_key], ctx.workspace.tables[form_key]
    row = ctx.connection.execute(prepared.locking(table), {"at_ids": [id]}).first()
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
        _sealed(draft)
        _merge(draft)
    for step in PREPARE:
        step(draft)
    if draft.problems:
        raise Problems(draft.problems)
    if draft.kind == "edit" and not _own_changes(draft):
        assert draft.id is not None and draft.old is not None
        return Saved(draft.id, draft.uid, draft.old["revision"], warnings=tuple(draft.warnings))
    for step in WRITE:
        step(draft)
    if draft.problems:
        raise Problems(draft.problems)
    assert draft.id is not None
    return Saved(draft.id, draft.uid, draft.new["revision"], draft.changed, tuple(draft.warnings), draft.event)


def _own_changes(draft: Draft) -> bool:
    """Whether somebody changed something: what follows by itself (times, computed values) is no edit."""
    fields = draft.form.fields
    own = any(name not in MOMENTS and not fields[name].computed for name in draft.changed)
    return own or any(touched(line) for lines in draft.lines.values() for line in lines)


def _merge(draft: Draft) -> None:
    """An edit made on an older revision: fields written since by others must not be among those sent."""
    if draft.revision is None or draft.old is None or draft.revision == draft.old["revision"]:
        return
    since = history.changed_since(draft.ctx, draft.form.key, draft.id or 0, draft.revision)
    for name in sorted(draft.sent & draft.changed & set(since)):
        field = draft.form.fields[name]
        shown = {side: display(draft.ctx, field, image.get(name)) for side, image in (("yours", draft.new), ("theirs", draft.old))}
        draft.refuse("stale", field, who=since[name], **shown)


def _sealed(draft: Draft) -> None:
    """What is written into a secret field is sealed before anything keeps it; the cover sent back leaves the field as it was."""
    for name in _secret(draft.form):
        if name in draft.sent and (given := draft.new.get(name)) is not None:
            secret = given if isinstance(given, Hidden) else Hidden(str(given))
            if secret.text == COVER:
                draft.new[name] = draft.old.get(name) if draft.old else None
            elif not secret.sealed:
                draft.new[name] = Hidden(draft.ctx.workspace.vault.seal(secret.text), sealed=True)


@per_form
def _secret(form: Form) -> tuple[str, ...]:
    return tuple(field.id for field in form.fields.values() if field_types[field.type].sealed)


# --- before writing -------------------------------------------------------------------------------------------------


def _defaults(draft: Draft) -> None:
    if draft.kind != "create":
        return
    ctx, new, form = draft.ctx, draft.new, draft.form
    new.setdefault("id", UNSAVED)
    past = {k: new[k] for k in ("created_at", "touched_at") if new.get(k) and ctx.origin in TELLING_NOTHING}  # sample data has a past
    new |= {"creator": ctx.actor.user, "created_at": ctx.now, "modified_at": ctx.now, "touched_at": ctx.now, **past}
    if is_empty(new.get("owner")) and form.fields["owner"].default is None:
        new["owner"] = draft.parent.new.get("owner") if draft.parent else ctx.actor.user
    if form.workflow:
        entering.place(draft)
    new |= compute.defaults(form, new, environment(ctx, form.key, new, source=draft.source))
    for name, nothing in _empties(form):
        new.setdefault(name, nothing)


@per_form
def _empties(form: Form) -> tuple[tuple[str, Any], ...]:
    return tuple((field.id, empty_value(field)) for field in form.fields.values())


def _lines(draft: Draft) -> None:
    draft.source.pretend(draft.form.key, draft.id or UNSAVED, draft.new)
    for name in draft.changed if draft.kind == "create" else draft.sent:
        if links.is_many(draft, draft.form.fields[name]):
            draft.source.overlay_links(draft.form.key, name, draft.id or UNSAVED, draft.new.get(name) or ())
    for name, rows in given_lines(draft).items():
        if _set_aside(draft, draft.form.fields[name]):
            continue
        draft.lines[name] = line_drafts(draft, name, rows)
        for line in draft.lines[name]:
            for step in PREPARE if line.kind != "delete" else (permit.before,):
                step(line)
        child, rows_to_be = pending(draft, name)
        draft.source.overlay(child, "parent", draft.id or UNSAVED, rows_to_be)


def _moments(draft: Draft) -> None:
    """Before anything is computed from them. An edit that changes nothing moves neither."""
    if draft.kind == "create" or (draft.kind == "edit" and not _own_changes(draft)):
        return
    draft.new["modified_at"] = draft.ctx.now
    if draft.touching or draft.ctx.origin in TOUCHING:
        draft.new["touched_at"] = draft.ctx.now


def _computed(draft: Draft) -> None:
    if draft.kind != "delete":
        upkeep.compute_own(draft)


def _hidden(draft: Draft) -> None:
    """A field that is not shown keeps its value: a sent one is left aside with a note, refused from outside.

    Asked of the row as it would be saved, and again while setting one aside hides or shows another.
    """
    waiting = [f for name, f in _sometimes_hidden(draft.form) if name in draft.sent]
    while aside := [f for f in waiting if f.id in draft.changed and _set_aside(draft, f)]:
        waiting = [f for f in waiting if f not in aside]
        for field in aside:
            draft.new[field.id] = draft.old[field.id] if draft.old else empty_value(field)
        _computed(draft)


@per_form
def _sometimes_hidden(form: Form) -> tuple[tuple[str, Field], ...]:
    hiding = (f for f in form.fields.values() if f.visible_when is not None and f.value.kind != "records")
    return tuple((f.id, f) for f in sorted(hiding, key=lambda f: f.id))


def _set_aside(draft: Draft, field: Field) -> bool:
    """Whether what was sent for the field does not count, because the field is not shown; says so."""
    if field.visible_when is None or draft.ctx.origin not in (*ENTERING, "public"):
        return False
    if evaluate(field.visible_when, environment(draft.ctx, draft.form.key, draft.new, source=draft.source, old=draft.old)):
        return False
    if draft.ctx.origin == "public":
        draft.refuse("field-not-writable", field)
    else:
        names = {"zh": field.name.in_("zh"), "en": field.name.in_("en")}
        draft.warnings.append(Problem("hidden-value-left-aside", {"field": names}, form=draft.form.key, field=field.id, warning=True))
    return True


def _checks(draft: Draft) -> None:
    if draft.kind in ("create", "edit"):
        validate.validate(draft)
        if draft.ctx.origin not in validate.MACHINES:
            ask_later.guard(draft)
        similar.similar(draft)
    if draft.kind != "delete":
        validate.duplicates(draft)
        validate.unique(draft)
    remove.check_children(draft)


PREPARE: tuple[Step, ...] = (
    _sealed, permit.before, _defaults, _lines, _moments, _computed, _hidden, _checks, permit.second_person, permit.after, entering.note,
)

# --- writing ---------------------------------------------------------------------------------------------------------


def _number(draft: Draft) -> None:
    if draft.kind in ("create", "edit"):
        number.number(draft)
        if draft.problems:
            raise Problems(draft.problems)


def stamp(draft: Draft) -> None:
    """What the save itself knows of the row: revision, uid, deletion, the next flip."""
    ctx, new = draft.ctx, draft.new
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
    try:
        _write_row(draft)
    except IntegrityError as clash:
        # Somebody else took the value in the moment between our look and our write.
        raise Problems([validate.taken(draft, clash)]) from None
    links.write(draft)
    draft.source.forget(draft.form.key, draft.id or 0)


def _write_row(draft: Draft) -> None:
    ctx, table, new = draft.ctx, draft.ctx.workspace.tables[draft.form.key], draft.new
    if draft.kind == "create":
        cells = to_row(draft.form, new, [name for name in new if name != "id"])
        draft.id = int(ctx.connection.execute(prepared.adding(table), cells).scalar_one())
        new["id"] = draft.id
    else:
        names = [*draft.changed, "revision", "deleted_at", "flip_at", *(["position"] if "position" in new else [])]
        ctx.connection.execute(prepared.changing(table), {"at_id": draft.id, **to_row(draft.form, new, dict.fromkeys(names))})


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
            if touched(line):
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
    for place, event in enumerate(events_of(draft)):
        id = append(draft.ctx, event)
        draft.event = draft.event if place else id


def _below(draft: Draft) -> None:
    """Lines, and children under `on_delete: delete`, go with their parent, and come back with it."""
    if draft.kind not in ("delete", "restore"):
        return
    for form, id in remove.doomed(draft):
        below = _locked_draft(replace(draft.ctx, cause=replace(draft.ctx.cause, event=draft.event)), form, id, draft.kind, {})
        first: tuple[Step, ...] = (_moments, _computed, validate.unique) if draft.kind == "restore" else (_moments,)
        for step in first:
            step(below)
        if below.problems:
            raise Problems(below.problems)
        for step in WRITE:
            step(below)


WRITE: tuple[Step, ...] = (
    _number, _write, _attach, similar.index, _history, _event, _write_lines, _below, upkeep.after_save,
)
