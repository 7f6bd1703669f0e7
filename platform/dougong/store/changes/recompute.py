"""A kept value is worked out in another way."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store.changes.base import FieldChange, Work, counted


@dataclass(frozen=True)
class Recompute(FieldChange):
    kind = "recompute"
    rows: int

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-recompute", {**self.named, "count": counted(self.rows, "record")}),)

    @property
    def fills(self) -> tuple[str, ...]:
        return (self.field.id,) if self.rows else ()

    @property
    def written(self) -> int:
        return self.rows

    def apply(self, work: Work) -> None:
        """The caller works the values out, from `fills`: that needs the records' own rules."""
