"""A day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dougong.expr.types import DATE, Calendar, Type
from dougong.fields.base import ORDERED, FieldType, Locale, Refused, field_types
from dougong.fields.calendar import read_day
from dougong.fields.options import RANGE
from dougong.spec.form import Field


def limits(options: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """The range option's days."""
    low, high = (read_day(raw, Calendar()) for raw in options.get("range", (None, None)))
    return low, high


def range_faults(options: Mapping[str, Any]) -> Iterable[Refused]:
    try:
        low, high = limits(options)
    except Refused as refused:
        return (refused,)
    return (Refused("range-reversed"),) if low and high and low > high else ()


class Day(FieldType):
    schema = RANGE
    operators = ORDERED
    input_type = "date"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return DATE

    def faults(self, options: Mapping[str, Any]) -> Iterable[Refused]:
        return range_faults(options)

    def parse(self, field: Field, raw: Any, locale: Locale) -> date | None:
        return read_day(raw, locale.calendar)

    def check(self, field: Field, value: date) -> None:
        low, high = limits(field.options)
        if low and value < low:
            raise Refused("below-range", limit=low.isoformat())
        if high and value > high:
            raise Refused("above-range", limit=high.isoformat())


field_types.register("date")(Day())
