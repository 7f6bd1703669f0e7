"""A small table inside a message, in the words of each way it goes: lines of text, Markdown, HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

_MARKS = re.compile(r"([\\`*_{}\[\]()<>#|~!])")


@dataclass(frozen=True)
class Rows:
    """Words as its reader may see them. `rest` says that there are more, or that there is nothing; '' where it shows all."""

    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    rest: str = ""

    @classmethod
    def of(cls, raw: Mapping[str, Any] | None) -> Rows | None:
        return None if raw is None else cls(tuple(raw["heads"]), tuple(map(tuple, raw["lines"])), raw["rest"])

    def as_json(self) -> dict[str, Any]:
        return {"heads": list(self.heads), "lines": [list(line) for line in self.lines], "rest": self.rest}

    def text(self) -> str:
        """For the inbox and plain mail."""
        return "\n".join([*(f"· {' · '.join(filter(None, line))}" for line in self.lines), *filter(None, [self.rest])])

    def markdown(self) -> str:
        """A list: DingTalk's Markdown has no tables. What stands in a cell is text, whatever signs are in it."""
        lines = [" · ".join(_MARKS.sub(r"\\\1", " ".join(cell.split())) for cell in line if cell) for line in self.lines]
        return "\n".join([*(f"- {line}" for line in lines), *([f"\n{self.rest}"] if self.rest else [])])

    def html(self) -> Markup:
        head = Markup("").join(Markup('<th align="left">{}</th>').format(cell) for cell in self.heads)
        body = Markup("").join(
            Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(cell) for cell in line)) for line in self.lines
        )
        table = Markup('<table border="1" cellpadding="4" cellspacing="0"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>')
        return (table.format(head, body) if self.lines else Markup("")) + Markup("<p>{}</p>").format(self.rest)


def page(body: str, rows: Rows, link: str) -> str:
    """A mail's HTML: the words, the table, the way to the record."""
    words = Markup("<br>").join(escape(line) for line in body.split("\n"))
    way = Markup('<p><a href="{0}">{0}</a></p>').format(link) if link else Markup("")
    return str(Markup("<!doctype html><html><body><p>{}</p>{}{}</body></html>").format(words, rows.html(), way))
