"""The search index of a form is made again, because other fields are searched or their values moved."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store import search
from dougong.store.changes.base import Change, Work, counted, words

AT_ONCE = 5_000
"""Rows that are indexed within the apply; for more, the caller does it in the background by search.rebuild."""


@dataclass(frozen=True)
class SearchIndex(Change):
    """`stands` is whether there is one now, `wanted` whether there shall be one."""

    kind = "search-index"
    stands: bool
    wanted: bool
    rows: int

    @property
    def facts(self) -> tuple[Problem, ...]:
        said = {"form": words(self.form.name, self.form.id), "count": counted(self.rows, "record")}
        return (Problem("plan-search" if self.wanted else "plan-search-off", said),)

    @property
    def later(self) -> bool:
        return self.wanted and self.rows > AT_ONCE

    def apply(self, work: Work) -> None:
        if self.stands:
            search.drop(work.connection, self.form.table)

    def finish(self, work: Work) -> None:
        if not self.wanted:
            return
        table = work.tables[self.form.key]
        search.create(work.connection, table)
        last: int | None = 0
        while last is not None and not self.later:
            last = search.rebuild(work.connection, table, last)
