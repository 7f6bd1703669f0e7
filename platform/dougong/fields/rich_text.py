"""Text with headings, lists, tables and links. What is kept is clean HTML; it is cleaned again whenever it is drawn,
because a text field may have become a rich one (THREATS S23)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Any

import nh3
from markupsafe import Markup

from dougong.expr.types import TEXT, Type
from dougong.fields import read
from dougong.fields.base import FieldType, Locale, field_types
from dougong.spec.form import Field

LIMIT = 100_000
TAGS = {"p", "br", "b", "strong", "i", "em", "u", "s", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "code", "a", "hr"} | {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
_MARKED = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(\s[^<>]*)?/?>|&(#\d+|\w+);|<!")
"""What tells HTML from plain text, in which < and & are themselves."""
_BREAK = re.compile(r"(?i)<br\s*/?>|<hr\s*/?>|</(p|li|h2|h3|h4|tr|blockquote|pre|div)>")
ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}


def html(value: str) -> Markup:
    """For pages: safe to stand unescaped."""
    return Markup(_clean(value))


def words(value: str) -> str:
    """The text alone, for lists, search and plain messages."""
    spaced = value.replace("<br>", " ").replace("</p>", " ").replace("</li>", " ").replace("</td>", " ").replace("</tr>", " ")
    return " ".join(unescape(nh3.clean(spaced, tags=set(), clean_content_tags={"script", "style"})).split())


class RichText(FieldType):
    operators = ("contains", "is empty", "is not empty")
    widget = "rich_text"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return TEXT

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        """HTML, or plain text, each line of which becomes a paragraph."""
        written = read.text(raw, LIMIT, lines=True)
        clean = read.text(_clean(written if _is_html(written) else _paragraphs(written)), LIMIT, lines=True) if written else None
        return clean if clean and words(clean) else None

    def unchanged(self, before: Any, raw: Any) -> bool:
        """The plain text of what was there, sent back by a page without the editor, is no wish to lose its headings and links."""
        return isinstance(before, str) and isinstance(raw, str) and not _is_html(raw) and _lines(raw) == _lines(self.plain(before))

    def plain(self, value: str | None) -> str:
        """For a text area: the words, a line for each paragraph and row."""
        if not value or not _is_html(value):
            return value or ""
        broken = _BREAK.sub("\n", value.replace("\n", " "))
        text = unescape(nh3.clean(broken, tags=set(), clean_content_tags={"script", "style"}))
        return "\n".join(_lines(text))

    def display(self, field: Field, value: str | None, locale: Locale) -> str:
        return words(value) if value else ""


def _is_html(written: str) -> bool:
    return bool(_MARKED.search(written))


def _paragraphs(written: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in _lines(written))


def _lines(text: str) -> list[str]:
    return [line for raw in text.splitlines() if (line := " ".join(raw.split()))]


def _clean(value: str) -> str:
    return nh3.clean(
        value, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer"
    )


field_types.register("rich_text")(RichText())
