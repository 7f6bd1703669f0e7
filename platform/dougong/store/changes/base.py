"""What every change can do: say what it does to rows and values, and do it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
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
    ahead: Mapping[str, Collection[str]] = field(default_factory=dict)  # form key → fields whose values stand ready (store/staged.py)

    def is_ready(self, form: Form, id: str) -> bool:
        return id in self.ahead.get(form.key, ())


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

    @property
    def written(self) -> int:
        """Rows that it writes values into."""
        return 0

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
        return {"form": words(self.form.name, self.form.id), "field": field_words(self.form, self.field)}


def words(label: Label, id: str) -> Mapping[str, str]:
    """A name in every language of the sentences, the id where there is none."""
    return {locale: label.in_(locale) or id for locale in ("zh", "en")}


def field_words(form: Form, field: Field) -> Mapping[str, str]:
    """Its name, with the id in brackets where another field of the form is called the same."""
    def called(locale: str) -> str:
        own = field.name.in_(locale) or field.id
        twins = sum((other.name.in_(locale) or other.id) == own for other in form.fields.values() if other.id != field.id)
        return own + ({"zh": f"（{field.id}）", "en": f" ({field.id})"}[locale] if twins else "")

    return {locale: called(locale) for locale in ("zh", "en")}


def counted(number: int, what: str) -> Mapping[str, str]:
    """'1 204 records', '1 record'; in Chinese the figure alone, which its sentence goes on from."""
    return {"zh": figure(number), "en": f"{figure(number)} {what}{'' if number == 1 else 's'}"}


def type_words(type_: str) -> Mapping[str, str]:
    """What people call a field's type."""
    return {locale: Problem(f"type-{type_}").sentence(locale).removeprefix("type-") for locale in ("zh", "en")}


def figure(number: int) -> str:
    """1204 → '1 204'."""
    return f"{number:,}".replace(",", " ")


def listed(samples: Sequence[Any]) -> str:
    """Each once: ten times the same word says no more than one."""
    return ", ".join(dict.fromkeys(str(s) for s in samples))
