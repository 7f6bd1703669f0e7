"""Problems as text for a terminal, and as JSON for machines."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping

from dougong.problems import Problem

CUT = 160  # columns of a source line that are shown


def render(problems: Iterable[Problem], sources: Mapping[str, str], locale: str, folder: str = "") -> str:
    """file:line:column: code: sentence, then the source line with the words underlined. `folder` is put before file names."""
    return "\n".join(_one(problem, sources, locale, folder) for problem in problems)


def as_json(problems: Iterable[Problem], locale: str) -> str:
    """A list in the one shape in which problems travel."""
    return json.dumps([p.as_json(locale) for p in problems], ensure_ascii=False, indent=2)


def _one(problem: Problem, sources: Mapping[str, str], locale: str, folder: str) -> str:
    mark = problem.mark
    sentence, hint = problem.sentence(locale), problem.hint(locale)
    place = f"{folder}{mark}: " if mark.file else ""
    head = f"{place}{problem.code}: {sentence}"
    lines = sources.get(mark.file, "").split("\n")
    if not mark.file or mark.line > len(lines):
        return f"{head} {hint}".rstrip()
    line = lines[mark.line - 1].rstrip("\r").replace("\t", " ")
    start, line = _around(line, mark.column - 1)
    words = line[start : start + mark.length]
    under = " " * width(line[:start]) + "^" * max(1, width(words))
    number = f"{mark.line:>5}"
    return f"{head}\n{number} | {line}\n{' ' * len(number)} | {f'{under} {hint}'.rstrip()}"


def _around(line: str, start: int) -> tuple[int, str]:
    """A long line cut to what stands around `start`."""
    if len(line) <= CUT:
        return start, line
    first = max(0, start - CUT // 2)
    before, after = "…" if first else "", "…" if first + CUT < len(line) else ""
    return start - first + len(before), before + line[first : first + CUT] + after


def width(text: str) -> int:
    """Columns that `text` takes in a terminal: Chinese characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
