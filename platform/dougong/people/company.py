"""Whose workspace this is, and when it works."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection

from dougong.expr.types import Calendar
from dougong.people.forms import LANGUAGES
from dougong.people.identity import clean
from dougong.problems import Problem, Problems, language
from dougong.store.system import change_settings, read_workspace

LOCALES = {"zh": "zh-CN", "en": "en"}
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Company:
    name: str
    calendar: Calendar = field(default_factory=Calendar)
    language: str = "zh"


@dataclass(frozen=True)
class Entry:
    """The same as typed into a form: days of the week '0' (Monday) to '6', dates separated by blanks or commas."""

    name: str
    zone: str = "Asia/Shanghai"
    week: Sequence[str] = ("0", "1", "2", "3", "4")
    opens: str = "09:00"
    closes: str = "18:00"
    holidays: str = ""
    make_up_days: str = ""
    language: str = "zh"


def read(entry: Entry) -> Company:
    """Raises Problems with all that is wrong, by field."""
    problems: list[Problem] = []
    days = {name: _dates(name, getattr(entry, name), problems) for name in ("holidays", "make_up_days")}
    name, week = clean(entry.name), tuple(sorted({int(day) for day in entry.week if day in {*"0123456"}}))
    hours_good = all(_TIME.fullmatch(time) for time in (entry.opens, entry.closes)) and entry.opens < entry.closes
    for name_of, code, bad in (
        ("company", "company-name-missing", not name),
        ("zone", "zone-not-known", entry.zone not in available_timezones()),
        ("week", "week-empty", not week),
        ("opens", "hours-wrong", not hours_good),
        ("language", "language-not-known", entry.language not in LANGUAGES),
    ):
        if bad:
            problems.append(Problem(code, {"value": clean(str(getattr(entry, name_of, "")))}, field=name_of))
    if problems:
        raise Problems(problems)
    calendar = Calendar(ZoneInfo(entry.zone), week, entry.opens, entry.closes, **days)
    return Company(name, calendar, entry.language)


def write(company: Company) -> Entry:
    """What `read` takes back to the same company."""
    calendar = company.calendar
    holidays, make_up_days = (" ".join(day.isoformat() for day in sorted(days)) for days in (calendar.holidays, calendar.make_up_days))
    week = tuple(str(day) for day in calendar.week)
    return Entry(company.name, calendar.zone.key, week, calendar.opens, calendar.closes, holidays, make_up_days, company.language)


def from_settings(settings: Mapping[str, Any]) -> Company | None:
    """The company out of the workspace's settings; None before the first run."""
    if "name" not in settings:
        return None
    return read(Entry(settings["name"], settings["zone"], language=language(settings["locale"]), **settings["calendar"]))


def get(connection: Connection) -> Company | None:
    return from_settings(read_workspace(connection).settings)


def change(connection: Connection, to: Company) -> int:
    """The workspace's new revision. Under `Store.exclusive()` only: every process recompiles with the new calendar."""
    entry = write(to)
    calendar = {name: getattr(entry, name) for name in ("week", "opens", "closes", "holidays", "make_up_days")}
    return change_settings(connection, {"name": to.name, "zone": entry.zone, "calendar": calendar, "locale": LOCALES[to.language]})


def _dates(field: str, text: str, problems: list[Problem]) -> frozenset[date]:
    found = set()
    for word in re.split(r"[\s,，;；、]+", clean(text, 20_000)):
        try:
            found |= {date.fromisoformat(word)} if word else set()
        except ValueError:
            problems.append(Problem("date-wrong", {"value": word[:40]}, field=field))
    return frozenset(found)
