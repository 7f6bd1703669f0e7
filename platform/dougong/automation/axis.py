"""The since axis of a time rule: values, their due instants, and back (SEMANTICS 4).

On the axis a value stands as text that sorts as time does: '2026-03-02T01:00:00.000Z' or '2026-03-02'; '' is before all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dougong.automation.decide import TimeRule
from dougong.expr.types import DATE, DATETIME, Calendar, Span
from dougong.expr.values import decode, encode
from dougong.sqltypes import from_epoch_millis, to_epoch_millis

END = 2**62  # a record id behind all others: the whole value is done with
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def is_date(rule: TimeRule) -> bool:
    return rule.form.fields[rule.since].value.kind == "date"


def encoded(rule: TimeRule, row: Mapping[str, Any]) -> str:
    """The record's place on the axis; '' where it has none."""
    value = row.get(rule.since)
    return "" if value is None else str(encode(value, rule.form.fields[rule.since].value))


def decoded(rule: TimeRule, at: str) -> Any:
    """The value for a comparison with the column; None for ''."""
    return decode(at, DATE if is_date(rule) else DATETIME) if at else None


def base(rule: TimeRule, at: str, calendar: Calendar) -> datetime:
    """The instant that a since value means: a plain date counts from its start of day."""
    value = decoded(rule, at)
    return calendar.start_of(value) if is_date(rule) else value


def due(rule: TimeRule, at: str, calendar: Calendar) -> datetime:
    return _plus(calendar, base(rule, at, calendar), rule.offset)


def reached(rule: TimeRule, now: datetime, calendar: Calendar) -> str:
    """The largest place x with due(x) ≤ now."""
    if is_date(rule):
        first, last = FIRST.date().toordinal(), LAST.date().toordinal()
        found = _largest(lambda n: _plus(calendar, calendar.start_of(date.fromordinal(n)), rule.offset) <= now, first, last)
        return str(encode(date.fromordinal(found), DATE))
    if not rule.offset.days and not rule.offset.workdays:
        return str(encode(now - timedelta(milliseconds=rule.offset.millis), DATETIME))
    low, high = _around(now, rule.offset)
    found = _largest(lambda n: _plus(calendar, from_epoch_millis(n), rule.offset) <= now, to_epoch_millis(low), to_epoch_millis(high))
    return str(encode(from_epoch_millis(found), DATETIME))


def _around(now: datetime, offset: Span) -> tuple[datetime, datetime]:
    """Generous bounds between which the place lies: at most 400 days off for one break of the calendar."""
    days = abs(offset.days) + abs(offset.workdays) * 7 + 400 + abs(offset.millis) // 86_400_000
    return max(FIRST, now - timedelta(days=days)), min(LAST, now + timedelta(days=days))


def _largest(fits: Callable[[int], bool], low: int, high: int) -> int:
    """The largest n in low…high that fits, where all smaller ones fit too; `low` where none does."""
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _plus(calendar: Calendar, at: datetime, span: Span) -> datetime:
    try:
        return calendar.plus(at, span)
    except OverflowError:
        return LAST
