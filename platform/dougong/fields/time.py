"""A time of day, without date and zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from dougong.expr.types import TIME, Type
from dougong.fields import read
from dougong.fields.base import ORDERED, FieldType, Locale, Refused, field_types
from dougong.fields.calendar import read_clock
from dougong.spec.form import Field


class TimeOfDay(FieldType):
    operators = ORDERED
    input_type = "time"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return TIME

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        raw = read.one(raw)
        if isinstance(raw, bool | int | float):
            raise Refused("not-a-time")
        if isinstance(raw, time):
            return f"{raw:%H:%M}"
        written = read.plain(raw, 40)
        return f"{read_clock(written):%H:%M}" if written else None


field_types.register("time")(TimeOfDay())
