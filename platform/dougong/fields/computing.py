"""What the types share whose value is worked out, never entered. Their type is the formula's: lang sets `Field.value`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.expr.types import TEXT, Type
from dougong.fields import read
from dougong.fields.base import ORDERED, FieldType, Locale, Refused
from dougong.fields.calendar import read_clock, read_day, read_instant
from dougong.fields.duration import read_span
from dougong.fields.linking import reference
from dougong.fields.numeric import Numeric
from dougong.fields.percent import Percent
from dougong.fields.yes_no import YesNo
from dougong.spec.form import Field


class Computing(FieldType):
    operators = ORDERED
    widget = "read_only"
    read_only = True

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return TEXT

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        raise Refused("not-entered")

    def operand(self, field: Field, raw: Any, locale: Locale) -> Any:
        """By the kind of the formula's value."""
        match field.value.kind:
            case "number":
                return (Percent() if field.value.unit == "percent" else Numeric()).number(raw, field.value)
            case "yes_no":
                return YesNo().parse(field, raw, locale)
            case "date":
                return read_day(raw, locale.calendar)
            case "datetime":
                return read_instant(raw, locale.calendar)
            case "time" if written := read.plain(raw, 40):
                return f"{read_clock(written):%H:%M}"
            case "span" if written := read.plain(raw, 60):
                return read_span(written)
            case "record":
                return reference(raw)
            case _:
                return read.text(raw)
