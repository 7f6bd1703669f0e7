"""Typical slips of people who write YAML for the first time, each with its own hint (LANGUAGE, rule 1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dougong.problems import Mark, Problem

_BEFORE = r"(?:^\s*(?:- +)*|[{,]\s*)"  # where a key may begin
_VALUE = r"(?:: +|- +|[\[,{] *)"  # after which a value begins


def _quoted(match: re.Match[str]) -> str:
    words = match["at"].rstrip()
    return f"'{words}'" if '"' in words else f'"{words}"'


def _nothing(_: re.Match[str]) -> str:
    return ""


@dataclass(frozen=True)
class _Slip:
    """`pattern` finds it in a line that the parser stumbled over; the group `at` is what gets underlined."""

    code: str
    pattern: re.Pattern[str]
    right: Callable[[re.Match[str]], str] = _nothing


_SLIPS = (
    _Slip("tab-indent", re.compile(r"^ *(?P<at>\t+)")),
    _Slip("fullwidth-space", re.compile(r"^ *(?P<at>\u3000+)")),
    _Slip("fullwidth-colon", re.compile(_BEFORE + r"(?P<at>\w+：)"), lambda m: m["at"][:-1] + ": "),
    _Slip("braces-unquoted", re.compile(_VALUE + r"(?P<at>(?:[^\s\"'{}\[,](?:(?!: )[^\"'{}])*)?\{\{.*?\}\}[^,}\]#\"']*)"), _quoted),
    _Slip("curly-quotes", re.compile(_VALUE + r"(?P<at>[“”‘’「][^“”‘’」]*[“”‘’」]?)"), lambda m: '"' + m["at"].strip("“”‘’「」") + '"'),
    _Slip("alias-refused", re.compile(_VALUE + r"(?P<at>\*[^\s,}\]]*)"), _quoted),
    _Slip("anchor-refused", re.compile(_VALUE + r"(?P<at>&[^\s,}\]]*)"), _quoted),
    _Slip("tag-refused", re.compile(_VALUE + r"(?P<at>![^\s,}\]]*)"), _quoted),
    _Slip("brackets-text", re.compile(_VALUE + r"(?P<at>\[[^\[\]\"']*\](?=[^\s,}\]#])[^,}#\"']*)"), _quoted),
    _Slip("reserved-start", re.compile(_VALUE + r"(?P<at>[@`%][^\s,}\]]*)"), _quoted),
    _Slip("text-after-quote", re.compile(_VALUE + r"(?:\"[^\"]*\"|'[^']*')\s*(?P<at>[^\s,}\]#:\"'][^,}\]#]*)")),
    _Slip("fullwidth-comma", re.compile(r"\{[^\"'{}]*(?P<at>，)[^\"'{}]*"), lambda _: ", "),
    _Slip("colon-in-text", re.compile(r": +(?P<at>[^\s\"'{\[|>#,][^\"'#{}\[\],]*: [^#,}\]]*)"), _quoted),
    _Slip("space-after-colon", re.compile(_BEFORE + r"(?P<at>[a-z_]\w*:(?=[^\s/:]))"), lambda m: m["at"] + " "),
)
_FALLBACK = (
    ("quoted scalar", "quote-not-closed", True),
    ("expected ',' or", "bracket-not-closed", True),
    ("sequence entries are not allowed", "list-on-key-line", False),
    ("did not find expected", "bad-indent", False),
    ("could not find expected ':'", "key-without-colon", True),
)


def explain(file: str, lines: list[str], error: Any) -> Problem:
    """The parser's complaint in the words of its likely cause, at the place of that cause."""
    at, context = error.problem_mark or error.context_mark, error.context_mark
    if "quoted scalar" not in (error.context or ""):
        for number in dict.fromkeys([at.line, *([context.line] if context else []), *range(at.line - 1, max(-1, at.line - 4), -1)]):
            if 0 <= number < len(lines) and (problem := _slip_in(file, lines[number], number)):
                return problem
    said = f"{error.context or ''} {error.problem or ''}"
    if "mapping values are not allowed" in said and (match := re.match(r"^( +(?:- +)*)(\w+):", lines[at.line])):
        return Problem("bad-indent", mark=Mark(file, at.line + 1, match.start(2) + 1, len(match[2])))
    for words, code, opening in _FALLBACK:
        if words in said:
            place = context if opening and context else at
            return Problem(code, mark=Mark(file, place.line + 1, place.column + 1))
    return Problem("yaml-syntax", {"said": error.problem or ""}, Mark(file, at.line + 1, at.column + 1))


def _slip_in(file: str, line: str, number: int) -> Problem | None:
    if line.lstrip().startswith("#"):
        return None
    for slip in _SLIPS:
        if match := slip.pattern.search(line):
            words = match["at"].rstrip(" ") or match["at"]
            mark = Mark(file, number + 1, match.start("at") + 1, len(words))
            return Problem(slip.code, {"word": words}, mark, suggestion=slip.right(match))
    return None


def in_key(file: str, key: str, mark: Mark) -> Problem | None:
    """A slip that still parses, seen in a key: `name：文字`, `name:文字`, a full-width space before it."""
    if key.startswith("\u3000"):
        return Problem("fullwidth-space", mark=Mark(file, mark.line, mark.column))
    if match := re.match(r"(\w+)(：|:)(.*)", key):
        code = "fullwidth-colon" if match[2] == "：" else "space-after-colon"
        at = Mark(file, mark.line, mark.column, len(match[1]) + 1)
        return Problem(code, {"word": match[1]}, at, suggestion=f"{match[1]}: {match[3]}".rstrip())
    return None


def in_scalar(file: str, text: str, mark: Mark, line: str, end: int, item: bool) -> Problem | None:
    """A slip that still parses, seen in an unquoted text that ends at `end` of `line`; `item`: it stands in a list or alone."""
    if cut := re.match(r"[ \t]+(#\S.*)", line[end:]):
        whole = f"{text} {cut[1]}".strip()
        at = Mark(file, mark.line, end + 1 + cut.start(1), len(cut[1]))
        return Problem("hash-cuts-text", {"word": cut[1]}, at, suggestion=f'"{whole}"')
    if match := re.fullmatch(r"[“‘「]([^“”‘’「」]*)[”’“」]", text):
        return Problem("curly-quotes", {"word": text}, mark, suggestion=f'"{match[1]}"')
    if item and (match := re.match(r"([a-z_]\w*)(：|:(?!/))", text)):
        code = "fullwidth-colon" if match[2] == "：" else "space-after-colon"
        at = Mark(file, mark.line, mark.column, len(match[1]) + 1)
        return Problem(code, {"word": match[1]}, at, suggestion=f"{match[1]}: ")
    return None
