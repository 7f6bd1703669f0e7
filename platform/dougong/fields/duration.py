"""A length of time: hours and minutes exact, days and weeks as calendar units (SEMANTICS 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dougong.expr.types import SPAN, Span, Type
from dougong.fields import read
from dougong.fields.base import ORDERED, FieldType, Locale, Refused, field_types
from dougong.fields.length import DAY
from dougong.spec.form import Field

_PART = re.compile(
    r"([0-9]{1,7}(?:\.[0-9]{1,3})?) ?个?(weeks?|w|周|星期|days?|d|天|日|hours?|hrs?|h|小时|钟头|"
    r"minutes?|mins?|m|分钟|分|seconds?|secs?|s|秒)",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"([0-9]{1,5}):([0-5][0-9])(?::([0-5][0-9]))?")
_EXACT = {"h": 3_600_000, "小": 3_600_000, "钟": 3_600_000, "m": 60_000, "分": 60_000, "s": 1000, "秒": 1000}
MOST_DAYS = 36_500


def read_span(written: str) -> Span:
    """'2h 30m', '1小时30分', '3天', '1:30'. Raises Refused."""
    if clock := _CLOCK.fullmatch(written):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return Span(millis=((hours * 60 + minutes) * 60 + seconds) * 1000)
    parts = _PART.findall(written)
    if not parts or re.sub(r"[\s,、零又]|and", "", _PART.sub("", written)):
        raise Refused("not-a-duration")
    millis, days = Decimal(0), Decimal(0)
    for count, unit in parts:
        match unit.lower():
            case "w" | "week" | "weeks" | "周" | "星期":
                days += 7 * Decimal(count)
            case "d" | "day" | "days" | "天" | "日":
                days += Decimal(count)
            case other:
                millis += _EXACT[other[0]] * Decimal(count)
    if days % 1 or millis % 1 or days + millis / DAY > MOST_DAYS:
        raise Refused("not-a-duration")
    return Span(int(millis), int(days))


def write_span(span: Span) -> str:
    """As `read_span` reads it: '3d 1h 30m 15s'."""
    seconds, millis = divmod(span.millis, 1000)
    parts = [(span.days, "d"), (seconds // 3600, "h"), (seconds // 60 % 60, "m")]
    exact = f"{seconds % 60}.{millis:03}" if millis else str(seconds % 60)
    shown = [f"{n}{unit}" for n, unit in parts if n] + ([f"{exact}s"] if exact != "0" else [])
    return " ".join(shown) or "0s"


class Duration(FieldType):
    operators = ORDERED

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return SPAN

    def parse(self, field: Field, raw: Any, locale: Locale) -> Span | None:
        raw = read.one(raw)
        if isinstance(raw, bool | int | float):
            raise Refused("not-a-duration")
        written = read.plain(raw, 60)
        return read_span(written) if written else None

    def export(self, field: Field, value: Span | None) -> str | None:
        return None if value is None else write_span(value)


field_types.register("duration")(Duration())
