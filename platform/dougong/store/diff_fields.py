"""The changes of one form's fields."""

from __future__ import annotations

from dougong.fields.base import ORDER
from dougong.spec.form import Field, Form
from dougong.store.changes.add_field import AddField
from dougong.store.changes.base import Change
from dougong.store.changes.remove_field import RemoveField
from dougong.store.changes.rename_field import RenameField
from dougong.store.changes.restore_field import RestoreField
from dougong.store.changes.retype_field import RetypeField
from dougong.store.moves import Outcome, Retype, moves, outcome
from dougong.store.physical import Key, description
from dougong.store.scene import Scene
from dougong.store.tables import all_fields, stored_columns


def field_changes(scene: Scene, form: Form, own: Key) -> list[Change]:
    """In an order that frees a column before another field takes its name."""
    removed: list[Change] = []
    changed: list[Change] = []
    kept: set[int] = set()
    for field in all_fields(form).values():
        known = scene.after.field_keys.get((form.key, field.id))
        stored = description(field, scene.after.forms, scene.types)
        if not stored:
            continue
        if known is None:
            changed.append(_new(scene, form, own, field, stored))
            continue
        kept.add(known.id)
        if known.field != field.id:
            changed.append(RenameField(form, field, known))
        if known.type != stored:
            changed.append(_retyped(scene, form, own, field, known, stored))
    for key in scene.members(own):
        if key.id not in kept:
            removed.append(_gone(scene, form, own, key))
    return [*removed, *changed]


def _gone(scene: Scene, form: Form, own: Key, key: Key) -> RemoveField:
    old = scene.gone_field(own, key)
    return RemoveField(form, old, key, 0 if _computed(key) else scene.filled(own, key, old.value.kind))


def _new(scene: Scene, form: Form, own: Key, field: Field, stored: str) -> Change:
    aside = _aside(scene, own, field, stored)
    if aside is None:
        return AddField(form, field, own, scene.rows(own))
    return RestoreField(form, field, aside, scene.filled(own, aside, field.value.kind))


def _aside(scene: Scene, own: Key, field: Field, stored: str) -> Key | None:
    """The newest that was set aside under this id and is stored just so."""
    ids = {field.id, field.was} - {""}
    found = [k for k in scene.keys if k.parent == own.id and k.state == "aside" and k.type == stored and ids & set(k.names)]
    return found[-1] if found else None


def _retyped(scene: Scene, form: Form, own: Key, field: Field, known: Key, stored: str) -> RetypeField:
    old, returning = scene.old_field(own, known), _aside(scene, own, field, stored)
    if old is None or not known.suffixes or not stored_columns(field, scene.types) or field.computed:
        values = 0 if _computed(known) else scene.filled(own, known, old.value.kind if old else "")
        return RetypeField(form, field, known, None, returning, Outcome(total=values, lost=values), False, stored)
    back = returning.column if returning else ""
    retype = Retype(own.table, old, field, known.column, scene.types, scene.locale, back)
    found = outcome(moves(scene.connection, retype), retype)
    alike = _storage(known.type) == _storage(stored)
    relabels = returning is None and alike and found.same == found.total
    return RetypeField(form, field, known, old, returning, found, relabels, stored)


def _computed(key: Key) -> bool:
    return key.type.endswith(" computed")


def _storage(description: str) -> str:
    """'phone(text)' → 'text)': the columns, their types and where they lead, whatever the field's type is called and it sorts by."""
    return description.partition("(")[2].removesuffix(" computed").replace(f", {ORDER} text", "")
