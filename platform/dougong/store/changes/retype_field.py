"""A field of another type: every value is said anew, the old ones stay aside.

Where the field once was of the new type and those values still stand aside, they come back for all rows that nobody has
edited since; an edited one is converted (SEMANTICS 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, update

from dougong.fields.base import ORDER
from dougong.problems import Problem
from dougong.spec.form import Field
from dougong.store import ddl, ordering, physical
from dougong.store.changes.base import FieldChange, Work, counted, figure, listed, type_words
from dougong.store.changes.place import add_place, bring_back, set_aside
from dougong.store.moves import Outcome, Retype, moves
from dougong.store.physical import Key
from dougong.store.tables import column_names, stored_columns


@dataclass(frozen=True)
class RetypeField(FieldChange):
    """`old` is the field as it was, None where the earlier definition can't be read any more or values can't be said in words.

    `relabels`: nothing moves, as all values keep their columns and content; what they sort by comes or goes with the type.
    `returning` is what stood aside.
    """

    kind = "retype-field"
    key_: Key
    old: Field | None
    returning: Key | None
    outcome: Outcome
    relabels: bool
    stored: str

    @property
    def facts(self) -> tuple[Problem, ...]:
        o = self.outcome
        said = {
            **self.named, "old": type_words(self.key_.type.split("(")[0]), "new": type_words(self.field.type),
            "total": counted(o.total, "value"), "count": figure(o.total - o.lost), "lost": figure(o.lost),
            "lost_values": counted(o.lost, "value"), "altered": figure(o.altered), "back": counted(o.back, "value"),
            "edited": counted(o.edited, "record"),
        }  # fmt: skip
        if self.field.computed:
            return (Problem("plan-retype-computed", said),)
        if self.relabels:
            return (Problem("plan-retype-same", said),)
        further = {
            "plan-retype-lost": (len(o.lost_samples), o.lost_samples),
            "plan-retype-altered": (o.altered, o.altered_samples),
            "plan-retype-back": (o.back, ()),
            "plan-retype-edited": (o.edited, o.edited_rows),
        }
        more = (Problem(code, {**said, "samples": listed(samples)}) for code, (count, samples) in further.items() if count)
        return (Problem("plan-retype", said), *more)

    @property
    def loses(self) -> int:
        return 0 if self.relabels else self.outcome.lost + self.outcome.altered

    @property
    def fills(self) -> tuple[str, ...]:
        return (self.field.id,) if self.field.computed else ()

    @property
    def written(self) -> int:
        return 0 if self.relabels and ORDER not in self.stored else self.outcome.total

    def apply(self, work: Work) -> None:
        if self.relabels and not work.is_ready(self.form, self.field.id):
            self._relabel(work)
            return
        aside = set_aside(work, self.key_, self.form.table)
        if self.returning:
            bring_back(work, self.returning, self.form, self.field)
        else:
            add_place(work, self.form, self.field)
            assert self.key_.parent is not None
            physical.add_field_key(work.connection, work.now, self.key_.parent, self.form, self.field, work.forms, work.types)
        if self.old is not None and not work.is_ready(self.form, self.field.id):
            self._fill(work, Retype(
                self.form.table, self.old, self.field, aside.column, work.types, work.locale, self.field.key if self.returning else ""
            ))  # fmt: skip

    def _relabel(self, work: Work) -> None:
        had, suffixes = ORDER in self.key_.suffixes, [c.suffix for c in stored_columns(self.field, work.types)]
        if had and ORDER not in suffixes:
            ddl.drop_column(work.connection, self.form.table, self.key_.column + ORDER)
        elif ORDER in suffixes and not had:
            ordering.add(work.connection, self.form.table, self.key_.column)
        physical.change_key(work.connection, self.key_.id, type=self.stored, suffixes=suffixes)

    def _fill(self, work: Work, retype: Retype) -> None:
        """Values that stood aside are in their columns already."""
        names = column_names(self.field, work.types)
        table = work.tables[self.form.key]
        statement = update(table).where(table.c.id == bindparam("row")).values({name: bindparam(f"v_{name}") for name in names})
        waiting: list[dict[str, Any]] = []
        empty = tuple(None for _ in stored_columns(self.field, work.types))
        for move in moves(work.connection, retype):
            if move.fate in ("back", "lost"):
                continue
            columns = empty if move.value is None else work.types[self.field.type].to_columns(self.field, move.value)
            waiting.append({"row": move.id, **{f"v_{name}": value for name, value in zip(names, columns, strict=True)}})
            if len(waiting) == 2_000:
                work.connection.execute(statement, waiting)
                waiting = []
        if waiting:
            work.connection.execute(statement, waiting)
