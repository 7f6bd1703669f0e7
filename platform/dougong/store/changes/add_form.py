"""A form that the workspace sees for the first time."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store import ddl, physical, search
from dougong.store.changes.base import Change, Work, counted, words
from dougong.store.tables import all_fields, is_junction


@dataclass(frozen=True)
class AddForm(Change):
    kind = "add-form"

    @property
    def facts(self) -> tuple[Problem, ...]:
        count = counted(len(self.form.fields), "field")
        return (Problem("plan-add-form", {"form": words(self.form.name, self.form.id), "count": count}),)

    def apply(self, work: Work) -> None:
        ddl.create_table(work.connection, work.tables[self.form.key])
        own = {"app": self.form.app, "form": self.form.id, "names": [self.form.id], "table": self.form.table}
        parent = physical.add_key(work.connection, work.now, parent=None, field="", column="", suffixes=[], type="", **own)
        for field in all_fields(self.form).values():
            physical.add_field_key(work.connection, work.now, parent, self.form, field, work.forms, work.types)

    def finish(self, work: Work) -> None:
        table = work.tables[self.form.key]
        ddl.connect_table(work.connection, table)
        for field in all_fields(self.form).values():
            if is_junction(field, work.types):
                ddl.create_junction(work.connection, work.tables[f"{self.form.key}.{field.id}"])
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            ddl.create_index(work.connection, index)
        search.create(work.connection, table)
