"""Amounts, dates and names as the reader writes them (FACE 4, 10). Pure: what they depend on is an argument."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol

from dougong.expr.types import Calendar
from dougong.problems import language

COMPANY_ENDINGS = ("股份有限公司", "有限责任公司", "集团有限公司", "有限公司")

CHINESE_STEPS = ((Decimal(10**8), " 亿"), (Decimal(10**4), " 万"))
ENGLISH_STEPS = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))


@dataclass(frozen=True)
class Reader:
    """Who reads the page, where and when: `now` is an instant, the calendar cuts its days."""

    locale: str
    calendar: Calendar
    now: datetime

    @property
    def babel(self) -> str:
        return "zh_Hans_CN" if language(self.locale) == "zh" else "en_GB"

    @property
    def chinese(self) -> bool:
        return language(self.locale) == "zh"

    @property
    def today(self) -> date:
        return self.calendar.day_of(self.now)


def number(value: Decimal | int | None, reader: Reader) -> str:
    return "" if value is None else format_decimal(value, locale=reader.babel)


def percent(value: Decimal | None, reader: Reader) -> str:
    """0.793 → 79%"""
    return "" if value is None else format_percent(value, locale=reader.babel)


def money(value: Decimal | None, reader: Reader, currency: str = "CNY") -> str:
    """Exact: ¥1,286,000.00"""
    return "" if value is None else format_currency(value, currency, locale=reader.babel)


def short_money(value: Decimal | None, reader: Reader, currency: str = "CNY") -> str:
    """As cards show it: ¥128.6 万, ¥3.2 亿, ¥1.3M; below one step the amount itself."""
    if value is None:
        return ""
    steps = CHINESE_STEPS if reader.chinese else ENGLISH_STEPS
    symbol, sign = get_currency_symbol(currency, reader.babel), "-" if value < 0 else ""
    for step, word in steps:
        shown = (abs(value) / step).quantize(Decimal("0.1"), ROUND_HALF_UP)
        if shown >= 1 and abs(value) >= steps[-1][0]:
            return f"{sign}{symbol}{format_decimal(shown, locale=reader.babel)}{word}"
    return money(value, reader, currency) if value % 1 else f"{sign}{symbol}{format_decimal(abs(value), locale=reader.babel)}"


def day(value: date | datetime | None, reader: Reader) -> str:
    """3月2日 in this year, 2025年3月2日 in another."""
    if value is None:
        return ""
    day_ = reader.calendar.day_of(value) if isinstance(value, datetime) else value
    this_year = day_.year == reader.today.year
    pattern = ("M月d日" if this_year else "y年M月d日") if reader.chinese else ("d MMM" if this_year else "d MMM y")
    return format_date(day_, pattern, locale=reader.babel)


def weekday(value: date | datetime | None, reader: Reader) -> str:
    """3月2日 周一"""
    if value is None:
        return ""
    day_ = reader.calendar.day_of(value) if isinstance(value, datetime) else value
    return f"{day(day_, reader)} {format_date(day_, 'EEE', locale=reader.babel)}"


def clock(at: datetime | None, reader: Reader) -> str:
    """14:05 on the workspace's clock."""
    return "" if at is None else format_time(at.astimezone(reader.calendar.zone), "HH:mm", tzinfo=reader.calendar.zone, locale=reader.babel)


def moment(at: datetime | None, reader: Reader) -> str:
    """3月2日 14:05"""
    return "" if at is None else f"{day(at, reader)} {clock(at, reader)}"


def middle(text: str, width: int = 24) -> str:
    """A name cut in its middle to at most `width` columns (a Chinese character is two); what tells companies apart is kept at both ends."""
    if _columns(text) <= width:
        return text
    head, tail = "", ""
    while _columns(head) < (width - 1) // 2:
        head += text[len(head)]
    while _columns(tail) < (width - 1) // 2:
        tail = text[-len(tail) - 1] + tail
    return f"{head}…{tail}"


def company_parts(name: str) -> tuple[str, str]:
    """A company's name and the legal ending that is set in grey."""
    ending = next((e for e in COMPANY_ENDINGS if name.endswith(e) and name != e), "")
    return name.removesuffix(ending), ending


def initials(name: str) -> str:
    """What stands in a person's round: 王强, JD."""
    words = name.split()
    if words and all(ord(c) > 0x2E80 for c in words[-1]):
        return words[-1][-2:]
    return "".join(word[0] for word in words[:2]).upper()


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
