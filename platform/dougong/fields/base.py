"""The contract of a field type. One file per type registers one subclass; no other file names the type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.types import TypeEngine

from dougong.expr.types import Calendar, Type
from dougong.registry import Registry
from dougong.spec.form import Field


class Refused(Exception):
    """A value that can't be taken: a problem code with its arguments."""

    def __init__(self, code: str, **args: Any) -> None:
        self.code, self.args_ = code, args
        super().__init__(code)


@dataclass(frozen=True)
class StoredColumn:
    """`suffix` is '' for the field's only column; a range has '__from' and '__to'."""

    suffix: str
    type: TypeEngine[Any]


@dataclass(frozen=True)
class Locale:
    """How the reader wants values written."""

    code: str = "zh-CN"
    calendar: Calendar = Calendar()
    currency: str = "CNY"


class FieldType:
    """Defaults fit a text-like type with one column. Values are those of expr/types.py."""

    schema: Mapping[str, Any] = {}
    """JSON Schema properties of the type's own options, each with a bilingual `title` and `description`."""
    required_options: tuple[str, ...] = ()
    operators: tuple[str, ...] = ("==", "!=", "is empty", "is not empty")
    """What list filters offer: == != < <= > >= contains in between 'is empty' 'is not empty'."""
    widget = "text"
    """The template fields/<widget>.html that draws the control (macro `control`)."""
    input_type = "text"
    virtual = False
    """True: no column and no input of its own (related)."""

    def value_type(self, options: Mapping[str, Any]) -> Type:
        """The expression type that a field with these options has."""
        raise NotImplementedError

    def columns(self, field: Field) -> tuple[StoredColumn, ...]:
        """The physical columns."""
        raise NotImplementedError

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        """What a person, a file or an API wrote → the value; None (or () or False) for empty. Raises Refused."""
        raise NotImplementedError

    def check(self, field: Field, value: Any) -> None:
        """Limits the field's options set (range, length, pattern). Raises Refused. Never called with an empty value."""

    def display(self, field: Field, value: Any, locale: Locale) -> str:
        """For reading. Links and users are resolved by the caller and never reach this."""
        return "" if value is None else str(value)

    def export(self, field: Field, value: Any) -> Any:
        """For CSV, xlsx and the API: JSON-ready, and what `parse` takes back to the same value."""
        return value

    def to_columns(self, field: Field, value: Any) -> tuple[Any, ...]:
        """One value per stored column."""
        return (value,)

    def from_columns(self, field: Field, columns: tuple[Any, ...]) -> Any:
        return columns[0]


field_types: Registry[FieldType] = Registry("field type")
