"""Rich text is clean when it comes in, and cleaned once more when it is drawn."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from dougong.fields.base import field_types
from dougong.fields.rich_text import RichText, html, words
from tests.fields.cases import ZH, make

ATTACKS = (
    "<script>alert(1)</script>甲",
    "<img src=x onerror=alert(1)>甲",
    '<a href="javascript:alert(1)">甲</a>',
    '<a href="java\nscript:alert(1)">甲</a>',
    '<a href="data:text/html,<script>">甲</a>',
    "<svg onload=alert(1)>甲",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>甲',
    '<p style="background:url(javascript:1)">甲</p>',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>甲",
    "<form action=//e.x><input name=a>甲</form>",
    "<base href=//e.x>甲",
    "<meta http-equiv=refresh content=0>甲",
    "<style>*{color:red}</style>甲",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_comes_in_or_is_drawn(attack: str) -> None:
    kept = field_types["rich_text"].parse(make("rich_text"), attack, ZH) or ""
    for drawn in (kept, str(html(attack))):
        assert not any(
            word in drawn.lower()
            for word in ("<script", "onerror", "onload", "javascript:", "<svg", "<iframe", "<form", "style", "<base", "<meta", "data:")
        )


def test_what_is_drawn_is_safe_markup_and_its_words_are_plain() -> None:
    assert html("<p>甲 &amp; 乙</p>") == Markup("<p>甲 &amp; 乙</p>")
    assert words("<ul><li>甲</li><li>乙 &amp; 丙</li></ul>") == "甲 乙 & 丙"


@pytest.mark.parametrize(
    ("written", "kept", "plain"),
    [
        ("一 < 二\n\n三 & 四", "<p>一 &lt; 二</p><p>三 &amp; 四</p>", "一 < 二\n三 & 四"),
        ("<h3>要点</h3><ul><li>甲</li><li><b>乙</b></li></ul>", None, "要点\n甲\n乙"),
        ("a &lt; b", None, "a < b"),
        ("1 <3 2", "<p>1 &lt;3 2</p>", "1 <3 2"),
    ],
)
def test_plain_text_becomes_paragraphs_and_html_can_be_read_as_lines(written: str, kept: str | None, plain: str) -> None:
    kind, field = RichText(), make("rich_text")
    value = kind.parse(field, written, ZH)
    assert value == (kept or written) and kind.plain(value) == plain
    assert kind.unchanged(value, plain.replace("\n", "\r\n"))
    assert not kind.unchanged(value, plain + "x") and not kind.unchanged(value, value)
