"""Two days, both inside; either may be open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from dougong.expr.types import RANGE as RANGE_TYPE
from dougong.expr.types import Type
from dougong.fields import read
from dougong.fields.base import PRESENT, FieldType, Locale, Refused, field_types
from dougong.fields.calendar import read_day
from dougong.fields.date import limits, range_faults
from dougong.fields.options import RANGE, Schema
from dougong.spec.form import Field

_BETWEEN = re.compile(r"\s*(?:~+|至|到|—+|–|\.\.+| - | to |/(?=[0-9]{4}-)|/$|^/)\s*")

Days = tuple[date | None, date | None]


class DateRange(FieldType):
    schema: ClassVar[Schema] = RANGE
    operators = PRESENT
    widget = "date_range"
    input_type = "date"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return RANGE_TYPE

    def faults(self, options: Mapping[str, Any]) -> Iterable[Refused]:
        return range_faults(options)

    def parse(self, field: Field, raw: Any, locale: Locale) -> Days | None:
        first, last = (read_day(end, locale.calendar) for end in _ends(raw))
        if first and last and first > last:
            raise Refused("range-reversed")
        return (first, last) if first or last else None

    def check(self, field: Field, value: Days) -> None:
        low, high = limits(field.options)
        if low and value[0] and value[0] < low:
            raise Refused("below-range", limit=low.isoformat())
        if high and value[1] and value[1] > high:
            raise Refused("above-range", limit=high.isoformat())

    def export(self, field: Field, value: Days | None) -> str | None:
        """ISO 8601's interval; an open end is left out: '2026-03-01/'."""
        return None if value is None else "/".join("" if day is None else day.isoformat() for day in value)

    def entry(self, field: Field, value: Days | None, locale: Locale) -> list[str]:
        return ["" if day is None else day.isoformat() for day in value or (None, None)]


def _ends(raw: Any) -> tuple[Any, Any]:
    """[from, to], {from, to} or one text with both."""
    if isinstance(raw, Mapping):
        if not set(raw) <= {"from", "to"}:
            raise Refused("not-a-date-range")
        return raw.get("from"), raw.get("to")
    if isinstance(raw, list | tuple) and len(raw) == 2:
        return raw[0], raw[1]
    written = read.plain(raw, 100)
    if written is None:
        return None, None
    ends = _BETWEEN.split(written)
    if len(ends) != 2:
        raise Refused("not-a-date-range")
    return ends[0], ends[1]


field_types.register("date_range")(DateRange())
