"""A form that was set aside and is wanted again: its rows come back."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store import ddl, names, physical
from dougong.store.changes.base import Change, Work, counted, words
from dougong.store.physical import Key


@dataclass(frozen=True)
class RestoreForm(Change):
    kind = "restore-form"
    own: Key
    members: tuple[Key, ...]
    rows: int

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-restore-form", {"form": words(self.form.name, self.form.id), "count": counted(self.rows, "record")}),)

    def apply(self, work: Work) -> None:
        table = self.form.table
        ddl.rename_table(work.connection, self.own.table, table)
        known = list(dict.fromkeys([*self.own.names, self.form.id]))
        physical.change_key(work.connection, self.own.id, form=self.form.id, names=known, table=table, state="live", since=work.now)
        for member in self.members:
            place = table
            if member.junction and member.state == "live":
                place = names.junction(table, member.column)
                again = next((t for t in work.tables.values() if t.name == place), None)
                ddl.move_junction(work.connection, member.table, place, *(again.indexes if again is not None else ()))
            elif member.junction:
                place = member.table
            physical.change_key(work.connection, member.id, form=self.form.id, table=place)
