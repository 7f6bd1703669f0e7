"""A field that was set aside and is wanted again, stored in the same way: its values come back."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store.changes.base import FieldChange, Work, counted
from dougong.store.changes.place import bring_back
from dougong.store.physical import Key


@dataclass(frozen=True)
class RestoreField(FieldChange):
    kind = "restore-field"
    key_: Key
    values: int

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-restore-field", {**self.named, "count": counted(self.values, "value")}),)

    @property
    def fills(self) -> tuple[str, ...]:
        return (self.field.id,) if self.field.computed else ()

    @property
    def written(self) -> int:
        return self.values if self.fills else 0

    def apply(self, work: Work) -> None:
        bring_back(work, self.key_, self.form, self.field)
