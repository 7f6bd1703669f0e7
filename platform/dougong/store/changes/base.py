"""What every change can do: say what it does to rows and values, and do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, Table

from dougong.fields.base import FieldType, Locale
from dougong.problems import Problem
from dougong.spec.form import Field, Form
from dougong.spec.label import Label

SAMPLES = 10
"""How many rows or values a plan lists."""


@dataclass(frozen=True)
class Work:
    """What changes are carried out with. `number` is the ledger's id of this apply; `forms` and `tables` are those afterwards."""

    connection: Connection
    number: int
    now: datetime
    forms: Mapping[str, Form]
    tables: Mapping[str, Table]
    types: Mapping[str, FieldType]
    locale: Locale


@dataclass(frozen=True)
class Change:
    """`form` is the form afterwards, or as it was where it goes."""

    kind: ClassVar[str]
    form: Form

    @property
    def key(self) -> str:
        """By which a person's yes names it: 'retype-field shop.order.budget'."""
        return f"{self.kind} {self.form.key}"

    @property
    def facts(self) -> tuple[Problem, ...]:
        """What it does, as sentences; the first is the heading, '' of them nothing worth telling."""
        raise NotImplementedError

    @property
    def loses(self) -> int:
        """Values or rows that nobody sees any more unless somebody brings them back: above 0 it needs a yes."""
        return 0

    @property
    def blocked(self) -> bool:
        """Whether it can't be done before somebody tidies up the rows; no yes helps."""
        return False

    @property
    def fills(self) -> tuple[str, ...]:
        """Ids of the computed fields whose values must be worked out for the rows that exist; the caller of apply does so."""
        return ()

    def apply(self, work: Work) -> None:
        raise NotImplementedError

    def finish(self, work: Work) -> None:
        """What has to wait until all tables and columns are there."""


@dataclass(frozen=True)
class FieldChange(Change):
    field: Field

    @property
    def key(self) -> str:
        return f"{self.kind} {self.form.key}.{self.field.id}"

    @property
    def named(self) -> dict[str, Any]:
        return {"form": words(self.form.name, self.form.id), "field": words(self.field.name, self.field.id)}


def words(label: Label, id: str) -> Mapping[str, str]:
    """A name in every language of the sentences, the id where there is none."""
    return {locale: label.in_(locale) or id for locale in ("zh", "en")}


def figure(number: int) -> str:
    """1204 → '1 204'."""
    return f"{number:,}".replace(",", " ")


def listed(samples: Sequence[Any]) -> str:
    return ", ".join(str(s) for s in samples)
