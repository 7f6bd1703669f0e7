"""Text with headings, lists, tables and links. What is kept is clean HTML; it is cleaned again whenever it is drawn,
because a text field may have become a rich one (THREATS S23)."""

from __future__ import annotations

from collections.abc import Mapping
from html import unescape
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
        written = read.text(raw, LIMIT, lines=True)
        clean = read.text(_clean(written), LIMIT * 2, lines=True) if written else None
        return clean if clean and words(clean) else None

    def display(self, field: Field, value: str | None, locale: Locale) -> str:
        return words(value) if value else ""


def _clean(value: str) -> str:
    return nh3.clean(
        value, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer"
    )


field_types.register("rich_text")(RichText())
