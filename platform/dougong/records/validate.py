"""The checks of a save: what is required, what must not be, and what is already there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dougong.expr.to_python import evaluate, render
from dougong.expr.tree import Expr, Node
from dougong.fields.base import FieldType, Refused, field_types
from dougong.problems import Problem
from dougong.records import compute, rights
from dougong.records.draft import Draft, names
from dougong.records.graph import formulas
from dougong.records.per_form import per_form
from dougong.records.references import target_of
from dougong.records.row import column_of, is_empty
from dougong.records.source import UNSAVED, environment, read_in
from dougong.spec.form import Field, Form
from dougong.store.names import short

MACHINES = frozenset({"clock", "aggregate"})


class _Check(NamedTuple):
    """What there is to check of a field, as far as its declaration tells. `given` by the platform or a formula, not entered."""

    field: Field
    type_: FieldType
    given: bool
    limited: bool
    leads: bool
    overflows: bool
    required: bool


@per_form
def _checked(form: Form) -> tuple[_Check, ...]:
    """Only the fields of which there is something to check."""
    checks = (
        _Check(
            field, (type_ := field_types[field.type]),
            given=field.computed or field.system,
            limited=type(type_).check is not FieldType.check,
            leads=bool(target_of(field)) and field.value.kind != "file",
            overflows=(field.stored if field.computed else not field.system) and compute.may_overflow(field),
            required=field.value_template is None and (field.required or field.required_when is not None),
        )
        for field in form.fields.values()
    )  # fmt: skip
    return tuple(c for c in checks if c.leads or c.overflows or (not c.given and (c.limited or c.required)))


def validate(draft: Draft) -> None:
    """On create everything; on edit the rules that read a field changed in this save (SEMANTICS 7)."""
    changed = draft.changed
    for check in _checked(draft.form):
        field, value = check.field, draft.new.get(check.field.id)
        if check.given:
            if check.overflows:
                _computed_too_large(draft, field)
            if check.leads and field.id in draft.sent and field.id in changed and not is_empty(value):
                _targets(draft, field, value)
            continue
        missing = check.type_.is_empty(value)
        if field.id in changed and not missing:
            _value(draft, check, value)
        elif missing and draft.old is None and check.overflows and field.id not in draft.sent and _beyond(draft, field):
            draft.refuse("too-large", field)
        elif missing and check.required and draft.ctx.origin not in MACHINES and not _has_lines(draft, field):
            _required(draft, field)
    if draft.ctx.origin not in MACHINES:
        _rejects(draft)
        _probability(draft)


def _has_lines(draft: Draft, field: Field) -> bool:
    """A lines field that wasn't sent keeps what it has."""
    if field.value.kind != "records" or field.id not in draft.lines:
        return field.value.kind == "records" and draft.kind == "edit"
    return any(line.kind != "delete" for line in draft.lines[field.id])


def _value(draft: Draft, check: _Check, value: Any) -> None:
    if check.limited:
        try:
            check.type_.check(check.field, value)
        except Refused as refused:
            draft.refuse(refused.code, check.field, **refused.args_)
            return
    if check.leads:
        _targets(draft, check.field, value)


def _targets(draft: Draft, field: Field, value: Any) -> None:
    chosen = list(_new_targets(draft, field, value))
    if not all(_reachable(draft, field, id) for id in chosen):
        draft.refuse("no-such-choice", field)
    elif isinstance(offered := field.options.get("filter"), Expr) and not all(_offered(draft, field, offered, id) for id in chosen):
        draft.refuse("choice-not-offered", field)


def _offered(draft: Draft, field: Field, condition: Expr, id: int) -> bool:
    """Whether the picker's `filter` holds for the record, to whoever links to it and by whatever way."""
    row = draft.source.record(target_of(field), id)
    names = {"this": draft.id or UNSAVED}
    return row is not None and bool(
        evaluate(condition, environment(draft.ctx, target_of(field), row, source=draft.source, names=names))
    )


def _new_targets(draft: Draft, field: Field, value: Any) -> Iterable[int]:
    """The records that the field leads to now and did not before: one, several, or many to many."""
    before = (draft.old or {}).get(field.id) or ()
    ids = value if isinstance(value, tuple) else (value,)
    return [id for id in ids if isinstance(id, int) and not (isinstance(before, tuple) and id in before)]


def _reachable(draft: Draft, field: Field, id: int) -> bool:
    """A link may only lead to a live record that the actor may see; nobody learns of others by trying."""
    if draft.parent is not None and field.id == "parent":
        return True
    row = draft.source.record(target_of(field), id)
    return row is not None and rights.allows(draft.ctx, target_of(field), row, "see", draft.source)


def taken(draft: Draft, clash: IntegrityError) -> Problem:
    """The database's own refusal in our words; whose record it is nobody has looked up."""
    said = str(clash.orig)
    table = draft.ctx.workspace.tables[draft.form.key].name
    for field in draft.form.fields.values():
        if field.unique and (short(f"uq_{table}_{field.key}") in said or f"{table}.{field.key}" in said.replace('"', "")):
            return Problem("not-unique-unseen", {"field": names(field)}, form=draft.form.key, field=field.id)
    return Problem("id-in-use", form=draft.form.key)


def _computed_too_large(draft: Draft, field: Field) -> None:
    """A save that computes beyond the limit says so, also where the end result would be there all the same (SEMANTICS 2).

    Children that this save doesn't bring are looked through again only where nothing came out.
    """
    gone = is_empty(draft.new.get(field.id))
    read = formulas(field)
    if not gone and any(len(path) > 1 and path[0] not in draft.lines for formula in read for path in formula.reads):
        return
    before = draft.old is None or not is_empty(draft.old.get(field.id))
    moved = {*draft.changed, *draft.lines}
    anew = (before and gone) or any(path and path[0] in moved for formula in read for path in formula.reads)
    if anew and _beyond(draft, field):
        draft.refuse("too-large", field)


def _beyond(draft: Draft, field: Field) -> bool:
    return compute.overflows(field, environment(draft.ctx, draft.form.key, draft.new, source=draft.source, old=draft.old))


def _required(draft: Draft, field: Field) -> None:
    env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source, old=draft.old)
    touched = draft.old is None or field.id in draft.changed
    if field.required and touched:
        wanted = True
    elif field.required_when is not None:
        wanted = (touched or _reads_changed(draft, field.required_when.reads)) and bool(evaluate(field.required_when, env))
    else:
        wanted = False
    if wanted and (field.visible_when is None or evaluate(field.visible_when, env)):
        draft.refuse("required", field)


def _rejects(draft: Draft) -> None:
    if not draft.form.rejects:
        return
    others = draft.source.apart(draft.form.key, draft.id or UNSAVED)
    env = environment(draft.ctx, draft.form.key, draft.new, source=others, old=draft.old)
    for rule in draft.form.rejects:
        if draft.old is not None and not _reads_changed(draft, rule.if_.reads):
            continue
        beyond: list[Node] = []
        at = draft.form.fields[rule.fields[0]] if rule.fields else None
        if evaluate(rule.if_, replace(env, too_large=beyond)):
            told = read_in(draft.ctx, env)
            message = str(render(rule.message.in_(draft.ctx.locale), told, lambda value, type_: "" if value is None else str(value)))
            draft.refuse("rejected", at, message=message)
        elif beyond:  # what can't be worked out must not pass for fine
            read = (draft.form.fields.get(path[0]) for path in sorted(rule.if_.reads) if path)
            draft.refuse("too-large", at or next((f for f in read if f and f.value.kind == "number"), None))


def _probability(draft: Draft) -> None:
    """Within its stage's range (W1), where the form has a field of that name and a person changed it."""
    field = draft.form.fields.get("probability")
    if field is None or not draft.form.workflow or "probability" not in draft.sent & draft.changed:
        return
    if draft.ctx.actor.system if draft.old is None else "stage" in draft.changed:
        return  # sample data is put into its stage afterwards; a move brings its own
    workflow = draft.ctx.workspace.apps[draft.form.app].workflows[draft.form.workflow]
    stage = next((s for s in workflow.stages if s.id == draft.new.get("stage")), None)
    value = draft.new.get("probability")
    if stage is not None and stage.between is not None and value is not None:
        percent = value * 100 if field.value.scale else value
        if not stage.between[0] <= percent <= stage.between[1]:
            draft.refuse("probability-out-of-range", field, low=stage.between[0], high=stage.between[1])


def _reads_changed(draft: Draft, reads: frozenset[tuple[str, ...]]) -> bool:
    return any(path and path[0] in draft.changed for path in reads)


def unique(draft: Draft) -> None:
    """Unique among live records; the same for `duplicates: same`. A record the actor can't see is not named."""
    table = draft.ctx.workspace.tables[draft.form.key]
    for field in _unique(draft.form):
        value = draft.new.get(field.id)
        if is_empty(value) or (field.id not in draft.changed and draft.kind != "restore"):
            continue
        if draft.batch and draft.batch.free((field.id,), (value,)):
            continue
        if found := _others(draft, column_of(draft.form, table, field.id) == value):
            other = found if rights.allows(draft.ctx, draft.form.key, found, "see", draft.source) else None
            draft.refuse("not-unique" if other else "not-unique-unseen", field, other=_title(draft, other) if other else "")


@per_form
def _unique(form: Form) -> tuple[Field, ...]:
    return tuple(field for field in form.fields.values() if field.unique)


def duplicates(draft: Draft) -> None:
    """`duplicates: same`: all listed fields equal. Refuses, or warns, in the template's words."""
    table = draft.ctx.workspace.tables[draft.form.key]
    for rule in draft.form.duplicates:
        values = [draft.new.get(f) for f in rule.fields]
        if rule.similar or any(is_empty(v) for v in values) or not (draft.kind == "restore" or draft.changed & set(rule.fields)):
            continue
        if draft.batch and draft.batch.free(rule.fields, tuple(values)):
            continue
        clauses = [column_of(draft.form, table, f) == v for f, v in zip(rule.fields, values, strict=True)]
        if found := _others(draft, *clauses):
            _report(draft, rule.then, draft.form.fields[rule.fields[0]], _words(draft, rule.message, found))


def _words(draft: Draft, message: Any, found: Mapping[str, Any]) -> str:
    if message is None or not rights.allows(draft.ctx, draft.form.key, found, "see", draft.source):
        return ""
    env = environment(draft.ctx, draft.form.key, draft.new, source=rights.reader_source(draft.ctx), names={"found": found["id"]})
    return str(render(message.in_(draft.ctx.locale), read_in(draft.ctx, env), lambda value, type_: "" if value is None else str(value)))


def _report(draft: Draft, then: str, field: Field, words: str) -> None:
    if then == "refuse":
        draft.refuse("duplicate", field, message=words)
    else:
        told = {"field": names(field)}
        draft.warnings.append(Problem("duplicate", told, form=draft.form.key, field=field.id, message=words, warning=True))


def _others(draft: Draft, *clauses: Any) -> Mapping[str, Any] | None:
    table = draft.ctx.workspace.tables[draft.form.key]
    query = select(table.c.id).where(*clauses, table.c.deleted_at.is_(None)).limit(1)
    if draft.id is not None:
        query = query.where(table.c.id != draft.id)
    id = draft.ctx.connection.execute(query).scalar()
    return draft.source.record(draft.form.key, id) if id is not None else None


def _title(draft: Draft, row: Mapping[str, Any]) -> str:
    env = environment(draft.ctx, draft.form.key, row, source=rights.reader_source(draft.ctx))
    title = draft.form.title.in_(draft.ctx.locale)
    return str(render(title, read_in(draft.ctx, env), lambda value, type_: "" if value is None else str(value)))
