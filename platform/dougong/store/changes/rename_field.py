"""A field with another id: its column and values stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store import physical
from dougong.store.changes.base import FieldChange, Work, words
from dougong.store.physical import Key


@dataclass(frozen=True)
class RenameField(FieldChange):
    kind = "rename-field"
    key_: Key

    @property
    def facts(self) -> tuple[Problem, ...]:
        form = words(self.form.name, self.form.id)
        return (Problem("plan-rename-field", {"form": form, "old": self.key_.field, "new": self.field.id}),)

    def apply(self, work: Work) -> None:
        known = list(dict.fromkeys([*self.key_.names, self.field.id]))
        physical.change_key(work.connection, self.key_.id, field=self.field.id, names=known)
