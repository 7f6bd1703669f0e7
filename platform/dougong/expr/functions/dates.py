"""Days and instants in the workspace's zone. Ranges beyond what a calendar holds give empty."""

from __future__ import annotations

import calendar as months
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, cast, extract, func, literal_column

from dougong.expr.functions.base import Face, Surroundings, function
from dougong.expr.numbers import Number
from dougong.expr.types import Span

Sql = ColumnElement[Any]
MAX_DAYS = 100_000
MAX_WORKDAYS = 10_000


def local(face: Face, at: Sql) -> Sql:
    """PostgreSQL's wall clock in the workspace's zone; a date stays."""
    return func.timezone(face.zone, at) if face.types[0].kind == "datetime" else at


def _field(name: str) -> Any:
    return lambda face, at: cast(extract(name, local(face, at)), Integer)


@function("year", "day -> integer", js=True, postgres=_field("year"), example="year(today)", zh="年", en="the year")
def year(day: date) -> int:
    return day.year


@function("month", "day -> integer", js=True, postgres=_field("month"), example="month(today)", zh="月", en="the month, 1 to 12")
def month(day: date) -> int:
    return day.month


@function("day", "day -> integer", js=True, postgres=_field("day"), example="day(today)", zh="日", en="the day of the month")
def day_(day: date) -> int:
    return day.day


@function("quarter", "day -> integer", js=True, postgres=_field("quarter"), example="quarter(today)", zh="季度", en="the quarter, 1 to 4")
def quarter(day: date) -> int:
    return (day.month + 2) // 3


@function("weekday", "day -> integer", js=True, postgres=_field("isodow"), example="weekday(today) == 1",
          zh="星期几，星期一是 1", en="the day of the week, Monday is 1")  # fmt: skip
def weekday(day: date) -> int:
    return day.isoweekday()


@function("hour", "datetime -> integer", js=True, surroundings=True, postgres=_field("hour"), example="hour(now)",
          zh="几点", en="the hour, 0 to 23")
def hour(env: Surroundings, at: datetime) -> int:
    return at.astimezone(env.calendar.zone).hour


@function("time", "datetime -> time", js=True, surroundings=True, postgres=lambda face, at: func.to_char(local(face, at), "HH24:MI"),
          example="time(now) > '18:00'", zh="时刻", en="the time of day")  # fmt: skip
def time(env: Surroundings, at: datetime) -> str:
    return format(at.astimezone(env.calendar.zone), "%H:%M")


@function("date", "day -> date; integer, integer, integer -> date; text -> date", js=True, example="date(2026, 3, 1)",
          zh="日期：由年月日、时间或文字而来", en="a date: of year, month, day; of an instant; of a text")  # fmt: skip
def date_(first: date | int | str, month: int | None = None, day: int | None = None) -> date | None:
    match first:
        case date():
            return first
        case str():
            return _read(first)
    if month is None or day is None or not 1 <= first <= 9999 or not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    return date(first, month, day) if day <= months.monthrange(first, month)[1] else None


def _read(text: str) -> date | None:
    parts = text.strip().split("-")
    if [len(p) for p in parts] != [4, 2, 2] or not all(p.isascii() and p.isdigit() for p in parts):
        return None
    return date_(*map(int, parts))  # type: ignore[no-any-return]  # the decorator keeps the function


@function("days_between", "day, day -> integer", js=True, example="days_between(signed, today)",
          postgres=lambda face, a, b: b - a, zh="从前一天到后一天有几天", en="days from the first to the second")  # fmt: skip
def days_between(start: date, end: date) -> int:
    return (end - start).days


@function("months_between", "day, day -> integer", js=True, example="months_between(hired, today)",
          zh="从前一天到后一天满几个月", en="whole months from the first day to the second")  # fmt: skip
def months_between(start: date, end: date) -> int:
    low, high = min(start, end), max(start, end)
    whole = (high.year - low.year) * 12 + high.month - low.month - (high.day < low.day)
    return whole if end >= start else -whole


@function("years_between", "day, day -> integer", js=True, example="years_between(born, today)",
          zh="从前一天到后一天满几年，如年龄", en="whole years from the first day to the second, such as an age")  # fmt: skip
def years_between(start: date, end: date) -> int:
    whole: int = months_between(start, end)
    return whole // 12 if whole >= 0 else -(-whole // 12)


@function("workdays_between", "day, day -> integer", surroundings=True, cost=5, example="workdays_between(asked, answered)",
          zh="从前一天到后一天有几个工作日（不含前一天）", en="workdays after the first up to the second")  # fmt: skip
def workdays_between(env: Surroundings, start: date, end: date) -> int | None:
    low, high = min(start, end), max(start, end)
    if (high - low).days > MAX_DAYS:
        return None
    count = sum(env.calendar.is_workday(low + timedelta(days=n)) for n in range(1, (high - low).days + 1))
    return count if end >= start else -count


@function("is_workday", "day -> yes_no", surroundings=True, example="is_workday(today)", zh="是不是工作日", en="whether it is a workday")
def is_workday(env: Surroundings, day: date) -> bool:
    return env.calendar.is_workday(day)


@function("add_months", "day, integer -> date", js=True, example="add_months(signed, 12)",
          zh="几个月之后的同一天，没有那天则为月末", en="the same day some months later, or the month's last")  # fmt: skip
def add_months(day: date, count: int) -> date | None:
    index = day.year * 12 + day.month - 1 + count
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        return None
    return date(year, month, min(day.day, months.monthrange(year, month)[1]))


def _month(face: Face, day: Sql) -> Sql:
    return cast(func.date_trunc("month", day), Date)


@function("start_of_month", "day -> date", js=True, postgres=_month, example="start_of_month(today)",
          zh="当月第一天", en="the month's first day")
def start_of_month(day: date) -> date:
    return day.replace(day=1)


def _month_end(face: Face, day: Sql) -> Sql:
    return cast(func.date_trunc("month", day) + literal_column("INTERVAL '1 month - 1 day'"), Date)


@function("end_of_month", "day -> date", js=True, postgres=_month_end, example="end_of_month(today)",
          zh="当月最后一天", en="the month's last day")
def end_of_month(day: date) -> date:
    return day.replace(day=months.monthrange(day.year, day.month)[1])


@function("start_of_week", "day -> date", js=True, example="start_of_week(today)", zh="当周星期一", en="the week's Monday")
def start_of_week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _span(amount: Number, unit: int) -> Span | None:
    millis = int(amount * unit)
    return Span(millis=millis) if abs(millis) <= MAX_DAYS * 86_400_000 else None


@function("minutes", "number -> span", js=True, example="now - minutes(30)", zh="几分钟", en="so many minutes")
def minutes(count: Number) -> Span | None:
    return _span(count, 60_000)


@function("hours", "number -> span", js=True, example="now - hours(48)", zh="几小时", en="so many hours")
def hours(count: Number) -> Span | None:
    return _span(count, 3_600_000)


@function("days", "integer -> span", js=True, example="now - days(30)", zh="几天", en="so many days")
def days(count: int) -> Span | None:
    return Span(days=count) if abs(count) <= MAX_DAYS else None


@function("weeks", "integer -> span", js=True, example="today + weeks(2)", zh="几周", en="so many weeks")
def weeks(count: int) -> Span | None:
    return days(count * 7)  # type: ignore[no-any-return]  # the decorator keeps the function


@function("workdays", "integer -> span", js=True, example="today + workdays(2)", zh="几个工作日", en="so many workdays")
def workdays(count: int) -> Span | None:
    return Span(workdays=count) if abs(count) <= MAX_WORKDAYS else None
