"""A field that was set aside and is wanted again, stored in the same way: its values come back."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store.changes.base import FieldChange, Work, figure
from dougong.store.changes.place import bring_back
from dougong.store.physical import Key


@dataclass(frozen=True)
class RestoreField(FieldChange):
    kind = "restore-field"
    key_: Key
    values: int

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-restore-field", {**self.named, "count": figure(self.values)}),)

    @property
    def fills(self) -> tuple[str, ...]:
        return (self.field.id,) if self.field.computed else ()

    def apply(self, work: Work) -> None:
        bring_back(work, self.key_, self.form, self.field)
