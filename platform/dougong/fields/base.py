"""The contract of a field type. One file per type registers one instance; no other file names the type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Boolean, Date, Text
from sqlalchemy.types import TypeEngine

from dougong.expr.types import Calendar, Span, Type
from dougong.expr.values import encode
from dougong.fields.length import Length
from dougong.fields.show import show
from dougong.problems import Problem
from dougong.registry import Registry
from dougong.spec.form import Field
from dougong.sqltypes import Id, Instant, Json, Scaled

EQUAL: tuple[str, ...] = ("==", "!=", "in", "is empty", "is not empty")
ORDERED: tuple[str, ...] = ("==", "!=", "<", "<=", ">", ">=", "between", "is empty", "is not empty")
TEXTUAL: tuple[str, ...] = ("contains", "==", "!=", "in", "is empty", "is not empty")
LISTED: tuple[str, ...] = ("contains", "is empty", "is not empty")
PRESENT: tuple[str, ...] = ("is empty", "is not empty")
OPERATORS = frozenset(EQUAL + ORDERED + TEXTUAL)
ORDER = "__order"
"""The suffix of a last column that lists sort by, where that is not the value itself: it follows from the value."""


class Refused(Exception):
    """A value that can't be taken: a problem code with its arguments."""

    def __init__(self, code: str, **args: Any) -> None:
        self.code, self.args_ = code, args
        super().__init__(code)

    def problem(self, form: str = "", field: str = "", row: int | None = None) -> Problem:
        return Problem(self.code, self.args_, form=form, field=field, row=row)


@dataclass(frozen=True)
class StoredColumn:
    """`suffix` is '' for the field's only column; a range has '__from' and '__to', a span its length in '' and '__exact';
    ORDER is a text's."""

    suffix: str
    type: TypeEngine[Any]


@dataclass(frozen=True)
class Locale:
    """How the reader wants values written."""

    code: str = "zh-CN"
    calendar: Calendar = Calendar()
    currency: str = "CNY"


@dataclass(frozen=True)
class Reference:
    """A record as somebody wrote it, which parse can't look up: its uid, or `words` (title, number, e-mail) of an import.

    The caller finds the record with the reader's rights and puts its id in place.
    """

    uid: str = ""
    words: str = ""


class FieldType:
    """The defaults follow the value's kind (expr/types.py), so that most types state only their options and how to parse.

    `raw` is what a form posted (one str, or a list of them where the control has several inputs of one name),
    what a file's cell holds, or any JSON value from the API.
    """

    schema: ClassVar[Mapping[str, Any]] = {}
    """JSON Schema properties of the type's own options, each with a bilingual `title` and `description` ('中文 | English')."""
    required_options: tuple[str, ...] = ()
    operators = EQUAL
    """What list filters offer: == != < <= > >= contains in between 'is empty' 'is not empty'."""
    widget = "text"
    """The template fields/<widget>.html that draws the control (macro `control`)."""
    input_type = "text"
    virtual = False
    """True: no column and no input of its own (related)."""
    read_only = False
    """True: computed or numbered by the system; it has a value to show but a person never sends one."""

    sealed = False
    """True: kept encrypted (vault.py); people, files and the API are shown its cover and may replace it."""

    def value_type(self, options: Mapping[str, Any]) -> Type:
        """The expression type that a field with these options has. Names of forms are as written; lang completes them."""
        raise NotImplementedError

    def faults(self, options: Mapping[str, Any]) -> Iterable[Refused]:
        """What is wrong with options that fit the schema: a range upside down, a pattern that is none."""
        return ()

    def columns(self, field: Field) -> tuple[StoredColumn, ...]:
        """The physical columns; none for live values, and for links and lines, which have tables of their own."""
        if self.virtual or (field.computed and not field.stored):
            return ()
        return stored_columns(field.value)

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        """What a person, a file or an API wrote → the value; None (or () or False) for empty. Raises Refused."""
        raise NotImplementedError

    def operand(self, field: Field, raw: Any, locale: Locale) -> Any:
        """What a reader's filter compares the field with: as `parse`, also for fields that nobody enters."""
        return self.parse(field, raw, locale)

    def check(self, field: Field, value: Any) -> None:
        """Limits the field's options set (range, length, pattern). Raises Refused. Never called with an empty value."""

    def unchanged(self, before: Any, raw: Any) -> bool:
        """Whether what a control sent back says what it was given: `before` as the form's JSON has it. Only asked where values differ."""
        return False

    def is_empty(self, value: Any) -> bool:
        """Whether `required` is unmet and `check` has nothing to do."""
        return value is None or value == ()

    def display(self, field: Field, value: Any, locale: Locale) -> str:
        """For reading, '' for empty. Links and users are resolved by the caller and never reach this."""
        return show(value, field.value, locale.code, locale.calendar, locale.currency)

    def export(self, field: Field, value: Any) -> Any:
        """For CSV, xlsx and the API: JSON-ready, and what `parse` takes back to the same value in any locale."""
        return encode(value, field.value)

    def entry(self, field: Field, value: Any, locale: Locale) -> Any:
        """What the control holds while it is edited; `parse` takes it back in this locale."""
        return self.export(field, value)

    def to_columns(self, field: Field, value: Any) -> tuple[Any, ...]:
        """One value per stored column."""
        match field.value.kind:
            case "records":
                return ()
            case "range":
                return value or (None, None)
            case "list":
                return (encode(value, field.value) or None,)
            case "span":
                return (value, None if value is None else encode(value, field.value))
            case _:
                return (value,)

    def from_columns(self, field: Field, columns: tuple[Any, ...]) -> Any:
        match field.value.kind:
            case "records":
                return ()
            case "range":
                return None if columns == (None, None) else columns
            case "list":
                return tuple(columns[0] or ())
            case "span":
                return None if columns[1] is None else Span(*columns[1])
            case "yes_no":
                return bool(columns[0])
            case _:
                return columns[0]


def stored_columns(type_: Type) -> tuple[StoredColumn, ...]:
    """How a value of this type is kept."""
    if type_.kind == "range":
        return (StoredColumn("__from", Date()), StoredColumn("__to", Date()))
    if type_.kind == "span":
        return (StoredColumn("", Length()), StoredColumn("__exact", Json()))
    column: TypeEngine[Any] | None
    match type_.kind:
        case "records" | "empty":
            column = None
        case "number":
            column = Scaled(type_.scale) if type_.scale else BigInteger()
        case "yes_no":
            column = Boolean()
        case "date":
            column = Date()
        case "datetime":
            column = Instant()
        case "record":
            column = Id
        case "list" | "json":
            column = Json()
        case _:
            column = Text()
    return () if column is None else (StoredColumn("", column),)


field_types: Registry[FieldType] = Registry("field type")
