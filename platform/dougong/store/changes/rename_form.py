"""A form with another id: its table and rows stay as they are, and what belongs to them comes along."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from dougong.problems import Problem
from dougong.store import physical, system
from dougong.store.changes.base import Change, Work, words
from dougong.store.physical import Key


@dataclass(frozen=True)
class RenameForm(Change):
    kind = "rename-form"
    own: Key
    members: tuple[Key, ...]

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-rename-form", {"form": words(self.form.name, self.form.id), "old": self.own.form, "new": self.form.id}),)

    def apply(self, work: Work) -> None:
        known = list(dict.fromkeys([*self.own.names, self.form.id]))
        physical.change_key(work.connection, self.own.id, form=self.form.id, names=known)
        for member in self.members:
            physical.change_key(work.connection, member.id, form=self.form.id)
        old = f"{self.own.app}.{self.own.form}"
        for table in system.metadata.sorted_tables:
            if "form" in table.c:  # history, comments, files, numbers, runs, messages: all name the form by its key
                work.connection.execute(update(table).where(table.c.form == old).values(form=self.form.key))
