"""Reading days and times as people write them, Chinese and ISO."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any

from dougong.clock import to_millis
from dougong.expr.types import Calendar
from dougong.fields import read
from dougong.fields.base import Refused

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years outside are slips of the finger, and no zone arithmetic can overflow inside."""

_DAY = re.compile(r"([0-9]{4})(?:[-/.年 ] ?([0-9]{1,2})[-/.月 ] ?([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))")
_CLOCK = re.compile(
    r"(凌晨|早上|上午|中午|下午|晚上|am|pm)? ?([0-9]{1,2})"
    r"(?:[:时点] ?(?:([0-9]{1,2}|半)分?(?:[:分]? ?([0-9]{1,2})(?:\.([0-9]{1,9}))?秒?)?)?)? ?(am|pm)?",
    re.IGNORECASE,
)
_ZONE = re.compile(r"(?i)(.*[0-9]) ?(z|utc|[+-][0-9]{2}:?[0-9]{2})")


def read_day(raw: Any, calendar: Calendar) -> date | None:
    """'2026-03-05', '2026/3/5', '2026年3月5日', '20260305', a spreadsheet's date; an instant's day in the workspace zone."""
    raw = read.one(raw)
    if isinstance(raw, datetime):
        return _sensible(calendar.day_of(raw) if raw.tzinfo else raw.date())
    if isinstance(raw, date):
        return _sensible(raw)
    written = _written(raw)
    if written is None:
        return None
    if match := _DAY.fullmatch(written):
        return _day(match)
    if not _DAY.match(written):
        raise Refused("not-a-date")
    at = read_instant(raw, calendar)
    return at and calendar.day_of(at)


def read_instant(raw: Any, calendar: Calendar) -> datetime | None:
    """UTC to the millisecond. Without a zone it is wall time of the workspace; without a time, the day's start."""
    raw = read.one(raw)
    if isinstance(raw, datetime):
        _sensible(raw.date())
        return to_millis((raw if raw.tzinfo else raw.replace(tzinfo=calendar.zone)).astimezone(UTC))
    if isinstance(raw, date):
        return calendar.start_of(_sensible(raw)).astimezone(UTC)
    written = _written(raw)
    if written is None:
        return None
    if zoned := _ZONE.fullmatch(written):
        return _zoned(zoned[1], zoned[2])
    day = _DAY.match(written)
    if not day:
        raise Refused("not-a-datetime")
    rest = written[day.end() :].removeprefix("T").removeprefix("t").strip()
    local = datetime.combine(_day(day), read_clock(rest, "not-a-datetime") if rest else time(), tzinfo=calendar.zone)
    return local.astimezone(UTC)


def read_clock(written: str, code: str = "not-a-time") -> time:
    """'14:30', '下午2点半', '9时', '9:05:30.250', '2:30 pm'. Raises Refused(code)."""
    match = _CLOCK.fullmatch(written)
    if not match or (match[3] is None and ":" not in written and not re.search("[时点]|am|pm", written, re.IGNORECASE)):
        raise Refused(code)
    half = (match[1] or match[6] or "").lower()
    hour, minute = int(match[2]), 30 if match[3] == "半" else int(match[3] or 0)
    if half in ("下午", "晚上", "pm", "中午") and hour < 12 and not (half == "中午" and hour >= 11):
        hour += 12
    elif half in ("am", "凌晨") and hour == 12:
        hour = 0
    try:
        return time(hour, minute, int(match[4] or 0), int((match[5] or "0")[:3].ljust(3, "0")) * 1000)
    except ValueError:
        raise Refused(code) from None


def _written(raw: Any) -> str | None:
    if isinstance(raw, bool | int | float):
        raise Refused("not-a-date")
    clean = read.plain(raw, 60)
    return clean and " ".join(clean.split())


def _zoned(local: str, zone: str) -> datetime:
    offset = "+00:00" if zone.lower() in ("z", "utc") else zone
    try:
        at = datetime.fromisoformat(local.replace(" ", "T") + offset)
    except ValueError:
        raise Refused("not-a-datetime") from None
    _sensible(at.date())
    return to_millis(at.astimezone(UTC))


def _day(match: re.Match[str]) -> date:
    year, month, day = match[1], match[2] or match[4], match[3] or match[5]
    try:
        return _sensible(date(int(year), int(month), int(day)))
    except ValueError:
        raise Refused("no-such-day") from None


def _sensible(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused("year-beyond", first=FIRST_YEAR, last=LAST_YEAR)
    return day
