"""A field that the template has no more: its values stand aside."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store.changes.base import FieldChange, Work, counted
from dougong.store.changes.place import set_aside
from dougong.store.physical import Key


@dataclass(frozen=True)
class RemoveField(FieldChange):
    """`values` are those that are filled in now; 0 for computed ones, which can be had again."""

    kind = "remove-field"
    key_: Key
    values: int

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-remove-field", {**self.named, "count": counted(self.values, "value")}),)

    @property
    def loses(self) -> int:
        return self.values

    def apply(self, work: Work) -> None:
        set_aside(work, self.key_, self.form.table)
