"""An instant: kept in UTC, typed and shown in the workspace zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dougong.expr.types import DATETIME, Type
from dougong.fields.base import ORDERED, FieldType, Locale, field_types
from dougong.fields.calendar import read_instant
from dougong.spec.form import Field


class Moment(FieldType):
    operators = ORDERED
    input_type = "datetime-local"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return DATETIME

    def parse(self, field: Field, raw: Any, locale: Locale) -> datetime | None:
        return read_instant(raw, locale.calendar)

    def entry(self, field: Field, value: datetime | None, locale: Locale) -> str | None:
        """Wall time without zone, to the minute where seconds don't matter."""
        if value is None:
            return None
        local = value.astimezone(locale.calendar.zone).replace(tzinfo=None)
        return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds" if local.second else "minutes")


field_types.register("datetime")(Moment())
