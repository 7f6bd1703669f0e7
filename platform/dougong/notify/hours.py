"""When a message may be sent: in working hours, unless it is urgent."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from dougong.expr.types import Calendar


def sendable_from(now: datetime, calendar: Calendar) -> datetime:
    """`now` inside working hours, else the next opening."""
    local = now.astimezone(calendar.zone)
    opens, closes = time.fromisoformat(calendar.opens), time.fromisoformat(calendar.closes)
    if calendar.is_workday(local.date()) and opens <= local.time() < closes:
        return now
    day = local.date()
    if local.time() >= opens or not calendar.is_workday(day):
        day += timedelta(days=1)
        for _ in range(366):
            if calendar.is_workday(day):
                break
            day += timedelta(days=1)
    return datetime.combine(day, opens, tzinfo=calendar.zone).astimezone(now.tzinfo)
