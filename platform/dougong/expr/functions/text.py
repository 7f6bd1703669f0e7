"""Text: cut, look up, join, write. Lengths and places count code points, from 1 as in Excel."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, cast, func, type_coerce

from dougong import pinyin as chinese
from dougong.expr.functions.base import Face, Surroundings, function
from dougong.expr.numbers import EXACT, MAX_SCALE, decimal_text, fit

SPACES = " \t\n\r\u00a0\u3000"
MAX_TEXT = 65_536  # code points; a longer result of replace or join is empty
LEGAL_FORMS = re.compile(r"(股份)?有限(责任)?公司|集团|公司|\b(co|ltd|inc|llc|gmbh|corp|limited|company)\b\.?", re.IGNORECASE)

Sql = ColumnElement[Any]


def _not_blank(value: Sql) -> Sql:
    return func.nullif(value, "", type_=Text)


def _count(face: Face, value: Sql) -> Sql:
    """A number of characters that `substr` takes; empty counts as none, and nothing of a text is empty."""
    known = func.coalesce(value, 0)
    if face.postgres:
        return cast(func.least(func.greatest(known, 0), 2**31 - 1), Integer)
    return func.min(func.max(known, 0), 2**31 - 1)


def _left(face: Face, text: Sql, count: Sql) -> Sql:
    return _not_blank(func.substr(text, 1, _count(face, count)))


def _right(face: Face, text: Sql, count: Sql) -> Sql:
    return _not_blank(func.right(text, _count(face, count)))


@function("left", "text, integer -> text", js=True, sql=_left, example="left(name, 2)",
          zh="前几个字", en="the first characters")  # fmt: skip
def left(text: str, count: int) -> str:
    return text[: max(count, 0)]


@function("right", "text, integer -> text", js=True, postgres=_right, example="right(phone, 4)", zh="后几个字", en="the last characters")
def right(text: str, count: int) -> str:
    return text[-count:] if count > 0 else ""


@function("mid", "text, integer, integer -> text", js=True, example="mid(phone, 4, 4)",
          zh="从第几个字起取几个字", en="characters from a place on")  # fmt: skip
def mid(text: str, start: int, count: int) -> str:
    begin = max(start, 1) - 1
    return text[begin : begin + max(count, 0)]


@function("len", "text -> integer", js=True, sql=lambda face, text: func.length(text, type_=Integer), example="len(name)",
          zh="字数", en="how many characters")  # fmt: skip
def len_(text: str) -> int:
    return len(text)


@function("upper", "text -> text", js=True, example="upper(code)", zh="转成大写", en="in capitals")
def upper(text: str) -> str:
    return text.upper()


@function("lower", "text -> text", js=True, example="lower(email)", zh="转成小写", en="in small letters")
def lower(text: str) -> str:
    return text.lower()


def _trim(face: Face, text: Sql) -> Sql:
    return _not_blank(func.btrim(text, SPACES) if face.postgres else func.trim(text, SPACES))


@function("trim", "text -> text", js=True, sql=_trim, example="trim(name)", zh="去掉首尾空格", en="without spaces at both ends")
def trim(text: str) -> str:
    return text.strip(SPACES)


@function("replace", "text, text, text* -> text", js=True, cost=3, example="replace(phone, '-', '')",
          zh="把其中一段换成另一段", en="one part exchanged for another")  # fmt: skip
def replace(text: str, old: str, new: str | None) -> str | None:
    if len(text) + text.count(old) * (len(new or "") - len(old)) > MAX_TEXT:
        return None
    return text.replace(old, new or "")


def _find(face: Face, text: Sql, part: Sql) -> Sql:
    return func.strpos(text, part, type_=Integer) if face.postgres else func.instr(text, part, type_=Integer)


@function("find", "text, text -> integer", js=True, sql=_find, example="find(email, '@')",
          zh="在第几个字处出现，没有则为 0", en="the place where a part begins, 0 where it is missing")  # fmt: skip
def find(text: str, part: str) -> int:
    return text.find(part) + 1


@function("starts_with", "text, text -> yes_no", js=True, example="starts_with(phone, '139')",
          sql=lambda face, text, part: _find(face, text, part) == 1, zh="是否以某段开头", en="begins with")  # fmt: skip
def starts_with(text: str, part: str) -> bool:
    return text.startswith(part)


@function("ends_with", "text, text -> yes_no", js=True, example="ends_with(email, '.cn')", zh="是否以某段结尾", en="ends with")
def ends_with(text: str, part: str) -> bool:
    return text.endswith(part)


def _concat(face: Face, *parts: Sql) -> Sql:
    return _not_blank(_joined([func.coalesce(part, "", type_=Text) for part in parts]))


def _joined(parts: list[Sql]) -> Sql:
    out = parts[0]
    for part in parts[1:]:
        out = type_coerce(out, Text).op("||")(part)
    return type_coerce(out, Text)


@function("concat", "text*... -> text", js=True, sql=_concat, example="concat(province, city)",
          zh="连接文字，空的当作没有", en="texts in a row; empty ones are left out")  # fmt: skip
def concat(*parts: str | None) -> str:
    return "".join(part or "" for part in parts)


@function("pinyin", "text -> text", cost=5, example="pinyin(name)", zh="拼音", en="Chinese in pinyin")
def pinyin(text: str) -> str:
    return chinese.pinyin(text[:200])


@function("initials", "text -> text", cost=5, example="initials(name)", zh="拼音首字母", en="the first letters of the pinyin")
def initials(text: str) -> str:
    return chinese.initials(text[:200])


@function("short", "text -> text", cost=5, example="short(name)",
          zh="公司简称：去掉“有限公司”等字样后的拼音首字母，最多六个",
          en="a company's abbreviation: pinyin initials, at most six")  # fmt: skip
def short(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", initials(LEGAL_FORMS.sub("", text[:200]) or text).lower())[:6].upper()


@function("number", "text -> number(6); json -> number(6)", js=True, example="number(code)",
          zh="把文字读成数字，读不出为空", en="a text read as a number, empty where it is none")  # fmt: skip
def number(value: Any) -> Decimal | int | None:
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", plain := str(value).strip(SPACES)):
        return None
    return fit(decimal_text(plain), MAX_SCALE)


@function("text", "text|choice|time -> text; number, text? -> text; date, text? -> text; datetime, text? -> text; json -> text",
          js=True, surroundings=True, example="text(today, 'yyyymm')",
          zh="写成文字：日期用 yyyy mm dd hh:mm:ss，数字用 0、0.00、#,##0.00、000、0%",
          en="written as text: dates by yyyy mm dd hh:mm:ss, numbers by 0, 0.00, #,##0.00, 000, 0%")  # fmt: skip
def text(env: Surroundings, value: Any, pattern: str | None = None) -> str | None:
    match value:
        case bool() | str():
            return str(value).lower() if isinstance(value, bool) else value
        case datetime():
            return _write_day(value.astimezone(env.calendar.zone), pattern or "yyyy-mm-dd hh:mi")
        case date():
            return _write_day(value, pattern or "yyyy-mm-dd")
        case int() | Decimal():
            return _write_number(value, pattern) if pattern else format(Decimal(value), "f")
    return None


def _write_day(at: date, pattern: str) -> str:
    hour, minute, second = (at.hour, at.minute, at.second) if isinstance(at, datetime) else (0, 0, 0)
    parts = {
        "yyyy": f"{at.year:04}", "yy": f"{at.year % 100:02}", "mm": f"{at.month:02}", "m": str(at.month), "dd": f"{at.day:02}",
        "d": str(at.day), "hh": f"{hour:02}", "h": str(hour), "mi": f"{minute:02}", "n": str(minute), "ss": f"{second:02}",
    }  # fmt: skip
    return DAY_PATTERN.sub(lambda m: parts[MINUTES.get((m[1] or "").lower()) or m[0].lower()], pattern[:100])


DAY_PATTERN = re.compile(r"((?<=h:)mm?(?!i)|mm?(?=:ss))|yyyy|yy|mi|mm|m|dd|d|hh|h|ss", re.IGNORECASE | re.ASCII)
MINUTES = {"mm": "mi", "m": "n"}
"""Beside hours or seconds an m means minutes, as Excel reads it."""
NUMBER_PATTERN = re.compile(r"(#,##)?(0{1,15})(?:\.(0{1,6}))?(%)?")


def _write_number(value: int | Decimal, pattern: str) -> str | None:
    if not (m := NUMBER_PATTERN.fullmatch(pattern)):
        return None
    grouped, whole, decimals, percent = m.groups()
    places = len(decimals or "")
    shown = fit(EXACT.multiply(Decimal(value), Decimal(100)) if percent else value, places)
    if shown is None:
        return None
    digits, _, fraction = format(Decimal(shown), "f").lstrip("-").partition(".")
    digits = digits.zfill(len(whole))
    if grouped:
        digits = f"{int(digits):,}"
    return ("-" if shown < 0 else "") + digits + (f".{fraction}" if fraction else "") + (percent or "")


def sql_contains(face: Face, whole: Sql, part: Sql) -> Sql:
    """`whole contains part` for texts; NULL where a side is."""
    return _find(face, whole, part) > 0
