"""One save on its way through the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from dougong.context import Ctx
from dougong.problems import Problem
from dougong.records.row import is_empty
from dougong.records.source import RecordSource, Row
from dougong.spec.form import Field, Form

Kind = Literal["create", "edit", "delete", "restore"]


class Batch(Protocol):
    """What saves of one batch of new records without lines know together (records/bulk.py)."""

    childless: dict[str, Any]
    """What the parts of formulas that look at a record's children come to where there are none."""

    def free(self, fields: tuple[str, ...], values: tuple[Any, ...]) -> bool:
        """True where no live record of the database has these values; False where that has to be asked."""


@dataclass
class Draft:
    """`old` is the row as it was (None at create), `new` as it will be; `sent` are the fields the caller gave.

    `lines` holds, per lines field, the drafts of its rows; they share `problems` and `source` with their parent.
    """

    ctx: Ctx
    form: Form
    kind: Kind
    source: RecordSource
    new: dict[str, Any]
    old: Row | None = None
    id: int | None = None
    uid: str = ""
    revision: int | None = None
    touching: bool = False
    sent: frozenset[str] = frozenset()
    parent: Draft | None = None
    lines: dict[str, list[Draft]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    event: int | None = None
    batch: Batch | None = None
    notes: dict[str, Any] = field(default_factory=dict)  # what the history keeps beside the fields

    @property
    def changed(self) -> frozenset[str]:
        """Fields whose value differs from the row as it was; at create those that are not empty."""
        fields, old = self.form.fields, self.old  # asked for many times in a save
        if old is None:
            return frozenset([k for k, v in self.new.items() if k in fields and not is_empty(v)])
        return frozenset([k for k, v in self.new.items() if k in fields and old.get(k) != v])

    def refuse(self, code: str, at: Field | None = None, /, message: str = "", **args: Any) -> None:
        """Notes a problem; all of a save are shown together."""
        about = {"field": names(at)} if at else {}
        row = self.parent.lines_index(self) if self.parent else None
        told = {"form": names(self.form), **about, **args}
        self.problems.append(Problem(code, told, form=self.form.key, field=at.id if at else "", row=row, message=message))

    def lines_index(self, line: Draft) -> int | None:
        """The row number, from 1, that a person sees for one of the lines."""
        for drafts in self.lines.values():
            if line in drafts:
                return drafts.index(line) + 1
        return None


@dataclass(frozen=True)
class Saved:
    """What a save did. `warnings` are duplicates that only warn and values that were left aside."""

    id: int
    uid: str
    revision: int
    changed: frozenset[str] = frozenset()
    warnings: tuple[Problem, ...] = ()
    event: int | None = None


def names(thing: Field | Form) -> Mapping[str, str]:
    return {"zh": thing.name.in_("zh"), "en": thing.name.in_("en")}
