"""Finding the changes between the forms as they are stored and as they shall be."""

from __future__ import annotations

from dataclasses import dataclass, field

from dougong.spec.form import Form
from dougong.store.changes.add_form import AddForm
from dougong.store.changes.base import Change
from dougong.store.changes.remove_form import RemoveForm
from dougong.store.changes.rename_form import RenameForm
from dougong.store.changes.restore_form import RestoreForm
from dougong.store.diff_fields import field_changes
from dougong.store.diff_indexes import dropped_with, index_changes, search_change
from dougong.store.diff_rules import rule_changes
from dougong.store.physical import Key, is_system
from dougong.store.scene import Scene


@dataclass
class _Found:
    """In the order in which they can be carried out."""

    drops: list[Change] = field(default_factory=list)
    forms: list[Change] = field(default_factory=list)
    fields: list[Change] = field(default_factory=list)
    indexes: list[Change] = field(default_factory=list)
    rules: list[Change] = field(default_factory=list)

    def all(self) -> list[Change]:
        return [*self.drops, *self.forms, *self.fields, *self.indexes, *self.rules]


def changes(scene: Scene) -> list[Change]:
    found = _Found()
    for own in scene.keys:
        if own.app == scene.app and not own.field and own.state == "live" and own not in scene.after.form_keys.values():
            _gone(scene, own, found)
    for key, form in scene.after.forms.items():
        if form.app == scene.app and not is_system(form):
            known = scene.after.form_keys.get(key)
            if known is None:
                found.forms.append(AddForm(form))
            else:
                _kept(scene, form, known, found)
    return found.all()


def _gone(scene: Scene, own: Key, found: _Found) -> None:
    form = scene.gone_form(own)
    found.drops += dropped_with(scene, form, own)
    found.forms.append(RemoveForm(form, own, scene.children(own), scene.rows(own)))


def _kept(scene: Scene, form: Form, own: Key, found: _Found) -> None:
    members = scene.children(own)
    if own.state == "aside":
        found.forms.append(RestoreForm(form, own, members, scene.rows(own)))
    elif own.form != form.id:
        found.forms.append(RenameForm(form, own, members))
    fields = field_changes(scene, form, own)
    found.fields += fields
    drops, adds = index_changes(scene, form, own, fields)
    found.drops += drops
    found.indexes += [*search_change(scene, form, own, fields), *adds]
    found.rules += rule_changes(scene, form, own, fields)
