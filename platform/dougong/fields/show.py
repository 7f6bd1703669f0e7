"""Values in the words and figures of a reader, by their type alone: for fields, formulas and texts with formulas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale as BabelLocale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import get_currency_symbol

from dougong.expr.types import Calendar, Span, Type
from dougong.problems import Problem, language

SEPARATORS = {"zh": "、", "en": ", "}


def say(code: str, locale: str, **args: Any) -> str:
    """One of our own words, out of sentences/fields.yaml."""
    return Problem(code, args).sentence(locale)


def show(value: Any, type_: Type, locale: str, calendar: Calendar, currency: str = "CNY") -> str:
    """'' for empty. Records and files show nothing here: whoever may read them knows their titles."""
    if value is None or value == ():
        return ""
    match type_.kind:
        case "number":
            return number_text(value, type_, currency)
        case "yes_no":
            return say("word-yes" if value else "word-no", locale)
        case "date":
            return date_text(value, locale)
        case "datetime":
            return datetime_text(value, locale, calendar)
        case "range":
            return " – ".join("" if day is None else date_text(day, locale) for day in value).strip()
        case "span":
            return span_text(value, locale)
        case "list":
            shown = (show(item, type_.of or type_, locale, calendar, currency) for item in value)
            return SEPARATORS[language(locale)].join(s for s in shown if s)
        case "record" | "records" | "file" | "empty":
            return ""
        case "json":
            return compact(value)
        case _:
            return str(value)


def number_text(value: Decimal | int, type_: Type, currency: str) -> str:
    """Exactly as many decimals as the type has, in threes, which is how Chinese and English readers both write numbers."""
    sign = "-" if value < 0 else ""
    if type_.unit == "money":
        return f"{sign}{currency_sign(currency)}{Decimal(value).copy_abs():,.{type_.scale}f}"
    if type_.unit == "percent":
        points = f"{Decimal(value).copy_abs() * 100:,.{max(type_.scale - 2, 0)}f}"
        return f"{sign}{points.rstrip('0').rstrip('.') if '.' in points else points}%"
    return f"{value:,.{type_.scale}f}" if type_.scale else f"{value:,}"


@cache
def currency_sign(currency: str) -> str:
    """As a Chinese reader writes it (¥, US$): in every language, for there is one currency."""
    return str(get_currency_symbol(currency, "zh_CN"))


def date_text(day: date, locale: str) -> str:
    return str(format_date(day, "medium", locale=babel_locale(locale)))


def datetime_text(at: datetime, locale: str, calendar: Calendar) -> str:
    local = at.astimezone(calendar.zone)
    return f"{date_text(local.date(), locale)} {format_datetime(local, 'HH:mm', locale=babel_locale(locale))}"


def span_text(span: Span, locale: str) -> str:
    """'1 天 2 小时', '2 workdays'; a negative length keeps one sign in front."""
    sign = "-" if min(span.millis, span.days, span.workdays) < 0 else ""
    parts = [(abs(span.workdays), "workday"), (abs(span.days), "day")]
    seconds, millis = divmod(abs(span.millis), 1000)
    for unit, size in (("hour", 3600), ("minute", 60)):
        parts.append((seconds // size, unit))
        seconds %= size
    shown = [say(f"unit-{unit}" if n == 1 else f"unit-{unit}s", locale, n=n) for n, unit in parts if n]
    if seconds or millis or not shown:
        exact = f"{seconds}.{millis:03}".rstrip("0") if millis else str(seconds)
        shown.append(say("unit-second" if exact == "1" else "unit-seconds", locale, n=exact))
    return sign + " ".join(shown)


def compact(value: Any) -> str:
    """JSON at one glance: `a: 1, b: 2`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {compact(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(compact(v) for v in value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@cache
def babel_locale(code: str) -> BabelLocale:
    """The nearest locale Babel knows."""
    try:
        return BabelLocale.parse(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return BabelLocale.parse({"zh": "zh_CN", "en": "en"}[language(code)])
