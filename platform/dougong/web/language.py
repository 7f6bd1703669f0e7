"""Which language a page speaks, its words, and the filters that write dates and amounts.

Templates hold English keys, `_("Save")`; the Chinese stands in translations/zh/LC_MESSAGES/messages.po, read once per process.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache, partial
from importlib.resources import files
from io import BytesIO
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask

from dougong.problems import language
from dougong.web import formats
from dougong.web.formats import Reader

LANGUAGES: Mapping[str, str] = {"zh-CN": "中文", "en": "English"}


def choose(own: str | None, accept: str = "", default: str = "zh-CN") -> str:
    """The reader's locale: what the person has set, else what the browser asks for first, else the workspace's."""
    if own is not None and own in LANGUAGES:
        return own
    asked = sorted((_quality(part), -place, part.split(";")[0].strip().lower()) for place, part in enumerate(accept.split(",")))
    for quality, _, tag in reversed(asked):
        if quality > 0 and tag.split("-")[0] in ("zh", "en"):
            return "zh-CN" if tag.startswith("zh") else "en"
    return default


def _quality(part: str) -> float:
    try:
        return float(part.split(";q=")[1]) if ";q=" in part else 1.0
    except ValueError:
        return 0.0


@cache
def translations(locale: str) -> gettext.NullTranslations:
    """English is the keys themselves."""
    if language(locale) == "en":
        return gettext.NullTranslations()
    compiled = BytesIO()
    with files("dougong.web").joinpath("translations/zh/LC_MESSAGES/messages.po").open("rb") as page:
        write_mo(compiled, read_po(page, locale="zh"))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def say(locale: str, key: str, /, **values: Any) -> str:
    """`_`: the words of an English key, its %(name)s filled."""
    text = translations(locale).gettext(key)
    return text % values if values else text


def say_many(locale: str, one: str, many: str, n: int, /, **values: Any) -> str:
    """`ngettext`: %(n)s is the count itself."""
    return translations(locale).ngettext(one, many, n) % {"n": n, **values}


def ago(at: datetime | None, reader: Reader) -> str:
    """Up to seven days in words (6 天前), then the day (3月2日)."""
    if at is None:
        return ""
    minutes = int((reader.now - at).total_seconds() // 60)
    days = (reader.today - reader.calendar.day_of(at)).days
    many = partial(say_many, reader.locale)
    if minutes < 1:
        return say(reader.locale, "just now") if minutes >= -1 else formats.moment(at, reader)
    if minutes < 60:
        return many("%(n)s minute ago", "%(n)s minutes ago", minutes)
    if days == 0:
        return many("%(n)s hour ago", "%(n)s hours ago", minutes // 60)
    if days == 1:
        return say(reader.locale, "yesterday %(time)s", time=formats.clock(at, reader))
    return many("%(n)s day ago", "%(n)s days ago", days) if days <= 7 else formats.day(at, reader)


def due(at: datetime | None, reader: Reader) -> str:
    """A time ahead as one says it: 今天 14:05, 明天 9:30, 3月2日 14:05."""
    if at is None:
        return ""
    days = (reader.calendar.day_of(at) - reader.today).days
    if days not in (0, 1):
        return formats.moment(at, reader)
    time = formats.clock(at, reader)
    return say(reader.locale, "tomorrow %(time)s", time=time) if days else say(reader.locale, "today %(time)s", time=time)


def group_heading(value: date | datetime, reader: Reader) -> str:
    """The heading of a day in a timeline: 今天, 昨天, 3月2日 周一."""
    day = reader.calendar.day_of(value) if isinstance(value, datetime) else value
    away = (reader.today - day).days
    if away == 0:
        return say(reader.locale, "Today")
    return say(reader.locale, "Yesterday") if away == 1 else formats.weekday(day, reader)


def inside(name: str, locale: str) -> str:
    """A thing's name as it stands inside a sentence: "New customer", "New SKU"; Chinese knows no capitals."""
    begins = name[:1].isupper() and name[1:2].islower() and language(locale) == "en"
    return name[:1].lower() + name[1:] if begins else name


def install(app: Flask, reader: Callable[[], Reader]) -> None:
    """Gives the templates `_`, `ngettext`, `lang()` and the filters; `reader` says who reads the present page."""
    env = app.jinja_env
    env.globals.update(
        _=lambda key, /, **values: say(reader().locale, key, **values),
        ngettext=lambda one, many, n, /, **values: say_many(reader().locale, one, many, n, **values),
        lang=lambda: "zh-CN" if reader().chinese else "en",
        browser_words=lambda: browser_words(partial(say, reader().locale)),
    )
    shown: tuple[Callable[..., str], ...] = (
        formats.number, formats.percent, formats.money, formats.short_money, formats.day, formats.weekday, formats.clock, formats.moment,
        ago, due, group_heading,
    )  # fmt: skip
    for show in shown:
        env.filters[show.__name__] = _with_reader(show, reader)
    env.filters["inside"] = lambda name: inside(name, reader().locale)
    env.filters |= {"middle": formats.middle, "company_parts": formats.company_parts, "initials": formats.initials}


def _with_reader(show: Callable[..., str], reader: Callable[[], Reader]) -> Callable[..., str]:
    return lambda value, *args: show(value, reader(), *args)


def browser_words(_: Callable[..., str]) -> dict[str, str]:
    """The words that scripts say; {n} is filled there."""
    return {
        "undo": _("Undo"),
        "missing": _("{n} to fill in"),
        "required": _("Please fill this in."),
        "recent": _("Recent"),
        "nothing_found": _("Nothing found"),
        "type_to_search": _("Type to search"),
        "create": _("New “{text}”"),
        "draft_back": _("What you had typed is back."),
        "discard_draft": _("Start afresh"),
        "uploading": _("Sending {n} %"),
        "upload_failed": _("Not sent. Try again?"),
        "too_big": _("This file is larger than {n} MB."),
        "retry": _("Try again"),
        "remove": _("Remove"),
        "retake": _("Retake"),
        "line_removed": _("Line removed"),
        "close": _("Close"),
        "cell_closed": _("This can't be changed here."),
        "format": _("Formatting"),
        "bold": _("Bold"),
        "italic": _("Italic"),
        "heading": _("Heading"),
        "bullets": _("Bullets"),
        "numbers": _("Numbers"),
        "quote": _("Quotation"),
        "link": _("Link"),
        "link_to": _("Address of the link"),
        "voice": _("Voice note"),
        "seconds_left": _("■ {n} s left"),
        "no_microphone": _("No microphone, or it may not be used here. Choose a recording instead."),
        "no_recording": _("This browser records only on https pages. Choose a recording instead."),
        "scan": _("Scan"),
        "scan_hint": _("Hold the code into the picture."),
        "type_code": _("Or type the code"),
        "take_code": _("Take it"),
        "from_photo": _("From a photo"),
        "no_camera": _("No camera, or it may not be used here. Type the code, or choose a photo of it."),
        "no_code": _("No code was found in this picture. Take it closer and straight, or type the code."),
        "unknown_code": _("Nothing bears the code “{text}”"),
        "no_place": _("Your place is not known, or may not be used here. Type it as latitude, longitude."),
        "offline": _("Offline. What you typed is kept on this device."),
        "part_missing": _("This part did not come: there is no connection."),
        "server_error": _("That did not work. Nothing was lost; please try again."),
    }
