"""A form that the template has no more: its table stands aside with all rows."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store import ddl, names, physical, search
from dougong.store.changes.base import Change, Work, counted, words
from dougong.store.physical import Key


@dataclass(frozen=True)
class RemoveForm(Change):
    """`members` are the form's fields; those in tables of pairs move with it, unless they stand aside already."""

    kind = "remove-form"
    own: Key
    members: tuple[Key, ...]
    rows: int

    @property
    def facts(self) -> tuple[Problem, ...]:
        return (Problem("plan-remove-form", {"form": words(self.form.name, self.form.id), "count": counted(self.rows, "record")}),)

    @property
    def loses(self) -> int:
        return self.rows

    def apply(self, work: Work) -> None:
        search.drop(work.connection, self.own.table)
        away = names.aside(work.number, self.own.table)
        ddl.rename_table(work.connection, self.own.table, away)
        physical.change_key(work.connection, self.own.id, table=away, state="aside", since=work.now)
        for member in self.members:
            if not member.junction:
                physical.change_key(work.connection, member.id, table=away)
            elif member.state == "live":
                table = names.aside(work.number, member.table)
                ddl.move_junction(work.connection, member.table, table)
                physical.change_key(work.connection, member.id, table=table)
