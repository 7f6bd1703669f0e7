"""Values to JSON and back, by type: for events, history, runs and the API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from dougong.expr.types import COVER, Hidden, Span, Type


def encode(value: Any, type_: Type) -> Any:
    """JSON-ready: decimals and dates as text, instants as ISO with 'Z'."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return str(value)
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()
        case Hidden():
            return COVER
        case Span():
            return [value.millis, value.days, value.workdays]
        case tuple() | list() if type_.kind == "range":
            return [encode(v, type_) for v in value]
        case tuple() | list() if type_.of:
            return [encode(v, type_.of) for v in value]
        case _:
            return value


@lru_cache(1_000)
def _instant(value: datetime) -> str:
    """A batch of changes has one `now`, written again and again."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decode(raw: Any, type_: Type) -> Any:
    """The value that `encode` was given."""
    if raw is None:
        return () if type_.kind == "list" else False if type_.kind == "yes_no" else None
    match type_.kind:
        case "number" if type_.scale:
            return Decimal(raw)
        case "datetime":
            return datetime.fromisoformat(raw)
        case "date":
            return date.fromisoformat(raw)
        case "range":
            return tuple(None if v is None else date.fromisoformat(v) for v in raw)
        case "span":
            return Span(*raw)
        case "list" if type_.of:
            of = type_.of
            return tuple(decode(v, of) for v in raw)
        case _:
            return raw
