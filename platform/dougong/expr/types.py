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
| secret   | Hidden                                                                          |
| empty    | None: the literal `none`                                                        |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal[
    "text", "number", "yes_no", "date", "datetime", "time", "span", "range", "choice",
    "list", "record", "records", "file", "json", "secret", "empty",
]
Unit = Literal["", "money", "percent", "headers"]
COVER = "••••"


@dataclass(frozen=True)
class Type:
    """The type of a field or of an expression. `scale` (0…6) and `unit` belong to numbers, `options` to choices; the unit 'headers' says
    that a webhook's headers may hold the secret."""

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


@dataclass(frozen=True, repr=False)
class Hidden:
    """A secret: as somebody wrote it, or sealed. Written anywhere, by anything that doesn't know of it, it is its cover."""

    text: str
    sealed: bool = False

    def __str__(self) -> str:
        return COVER

    __repr__ = __str__


@dataclass(frozen=True)
class Span:
    """A length of time. `millis` is exact; days and workdays are calendar units of the workspace's zone. One sign for all."""

    millis: int = 0
    days: int = 0
    workdays: int = 0

    def __neg__(self) -> Span:
        return Span(-self.millis, -self.days, -self.workdays)


SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Calendar:
    """The workspace's zone and working time. `holidays` and `workdays_off_week` (make-up days) are exceptions to the week."""

    zone: ZoneInfo = SHANGHAI
    week: tuple[int, ...] = (0, 1, 2, 3, 4)  # Monday is 0
    opens: str = "09:00"
    closes: str = "18:00"
    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        return day in self.make_up_days or (day.weekday() in self.week and day not in self.holidays)

    def start_of(self, day: date) -> datetime:
        """The instant at which `day` begins in this zone; the first of all days begins with the calendar."""
        try:
            return self._instant(datetime.combine(day, time()))
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def plus(self, at: datetime, span: Span) -> datetime:
        """`at` moved by `span`: calendar units first (wall clock kept), then exact time. Never decreasing in `at`.

        Workdays count from the start of the next workday where `at` is on none. Raises OverflowError beyond the years 1 to 9999.
        """
        if span.days or span.workdays:
            wall = self._wall(at) + timedelta(days=span.days)
            at = self._instant(self._plus_workdays(wall, span.workdays) if span.workdays else wall)
        return at.astimezone(UTC) + timedelta(milliseconds=span.millis)

    def plus_days(self, day: date, span: Span) -> date:
        """A plain day moved by the days and workdays of `span`."""
        wall = datetime.combine(day, time()) + timedelta(days=span.days)
        return (self._plus_workdays(wall, span.workdays) if span.workdays else wall).date()

    def _plus_workdays(self, wall: datetime, count: int) -> datetime:
        step = timedelta(days=1 if count > 0 else -1)
        if not self.is_workday(wall.date()):
            wall = self._next_workday(datetime.combine(wall.date(), time()), timedelta(days=1))
        for _ in range(abs(count)):
            wall = self._next_workday(wall, step)
        return wall

    def _next_workday(self, wall: datetime, step: timedelta) -> datetime:
        for _ in range(LONGEST_BREAK):
            wall += step
            if self.is_workday(wall.date()):
                return wall
        raise OverflowError(f"no workday within {LONGEST_BREAK} days of {wall:%Y-%m-%d}")

    def _wall(self, at: datetime) -> datetime:
        """The wall clock at `at`; an hour that comes twice is shown the second time as its end, so that the clock never runs back."""
        local = at.astimezone(self.zone)
        if local.fold:
            repeated = _offset(local.replace(fold=0)) - _offset(local)
            utc = at.astimezone(UTC)
            local = (self._transition(utc - repeated, utc) + _offset(local.replace(fold=0))).replace(tzinfo=None)
        return local.replace(tzinfo=None, fold=0)

    def _instant(self, wall: datetime) -> datetime:
        """The instant of a wall clock: the first of two; one that is left out becomes the moment of the jump."""
        local = wall.replace(tzinfo=self.zone)
        at = local.astimezone(UTC)
        if at.astimezone(self.zone).replace(tzinfo=None) != wall:
            return self._transition(local.replace(fold=1).astimezone(UTC), at)
        return at

    def _transition(self, before: datetime, after: datetime) -> datetime:
        """The first millisecond in (before, after] with the offset that `after` has."""
        low, high = 0, (after - before) // MILLISECOND
        new = _offset(after.astimezone(self.zone))
        while high - low > 1:
            middle = (low + high) // 2
            if _offset((before + middle * MILLISECOND).astimezone(self.zone)) == new:
                high = middle
            else:
                low = middle
        return before + high * MILLISECOND


MILLISECOND = timedelta(milliseconds=1)
LONGEST_BREAK = 400  # days without a workday after which a calendar is taken to have none


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()
