"""A field with another id: its column and values stay as they are, and what belongs to them comes along."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from dougong.problems import Problem
from dougong.store import physical, system
from dougong.store.changes.base import FieldChange, Work
from dougong.store.physical import Key


@dataclass(frozen=True)
class RenameField(FieldChange):
    kind = "rename-field"
    key_: Key

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-rename-field", {**self.named, "old": self.key_.field, "new": self.field.id}),)

    def apply(self, work: Work) -> None:
        known = list(dict.fromkeys([*self.key_.names, self.field.id]))
        physical.change_key(work.connection, self.key_.id, field=self.field.id, names=known)
        for table in system.metadata.sorted_tables:
            if "form" in table.c and "field" in table.c:  # files and numbers
                mine = (table.c.form == self.form.key) & (table.c.field == self.key_.field)
                work.connection.execute(update(table).where(mine).values(field=self.field.id))
