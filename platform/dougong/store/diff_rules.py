"""Rules that are new or stricter, with the rows that don't meet them, and formulas that are other ones now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import and_, column, func, select, table

from dougong.spec.form import Field, Form
from dougong.store.changes.base import SAMPLES, Change, FieldChange, field_words
from dougong.store.changes.recompute import Recompute
from dougong.store.changes.rule import NewRule
from dougong.store.convert import is_lost, values
from dougong.store.physical import Key
from dougong.store.scene import Scene
from dougong.store.tables import all_fields, column_names


def rule_changes(scene: Scene, form: Form, own: Key, fields: Sequence[Change]) -> list[Change]:
    """Only of forms that were there and of fields that stay as they are stored: the others' changes say it themselves."""
    before = scene.old_form(own)
    if before is None:
        return []
    moved = {c.field.id for c in fields if isinstance(c, FieldChange) and c.kind != "rename-field"}
    out: list[Change] = []
    for field in form.fields.values():
        known = scene.after.field_keys.get((form.key, field.id))
        old = all_fields(before).get(known.field) if known else None
        if known and old and known.suffixes and field.id not in moved:
            out += _of_field(scene, form, own, old, field)
    return [*out, *_rejects(scene, form, before, moved)]


def _of_field(scene: Scene, form: Form, own: Key, old: Field, field: Field) -> Iterator[Change]:
    if field.computed:
        if _formula(field) != _formula(old):
            yield Recompute(form, field, scene.rows(own))
        return
    about = field_words(form, field)
    if field.required and not old.required and field.value.kind != "yes_no":
        empty = and_(*(column(name).is_(None) for name in (*column_names(field, scene.types), "deleted_at")))
        count = scene.connection.execute(select(func.count()).select_from(table(own.table)).where(empty)).scalar_one()
        if count:
            yield NewRule(form, "plan-required", field.id, about, count)
    if field.options != old.options or field.choices.keys() != old.choices.keys():
        type_ = scene.types[field.type]
        rows = values(scene.connection, own.table, {"v": (field, field.key)}, scene.types, live=True)
        lost = [row["v"] for _, row in rows if not type_.is_empty(row["v"]) and is_lost(field, scene.types, row["v"], scene.locale)]
        if lost:
            shown = tuple(type_.display(old, value, scene.locale) for value in lost[:SAMPLES])
            yield NewRule(form, "plan-limits", field.id, about, len(lost), shown)


def _rejects(scene: Scene, form: Form, before: Form, moved: set[str]) -> Iterator[Change]:
    known = {reject.if_.source for reject in before.rejects}
    for reject in form.rejects:
        if reject.if_.source not in known:
            reads = {path[0] for path in reject.if_.reads if path}
            there = all_fields(before).keys() - moved
            count = scene.breaking(scene.connection, form, reject.if_) if reads <= there else None
            if count != 0:
                code = "plan-reject-uncounted" if count is None else "plan-reject"
                said = reject.message.source or reject.if_.source
                yield NewRule(form, code, reject.id, {"zh": said, "en": said}, count)


def _formula(field: Field) -> tuple[str, ...]:
    cases = (f"{c.if_.source if c.if_ else ''} => {c.then if isinstance(c.then, str) else c.then.source}" for c in field.cases)
    return (field.formula.source if field.formula else "", *cases)
