"""Lengths of time as they are written in templates and scenarios."""

from __future__ import annotations

import re

from dougong.expr.types import Span

DURATION_PATTERN = r"^(0|[1-9][0-9]{0,5}) ?(m|h|d|w|workdays?)$"
_DURATION = re.compile(DURATION_PATTERN)
_HOUR = 3_600_000


def duration(text: str) -> Span:
    """'15m', '48h', '7d', '1w', '2 workdays'. Raises ValueError."""
    found = _DURATION.match(text)
    if not found:
        raise ValueError(text)
    count = int(found[1])
    match found[2]:
        case "m":
            return Span(millis=count * 60_000)
        case "h":
            return Span(millis=count * _HOUR)
        case "d":
            return Span(days=count)
        case "w":
            return Span(days=7 * count)
        case _:
            return Span(workdays=count)
