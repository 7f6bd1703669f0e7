"""The types that values have, and the Python values that carry them.

| kind     | Python value (empty is None in all but yes_no)                                  |
|----------|---------------------------------------------------------------------------------|
| text     | str: NFC, never ''                                                              |
| number   | int where scale is 0, else Decimal with exactly that scale                      |
| yes_no   | bool, never None                                                                |
| date     | datetime.date                                                                   |
| datetime | datetime.datetime, UTC, whole milliseconds                                      |
| time     | str 'HH:MM'                                                                     |
| span     | Span                                                                            |
| range    | (date or None, date or None), both ends inside; None when both are empty        |
| choice   | str: the option's id                                                            |
| list     | tuple of values of `of`, never None: empty is ()                                |
| record   | int: the record's `id` in the form `form` ('sales.customer', 'user', 'team')    |
| records  | many of `form`: a related field, lines, links, `all.form`; only inside aggregates |
| file     | str: the attachment's uid                                                       |
| json     | what json.loads gives                                                           |
| empty    | None: the literal `none`                                                        |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, date
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal[
    "text", "number", "yes_no", "date", "datetime", "time", "span", "range", "choice",
    "list", "record", "records", "file", "json", "empty",
]
Unit = Literal["", "money", "percent"]


@dataclass(frozen=True)
class Type:
    """The type of a field or of an expression. `scale` (0…6) and `unit` belong to numbers, `options` to choices."""

    kind: Kind
    scale: int = 0
    unit: Unit = ""
    options: tuple[str, ...] = ()
    form: str = ""
    of: Type | None = None


TEXT = Type("text")
INTEGER = Type("number")
YES_NO = Type("yes_no")
DATE = Type("date")
DATETIME = Type("datetime")
TIME = Type("time")
SPAN = Type("span")
RANGE = Type("range")
FILE = Type("file")
JSON = Type("json")
EMPTY = Type("empty")
USER = Type("record", form="user")
TEAM = Type("record", form="team")


def number(scale: int, unit: Unit = "") -> Type:
    return Type("number", scale=scale, unit=unit)


def record(form: str) -> Type:
    return Type("record", form=form)


def records(form: str) -> Type:
    return Type("records", form=form)


def list_of(item: Type) -> Type:
    return Type("list", of=item)


@dataclass(frozen=True)
class Span:
    """A length of time. `millis` is exact; days and workdays are calendar units of the workspace's zone. One sign for all."""

    millis: int = 0
    days: int = 0
    workdays: int = 0

    def __neg__(self) -> Span:
        return Span(-self.millis, -self.days, -self.workdays)


@dataclass(frozen=True)
class Calendar:
    """The workspace's zone and working time. `holidays` and `workdays_off_week` (make-up days) are exceptions to the week."""

    zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    week: tuple[int, ...] = (0, 1, 2, 3, 4)  # Monday is 0
    opens: str = "09:00"
    closes: str = "18:00"
    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        return day in self.make_up_days or (day.weekday() in self.week and day not in self.holidays)

    def start_of(self, day: date) -> datetime:
        """The instant at which `day` begins in this zone."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(ZoneInfo("UTC"))

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def plus(self, at: datetime, span: Span) -> datetime:
        """`at` moved by `span`: calendar units first (wall clock kept), then exact time. Never decreasing in `at`."""
        local = at.astimezone(self.zone)
        if span.days or span.workdays:
            day = local.date() + timedelta(days=span.days)
            step = 1 if span.workdays >= 0 else -1
            left = abs(span.workdays)
            while left:
                day += timedelta(days=step)
                left -= self.is_workday(day)
            local = datetime.combine(day, local.time(), tzinfo=self.zone)
        return local.astimezone(ZoneInfo("UTC")) + timedelta(milliseconds=span.millis)
