"""The rights steps of a save: asked of the row as it was, and again of the row as it will be."""

from __future__ import annotations

from dougong.expr.to_python import evaluate
from dougong.fields.base import field_types
from dougong.records import people_path, rights
from dougong.records.draft import Draft
from dougong.records.source import environment
from dougong.spec.app import EditNeeds

VERB = {"create": "add", "edit": "edit", "delete": "delete", "restore": "edit"}
STAGE_WRITER = "workflow"
STAGE_FIELDS = frozenset({"stage", "stage_since"})
PAST = frozenset({"created_at", "touched_at"})
"""What sample data may bring along, so that a demo has a past."""
MACHINE_FIELDS = STAGE_FIELDS | PAST | {"creator", "modified_at"}


def before(draft: Draft) -> None:
    """The verb, the row as it was, and each field that was sent."""
    if draft.form.key in draft.ctx.workspace.read_only:
        draft.refuse("form-read-only")
        return
    allowed = rights.access(draft.ctx, draft.form.key)
    verb = _verb(draft)
    if not allowed.may(verb):
        draft.refuse("may-not-" + verb)
        return
    if draft.old is not None and not rights.allows(draft.ctx, draft.form.key, draft.old, verb, draft.source):
        # Whoever can't see the row must not learn that it is there.
        seen = rights.allows(draft.ctx, draft.form.key, draft.old, "see", draft.source)
        draft.refuse("may-not-" + verb if seen else "no-such-record")
    for name in sorted(draft.sent & draft.changed if draft.old else draft.sent):
        field = draft.form.fields[name]
        if not _writable(draft, allowed, name):
            draft.refuse("stage-not-writable" if name == "stage" else "field-not-writable", field)


def _writable(draft: Draft, allowed: rights.Access, name: str) -> bool:
    """Stages are the machine's alone, whoever acts (SEMANTICS 14), but for new records of an import with that right (13).

    Times, creators, numbers and computed values are nobody's.
    """
    field, origin = draft.form.fields[name], draft.ctx.origin
    if name in MACHINE_FIELDS:
        entering = name == "stage" and origin == "import" and draft.old is None and bool(draft.form.workflow)
        by_machine = (name in STAGE_FIELDS and origin == STAGE_WRITER) or (name in PAST and origin == "demo")
        return by_machine or (entering and allowed.may("import_stage"))
    if field.computed or field_types[field.type].read_only or (draft.form.lines_of and name == "parent" and draft.parent is not None):
        return False
    if not allowed.everything and allowed.closed_to(name, creating=draft.old is None):
        return False
    return not _locked(draft, name)


def after(draft: Draft) -> None:
    """The row as it will be must still be one the actor may have."""
    if draft.kind != "delete" and not draft.problems and draft.parent is None:
        verb = _verb(draft)
        if not rights.allows(draft.ctx, draft.form.key, draft.new, verb, draft.source):
            draft.refuse("row-leaves-rights")


def second_person(draft: Draft) -> None:
    """`edit_needs`: changing key fields of an existing record is for the person named (W6)."""
    actor = draft.ctx.actor
    if draft.kind != "edit" or draft.old is None or actor.system or actor.app:
        return
    for rule in _needs(draft):
        touched = [f for f in rule.fields if f in draft.changed]
        if touched and actor.user not in people_path.resolve(draft.ctx, rule.by, draft.form, draft.old, draft.source):
            draft.refuse("needs-second-person", draft.form.fields[touched[0]], by=rule.by)


def _needs(draft: Draft) -> list[EditNeeds]:
    app = draft.ctx.workspace.apps.get(draft.form.app)
    return [n for n in app.edit_needs if n.form == draft.form.key] if app else []


def _locked(draft: Draft, name: str) -> bool:
    """`readonly_when` holds for people: a rule of the app may well keep what nobody types. A new record is read as an empty one."""
    field, old, actor = draft.form.fields[name], draft.old, draft.ctx.actor
    if field.once and old is not None and old.get(name) is not None and not actor.system:
        return True
    if field.readonly_when is None or actor.system or actor.app:
        return False
    return bool(evaluate(field.readonly_when, environment(draft.ctx, draft.form.key, old or {}, source=draft.source)))


def _verb(draft: Draft) -> str:
    """A line is part of its parent: adding or deleting one is editing the parent, or adding it together with the line."""
    if draft.parent is not None:
        return VERB[draft.parent.kind]
    return "edit" if draft.form.lines_of else VERB[draft.kind]
