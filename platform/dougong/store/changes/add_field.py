"""A field that the form didn't have."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store import physical
from dougong.store.changes.base import FieldChange, Work, counted
from dougong.store.changes.place import add_place
from dougong.store.physical import Key


@dataclass(frozen=True)
class AddField(FieldChange):
    """`rows` are those that exist already and get it empty, or computed."""

    kind = "add-field"
    own: Key
    rows: int

    @property
    def facts(self) -> tuple[Problem, ...]:
        code = "plan-add-field-computed" if self.fills else "plan-add-field"
        return (Problem(code, {**self.named, "count": counted(self.rows, "record")}),)

    @property
    def fills(self) -> tuple[str, ...]:
        return (self.field.id,) if self.field.computed and self.rows else ()

    @property
    def written(self) -> int:
        return self.rows if self.fills else 0

    def apply(self, work: Work) -> None:
        add_place(work, self.form, self.field)
        physical.add_field_key(work.connection, work.now, self.own.id, self.form, self.field, work.forms, work.types)
