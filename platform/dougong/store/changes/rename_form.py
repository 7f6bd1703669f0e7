"""A form with another id: its table and rows stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store import physical
from dougong.store.changes.base import Change, Work
from dougong.store.physical import Key


@dataclass(frozen=True)
class RenameForm(Change):
    kind = "rename-form"
    own: Key
    members: tuple[Key, ...]

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-rename-form", {"old": self.own.form, "new": self.form.id}),)

    def apply(self, work: Work) -> None:
        known = list(dict.fromkeys([*self.own.names, self.form.id]))
        physical.change_key(work.connection, self.own.id, form=self.form.id, names=known)
        for member in self.members:
            physical.change_key(work.connection, member.id, form=self.form.id)
