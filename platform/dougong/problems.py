"""What is wrong, where, and what to do: the one shape in which every part reports it.

A problem carries a stable code and the values its sentence needs; the sentences themselves stand
in `sentences/<part>.yaml`, in every language, so that no other file holds wording.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LOCALES = ("zh", "en")


@dataclass(frozen=True, order=True)
class Mark:
    """A place in a source file; line and column count code points from 1."""

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Mark("", 0, 0, 0)


@dataclass(frozen=True)
class Problem:
    """One fault: of a template (`mark`), or of an entry (`form`, `field`, `row` for a line or import row).

    `args` fill the sentence of `code`; `message` replaces it where a template brings its own words.
    `suggestion` is what was probably meant, exactly as it should be written; the argument `called` is its name for people.
    """

    code: str
    args: Mapping[str, Any] = field(default_factory=dict)
    mark: Mark = NOWHERE
    suggestion: str = ""
    form: str = ""
    field: str = ""
    row: int | None = None
    message: str = ""
    warning: bool = False

    def sentence(self, locale: str) -> str:
        """The fault in words; never raises, so that an error about an error can't hide the first."""
        if self.message:
            return self.message
        text = _catalogue().get(self.code, {}).get(language(locale), self.code)
        try:
            return text.format_map(_Args(self.args, language(locale)))
        except (KeyError, IndexError, ValueError):
            return text

    def hint(self, locale: str) -> str:
        """What to do about it; '' where the sentence says it all."""
        if self.suggestion:
            code = "did-you-mean-called" if self.args.get("called") else "did-you-mean"
            return _catalogue()[code][language(locale)].format_map(_Args({**self.args, "suggestion": self.suggestion}, language(locale)))
        text = _catalogue().get(self.code, {}).get("hint_" + language(locale), "")
        try:
            return text.format_map(_Args(self.args, language(locale)))
        except (KeyError, IndexError, ValueError):
            return text

    def as_json(self, locale: str) -> dict[str, Any]:
        """The shape in which API, CLI `--format json` and pages carry it."""
        out: dict[str, Any] = {"code": self.code, "message": self.sentence(locale)}
        if hint := self.hint(locale):
            out["hint"] = hint
        if self.mark.file:
            out |= {"file": self.mark.file, "line": self.mark.line, "column": self.mark.column, "length": self.mark.length}
        out |= {k: v for k in ("form", "field") if (v := getattr(self, k))}
        if self.row is not None:
            out["row"] = self.row
        if self.warning:
            out["warning"] = True
        return out


class _Args(dict[str, Any]):
    """Arguments in the reader's language: a value may be a mapping locale → words."""

    def __init__(self, args: Mapping[str, Any], locale: str) -> None:
        super().__init__({k: v.get(locale, v) if isinstance(v, Mapping) else v for k, v in args.items()})


class Problems(Exception):
    """Raised once, with all problems of a phase or of a save together."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(p.sentence("en") for p in self.problems[:5]))

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)


def language(locale: str) -> str:
    """'zh' or 'en' out of a locale such as 'zh-CN' or 'en_GB'."""
    return "zh" if locale.lower().startswith("zh") else "en"


def suggest(word: str, known: Iterable[str], names: Mapping[str, str] | None = None) -> str:
    """The known word that `word` was probably meant to be, or ''. `names` are the words for people, each with its known word."""
    ids, names = list(known), names or {}
    if word in names:
        return names[word]
    near = _nearest(word, ids)
    return near or names.get(_nearest(word, names), "")


def _nearest(word: str, known: Iterable[str]) -> str:
    """By letters, whatever their case; next, the only one that begins or ends with the word, or with which the word does."""
    plain = {each.lower(): each for each in known}
    asked = word.lower()
    if near := difflib.get_close_matches(asked, list(plain), n=1, cutoff=0.6):
        return plain[near[0]]
    around = [each for each in plain if len(min(asked, each, key=len)) > 1 and _touches(asked, each)]
    return plain[around[0]] if len(around) == 1 else ""


def _touches(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long.startswith(short) or long.endswith(short)


def codes() -> frozenset[str]:
    """Every code that has its sentences."""
    return frozenset(_catalogue())


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for page in sorted(files("dougong").joinpath("sentences").iterdir(), key=lambda p: p.name):
        for code, texts in yaml.safe_load(page.read_text("utf-8")).items():
            if code in out:
                raise ValueError(f"problem code {code!r} is listed twice, also in {page.name}")
            out[code] = texts
    return out
