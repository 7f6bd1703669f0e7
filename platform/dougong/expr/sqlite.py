"""What SQLite lacks, as deterministic functions on its connections: exact products and quotients, days in a zone, our functions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from dougong.expr.functions import functions
from dougong.expr.numbers import LIMIT, fit, from_scaled, to_scaled
from dougong.expr.types import Calendar, Type
from dougong.sqltypes import from_epoch_millis, to_epoch_millis


def install(connection: sqlite3.Connection) -> None:
    """Registers them all; to be called for every new connection."""
    for name, run in SQL_FUNCTIONS.items():
        connection.create_function(name, -1, run, deterministic=True)


def _half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded half away from zero."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    return sign * ((2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator)))


def _within(value: int, scale: int) -> int | None:
    return value if abs(value) < LIMIT * 10**scale else None


def _fit(value: int | None, limit: int) -> int | None:
    return value if value is not None and abs(value) < limit else None


def _mul(a: int | None, b: int | None, surplus: int, scale: int) -> int | None:
    return None if a is None or b is None else _within(_half_up(a * b, 10**surplus), scale)


def _div(a: int | None, b: int | None, shift: int, scale: int) -> int | None:
    """a / b · 10**shift"""
    if a is None or not b:
        return None
    return _within(_half_up(a * 10 ** max(shift, 0), b * 10 ** max(-shift, 0)), scale)


def _joined(high: int | None, low: int | None) -> int:
    return (high or 0) * 2**32 + (low or 0)


def _total(high: int | None, low: int | None, limit: int) -> int | None:
    return _fit(_joined(high, low), limit)


def _average(high: int | None, low: int | None, count: int, shift: int, scale: int) -> int | None:
    return _div(_joined(high, low), count, shift, scale)


def _day(millis: int | None, zone: str) -> str | None:
    return None if millis is None else from_epoch_millis(millis).astimezone(ZoneInfo(zone)).date().isoformat()


def _days(a: str | None, b: str | None) -> int | None:
    return None if a is None or b is None else (date.fromisoformat(a) - date.fromisoformat(b)).days


@dataclass(frozen=True)
class _Place:
    """The surroundings that a Python face may ask for; the key stays out of SQL."""

    calendar: Calendar
    key: bytes = b""


@cache
def _called(how: str) -> Callable[..., Any]:
    name, zone, args, result = json.loads(how)
    found, place = functions[name], _Place(Calendar(zone=ZoneInfo(zone)))
    types = [Type(kind, scale) for kind, scale in args]
    out = Type(*result)

    def run(*raw: Any) -> Any:
        values = [_read(v, t) for v, t in zip(raw, types, strict=True)]
        if None in values:
            return None
        try:
            value = found.python(place, *values) if found.surroundings else found.python(*values)
        except (OverflowError, ValueError):
            return None
        return _write(value, out)

    return run


def _read(raw: Any, type_: Type) -> Any:
    if raw is None:
        return None
    match type_.kind:
        case "number":
            return from_scaled(raw, type_.scale)
        case "date":
            return date.fromisoformat(raw)
        case "datetime":
            return from_epoch_millis(raw)
    return raw


def _write(value: Any, type_: Type) -> Any:
    match type_.kind:
        case "number":
            return to_scaled(fit(value, type_.scale), type_.scale)
        case "date":
            return None if value is None else value.isoformat()
        case "datetime":
            return None if value is None else to_epoch_millis(value)
        case "text":
            return value or None
    return value if not isinstance(value, Decimal) else to_scaled(value, type_.scale)


def _call(how: str, *raw: Any) -> Any:
    return _called(how)(*raw)


def _largest(*values: Any) -> Any:
    return max((v for v in values if v is not None), default=None)


def _smallest(*values: Any) -> Any:
    return min((v for v in values if v is not None), default=None)


SQL_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "dg_fit": _fit, "dg_mul": _mul, "dg_div": _div, "dg_total": _total, "dg_average": _average, "dg_day": _day, "dg_days": _days,
    "dg_call": _call, "dg_largest": _largest, "dg_smallest": _smallest,
}  # fmt: skip
