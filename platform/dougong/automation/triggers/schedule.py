"""Schedules in the workspace's zone: `{every: week, at: "mon 09:00"}` and `{cron: "0 9 * * 1"}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

from dougong.automation.triggers.base import ScheduleTrigger, triggers
from dougong.expr.types import Calendar
from dougong.spec.app import Trigger

EVERY = ("hour", "day", "workday", "week", "month")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AT = re.compile(r"^(?:(?P<day>mon|tue|wed|thu|fri|sat|sun|[1-9]|[12]\d|3[01]|last) )?(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)$")
_FOR_EACH: dict[str, Any] = {
    "for_each": {"type": "string", "format": "form", "title": "对该表单的每条记录各执行一次 | Once for each record of this form"},
}


class Every(ScheduleTrigger):
    """`at`: '09:00' (day, workday), 'mon 09:00' (week), '10 09:00' or 'last 18:00' (month), '00:30' (hour: at half past).

    Day 31 of a shorter month is its last day. An hour that the zone's clock skips is taken right after the gap; one that
    comes twice counts the first time.
    """

    schema: Mapping[str, Any] = {
        "every": {"type": "string", "enum": list(EVERY), "title": "多久一次 | How often"},
        "at": {"type": "string", "pattern": _AT.pattern, "title": "几点，如 mon 09:00 | When, such as mon 09:00"},
        **_FOR_EACH,
    }
    required = ("every",)
    form_in = "for_each"

    def following(self, trigger: Trigger, after: datetime, calendar: Calendar) -> datetime | None:
        every = trigger.options["every"]
        at = parse_at(trigger.options.get("at", "00:00"))
        if every == "hour":
            return _next_hour(after, at[1].minute, calendar)
        day = calendar.day_of(after)
        for _ in range(400):
            if _is_day(every, at[0], day, calendar):
                instant = _instant(day, at[1], calendar)
                if instant > after:
                    return instant
            day += timedelta(days=1)
        return None


class Cron(ScheduleTrigger):
    schema: Mapping[str, Any] = {"cron": {"type": "string", "format": "cron", "title": "cron 表达式 | A cron expression"}, **_FOR_EACH}
    required = ("cron",)
    form_in = "for_each"

    def following(self, trigger: Trigger, after: datetime, calendar: Calendar) -> datetime | None:
        try:
            found = croniter(trigger.options["cron"], after.astimezone(calendar.zone)).get_next(datetime)
        except (CroniterBadCronError, CroniterBadDateError):
            return None
        return found.astimezone(after.tzinfo)


def parse_at(at: str) -> tuple[str, time]:
    """('mon', 09:00); the day is '' where none is written. Raises ValueError."""
    found = _AT.match(at)
    if found is None:
        raise ValueError(at)
    return found["day"] or "", time(int(found["hour"]), int(found["minute"]))


def _is_day(every: str, wanted: str, day: date, calendar: Calendar) -> bool:
    if every == "workday":
        return calendar.is_workday(day)
    if every == "week":
        return day.weekday() == (DAYS.index(wanted) if wanted in DAYS else 0)
    if every == "month":
        last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        number = 31 if wanted == "last" else int(wanted) if wanted.isdigit() else 1
        return day.day == min(number, last.day)
    return True


def _instant(day: date, at: time, calendar: Calendar) -> datetime:
    return datetime.combine(day, at, tzinfo=calendar.zone).astimezone(calendar.start_of(day).tzinfo)


def _next_hour(after: datetime, minute: int, calendar: Calendar) -> datetime:
    local = after.astimezone(calendar.zone)
    offset = local.utcoffset() or timedelta()
    wall = (after + offset).replace(minute=minute, second=0, microsecond=0) - offset
    return wall if wall > after else wall + timedelta(hours=1)


triggers.register("every")(Every())
triggers.register("cron")(Cron())
