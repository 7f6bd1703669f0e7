"""documents/*.html: HTML with `{{ formula }}`, and `{{ each lines }} … {{ end }}` around what is repeated for each of many records.

The text is never run: it is cut at its braces, and every formula is compiled on the record it stands on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dougong.expr.tree import Expr
from dougong.expr.types import Type
from dougong.lang.site import Site
from dougong.lang.source import Place
from dougong.problems import Mark, suggest
from dougong.spec.app import Paper, Part, Repeated

_TOKEN = re.compile(r"\{\{(?P<inner>(?:(?!\}\}|\{\{).)*)\}\}|(?P<open>\{\{)|(?P<jinja>\{[%#])", re.DOTALL)
_EACH = re.compile(r"each\s+(?P<many>.+)", re.DOTALL)


@dataclass
class _Block:
    site: Site
    parts: list[Part] = field(default_factory=list)
    many: Expr | None = None
    mark: Mark | None = None


def papers_in(sources: Mapping[str, str]) -> dict[str, str]:
    """Text by id."""
    found = (re.fullmatch(r"documents/([a-z][a-z0-9_]*)\.html", path) for path in sources)
    return {match[1]: sources[match[0]] for match in found if match}


def compile_paper(place: Place, site: Site) -> Paper | None:
    """The paper that `place` names, for records of the form at hand; None after reporting what is wrong."""
    id = str(place.value)
    text = site.papers.get(id)
    if text is None:
        site.report.link("unknown-document", place.mark, suggest(id, site.papers), word=id)
        return None
    open_ = [_Block(site)]
    for part, mark in _cut(text, f"documents/{id}.html"):
        if isinstance(part, str):
            open_[-1].parts.append(part)
        else:
            _take(part["inner"], part, mark, open_)
    for block in open_[1:]:
        site.report.check("document-each-open", block.mark or place.mark)
    return Paper(id, tuple(open_[0].parts))


def _take(inner: str | None, found: re.Match[str], mark: Mark, open_: list[_Block]) -> None:
    site = open_[-1].site
    if inner is None:
        site.report.check("document-jinja" if found["jinja"] else "document-open-braces", mark)
        return
    words = inner.strip()
    here = _moved(mark, found.string, found.start(), found.start("inner") + len(inner) - len(inner.lstrip()), len(words))
    if each := _EACH.fullmatch(words):
        there = _moved(here, words, 0, each.start("many"), len(each["many"]))
        many = site.written(each["many"], there, Type("records"))
        open_.append(_Block(site.on(many.type.form) if many else site, [], many, mark))
    elif words == "end":
        if len(open_) == 1:
            site.report.check("document-end-alone", mark)
        elif (block := open_.pop()).many is not None:
            open_[-1].parts.append(Repeated(block.many, tuple(block.parts)))
    elif formula := site.written(words, here):
        open_[-1].parts.append(formula)


def _cut(text: str, file: str) -> Iterator[tuple[str | re.Match[str], Mark]]:
    """Literal text and tokens in turn, each with its place."""
    at = 0
    start = Mark(file, 1, 1)
    for found in _TOKEN.finditer(text):
        yield text[at : found.start()], start
        yield found, _moved(start, text, 0, found.start(), found.end() - found.start())
        at = found.end()
    yield text[at:], start


def _moved(mark: Mark, text: str, start: int, end: int, length: int) -> Mark:
    """The place of text[end:], when text[start:] stands at `mark`."""
    lines = text.count("\n", start, end)
    column = end - text.rfind("\n", start, end) if lines else mark.column + end - start
    return Mark(mark.file, mark.line + lines, column, length)
