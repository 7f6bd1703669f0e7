"""Indexes: they change no value, only how fast rows are found. A unique one needs rows that don't clash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Index, func, select

from dougong.problems import Problem, Problems
from dougong.store import ddl
from dougong.store.changes.base import SAMPLES, Change, Work, counted, listed, words


@dataclass(frozen=True)
class AddIndex(Change):
    """`quiet` where another change of the plan brings it about. `clashes` are values that more than one live row has.

    `about` names its fields as people do, '' of all languages where it is ours alone.
    """

    kind = "add-index"
    index: Index
    quiet: bool
    about: Mapping[str, str]
    clashes: int = 0
    samples: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind} {self.index.name}"

    @property
    def facts(self) -> tuple[Problem, ...]:
        said = {"form": words(self.form.name, self.form.id), "fields": self.about}
        if self.clashes:
            return (Problem("plan-unique-clash", {**said, "count": counted(self.clashes, "value"), "samples": listed(self.samples)}),)
        if self.quiet or not any(self.about.values()):
            return ()
        return (Problem("plan-add-unique" if self.index.unique else "plan-add-index", said),)

    @property
    def blocked(self) -> bool:
        return self.clashes > 0

    def apply(self, work: Work) -> None:
        if self.index.unique:
            count, samples = clashes(work.connection, self.index)
            if count:
                raise Problems((*AddIndex(self.form, self.index, self.quiet, self.about, count, samples).facts,))
        ddl.create_index(work.connection, self.index)


@dataclass(frozen=True)
class DropIndex(Change):
    kind = "drop-index"
    name: str
    quiet: bool
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def facts(self) -> tuple[Problem, ...]:
        form = words(self.form.name, self.form.id)
        told = not self.quiet and any(self.about.values())
        return (Problem("plan-drop-index", {"form": form, "fields": self.about}),) if told else ()

    def apply(self, work: Work) -> None:
        ddl.drop_index(work.connection, self.name)


def clashes(connection: Connection, index: Index) -> tuple[int, tuple[str, ...]]:
    """How many values several live rows share, and the first of them. The columns must be there."""
    columns = list(index.columns)
    assert index.table is not None
    alive = [index.table.c.deleted_at.is_(None)] if "deleted_at" in index.table.c else []
    shared = select(*columns).where(*alive, *(c.is_not(None) for c in columns)).group_by(*columns).having(func.count() > 1)
    count = connection.execute(select(func.count()).select_from(shared.subquery())).scalar_one()
    first = connection.execute(shared.order_by(*columns).limit(SAMPLES)).all() if count else []
    return count, tuple(" ".join(map(str, row)) for row in first)
