"""Reading what people write: the first cleaning that every type shares. Raises Refused, nothing else, whatever comes in."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from dougong.fields.base import Refused

LINE, BLOCK = 500, 20_000
"""Most characters of a one-line and of a long text."""
BOUND = 10**12
"""SEMANTICS 2: every number stays below this."""

_INVISIBLE = dict.fromkeys([0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but line breaks and tabs, and halves of surrogate pairs."""
_BREAKS = str.maketrans(dict.fromkeys("\x0b\x0c\x85\u2028\u2029", "\n"))
_NUMBER = re.compile(r"([-+]?)(?:[¥$€£]|RMB|CNY)?([-+]?)([0-9][0-9,]*|)(\.[0-9]*)?(百万|千万|[百千万亿])?(?:元|RMB|CNY)?", re.IGNORECASE)
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,4}(,[0-9]{4})+")
_UNITS = {"百": 100, "千": 1000, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8}


def one(raw: Any) -> Any:
    """The value of a control that posts one: out of a list of one, '' as empty."""
    if isinstance(raw, list | tuple):
        filled = [item for item in raw if item not in ("", None)]
        if len(filled) > 1:
            raise Refused("one-value-only")
        raw = filled[0] if filled else None
    return None if isinstance(raw, str) and not raw.strip() else raw


def many(raw: Any, separators: str, limit: int) -> list[Any]:
    """The items of a list, or of a text cut at any of `separators`; at most `limit`."""
    if raw is None:
        return []
    if isinstance(raw, str):
        raw = re.split(f"[{re.escape(separators)}]", raw) if len(raw) <= BLOCK else [raw]
    if not isinstance(raw, list | tuple):
        raw = [raw]
    items = [item for item in raw if item is not None and not (isinstance(item, str) and not item.strip())]
    if len(items) > limit:
        raise Refused("too-many", limit=limit)
    return items


def text(raw: Any, limit: int = LINE, lines: bool = False) -> str | None:
    """NFC, stripped, None for ''. A one-line text takes breaks and tabs as spaces; no other control character is let in."""
    raw = _as_text(one(raw))
    if len(raw) > limit * 4:
        raise Refused("too-long", limit=limit)
    clean = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS).translate(_INVISIBLE))
    clean = (clean if lines else clean.replace("\n", " ").replace("\t", " ")).strip()
    if _FORBIDDEN.search(clean):
        raise Refused("forbidden-character")
    if len(clean) > limit:
        raise Refused("too-long", limit=limit)
    return clean or None


def plain(raw: Any, limit: int = LINE) -> str | None:
    """`text` with full-width letters, digits and marks made ordinary: for numbers, dates, codes and addresses."""
    clean = text(raw, limit)
    return clean and unicodedata.normalize("NFKC", clean).replace("−", "-").replace("–", "-").strip()


def _as_text(raw: Any) -> str:
    match raw:
        case None:
            return ""
        case str():
            return raw
        case bool() | Mapping() | list() | tuple() | set() | bytes():
            raise Refused("not-a-text")
        case int() if abs(raw) >= 10**40:
            raise Refused("number-too-large")
        case float() | Decimal():
            return format(_finite(raw).normalize(), "f")
        case int() | date() | time():
            return str(raw)
        case _:
            raise Refused("not-a-text")


def number(raw: Any, scale: int) -> Decimal | None:
    """'1,234.5', '￥1 200', '12万', full-width digits → an exact number with exactly `scale` decimals. More decimals are refused."""
    raw = one(raw)
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise Refused("not-a-number")
    exact = _typed_number(raw) if isinstance(raw, str) else Decimal(raw) if isinstance(raw, int) else _finite(raw)
    if exact is None:
        return None
    if abs(exact) >= BOUND:
        raise Refused("number-too-large")
    rounded = exact.quantize(Decimal(1).scaleb(-scale))
    if rounded != exact:
        raise Refused("not-whole") if scale == 0 else Refused("too-precise", scale=scale)
    return abs(rounded) if rounded == 0 else rounded


def _finite(raw: float | Decimal) -> Decimal:
    """A float stands for the decimal of 15 digits that a spreadsheet shows."""
    if not math.isfinite(raw):
        raise Refused("not-a-number")
    exact = Decimal(f"{raw:.15g}") if isinstance(raw, float) else raw
    if not -40 < exact.adjusted() < 40 or len(exact.as_tuple().digits) > 40:
        raise Refused("number-too-large")
    return exact


def _typed_number(raw: str) -> Decimal | None:
    if len(raw) > 100:
        raise Refused("not-a-number")
    written = "".join((plain(raw) or "").split())
    if not written:
        return None
    match = _NUMBER.fullmatch(written)
    if not match:
        raise Refused("not-a-number")
    first, second, whole, fraction, unit = match.groups()
    digits = whole + (fraction or "").rstrip(".")
    if not (whole or len(fraction or "") > 1) or (first and second) or ("," in whole and not _GROUPED.fullmatch(whole)):
        raise Refused("not-a-number")
    return Decimal((first or second) + digits.replace(",", "")) * _UNITS.get(unit or "", 1)


def day_of(raw: Any) -> date | None:
    """A date object of a spreadsheet cell as a date."""
    return raw.date() if isinstance(raw, datetime) else raw if isinstance(raw, date) else None
