"""Percentages and ids as they are written, and what a badly written duration probably means."""

from __future__ import annotations

import re
from decimal import Decimal

PERCENT_PATTERN = r"^(100|[1-9]?[0-9])(\.[0-9]{1,4})?%$"
ID_PATTERN = "^[a-z][a-z0-9_]*$"

_UNITS = {
    "m": ("m", "min", "mins", "minute", "minutes", "分", "分钟", "分鐘"),
    "h": ("h", "hr", "hrs", "hour", "hours", "小时", "时", "个小时", "小時"),
    "d": ("d", "day", "days", "天", "日"),
    "w": ("w", "week", "weeks", "周", "星期", "个星期"),
    " workdays": ("workday", "workdays", "wd", "个工作日", "工作日"),
}


def likely_span(text: str) -> str:
    """What a duration written in another way probably means; '' where nothing is near."""
    found = re.fullmatch(r"(\d{1,6})\s*(\D*)", text.strip().lower())
    if not found:
        return ""
    unit = found[2].strip()
    return next((f"{int(found[1])}{short}" for short, words in _UNITS.items() if unit in words), "" if unit else f"{int(found[1])}h")


def fraction(text: str) -> Decimal:
    """'85%' → 0.85. Raises ValueError."""
    if not re.match(PERCENT_PATTERN, text):
        raise ValueError(text)
    return Decimal(text[:-1]) / 100


def points(text: str) -> int:
    """'85%' → 85, rounded."""
    return round(fraction(text) * 100)


def to_id(words: str) -> str:
    """The id nearest to `words`; '' where nothing of it can stay."""
    plain = re.sub(r"[^a-z0-9]+", "_", words.strip().lower()).strip("_")
    return plain.lstrip("0123456789_")[:30]
