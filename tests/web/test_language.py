"""Words, dates and amounts as the reader writes them."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from babel.messages.pofile import read_po

from dougong.expr.types import Calendar
from dougong.web import formats, language
from dougong.web.formats import Reader
from tests.web import words

NOW = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # Monday 9:30 in Shanghai
ZH, EN = Reader("zh-CN", Calendar(), NOW), Reader("en", Calendar(), NOW)
MESSAGES = words.WEB / "translations/zh/LC_MESSAGES/messages.po"


@pytest.mark.parametrize(
    ("own", "accept", "locale"),
    [
        ("en", "zh-CN,zh;q=0.9", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "en;q=0.2, zh-TW;q=0.7", "zh-CN"),
        (None, "fr,de;q=0.5", "zh-CN"),
        (None, "fr, en;q=0", "zh-CN"),
        (None, "", "zh-CN"),
        ("klingon", "en", "en"),
        (None, "en;q=much,,;;", "zh-CN"),
    ],
)
def test_the_persons_own_language_comes_before_the_browsers(own: str | None, accept: str, locale: str) -> None:
    assert language.choose(own, accept) == locale


def test_every_word_of_the_pages_stands_in_chinese() -> None:
    with MESSAGES.open("rb") as page:
        catalogue = read_po(page, locale="zh")
    translated = [m for m in catalogue if m.id and m.string and all(m.string)]
    known = {key for m in translated for key in (m.id if isinstance(m.id, tuple) else (m.id,))}
    used = words.keys()
    assert "Search" in used and "%(n)s day ago" in used
    assert sorted(used - known) == []


def test_a_translation_keeps_the_places_of_its_values() -> None:
    with MESSAGES.open("rb") as page:
        messages = [m for m in read_po(page, locale="zh") if m.id]
    for message in messages:
        for text in message.string if isinstance(message.string, tuple | list) else (message.string or "",):
            key = message.id if isinstance(message.id, str) else message.id[-1]
            assert sorted(places(key)) == sorted(places(text)), (key, text)


def places(text: str) -> list[str]:
    named = {part.split(")")[0] for part in text.split("%(")[1:]}
    return [*named, *({name for _, name, _, _ in string.Formatter().parse(text) if name} if "%(" not in text else ())]


@pytest.mark.parametrize(
    ("before", "zh", "en"),
    [
        (timedelta(seconds=20), "刚刚", "just now"),
        (timedelta(minutes=1), "1 分钟前", "1 minute ago"),
        (timedelta(minutes=59), "59 分钟前", "59 minutes ago"),
        (timedelta(hours=3), "3 小时前", "3 hours ago"),
        (timedelta(hours=10), "昨天 23:30", "yesterday 23:30"),
        (timedelta(days=6), "6 天前", "6 days ago"),
        (timedelta(days=7), "7 天前", "7 days ago"),
        (timedelta(days=8), "3月1日", "1 Mar"),
        (timedelta(days=100), "2025年11月29日", "29 Nov 2025"),
        (timedelta(hours=-2), "3月9日 11:30", "9 Mar 11:30"),
    ],
)
def test_ago_counts_days_by_the_workspaces_calendar(before: timedelta, zh: str, en: str) -> None:
    assert (language.ago(NOW - before, ZH), language.ago(NOW - before, EN)) == (zh, en)


@pytest.mark.parametrize(
    ("after", "zh"),
    [(timedelta(hours=5), "今天 14:30"), (timedelta(hours=20), "明天 05:30"), (timedelta(days=4), "3月13日 09:30")],
)
def test_a_time_ahead_is_said_by_its_day(after: timedelta, zh: str) -> None:
    assert language.due(NOW + after, ZH) == zh


@pytest.mark.parametrize(
    ("value", "zh"),
    [
        ("1286000", "¥128.6 万"), ("860000", "¥86 万"), ("9999.5", "¥9,999.50"), ("10000", "¥1 万"), ("312000000", "¥3.1 亿"),
        ("99999999", "¥1 亿"), ("-45000", "-¥4.5 万"), ("0", "¥0"), ("1200", "¥1,200"), ("104999", "¥10.5 万"), ("99950", "¥10 万"),
    ],
)  # fmt: skip
def test_amounts_on_cards_are_short(value: str, zh: str) -> None:
    assert formats.short_money(Decimal(value), ZH) == zh


@pytest.mark.parametrize(
    ("show", "value", "zh"),
    [
        (formats.money, Decimal("1286000"), "¥1,286,000.00"),
        (formats.number, 1271000, "1,271,000"),
        (formats.percent, Decimal("0.79"), "79%"),
        (formats.day, date(2026, 3, 2), "3月2日"),
        (formats.day, datetime(2026, 3, 1, 17, tzinfo=UTC), "3月2日"),
        (formats.weekday, date(2026, 3, 2), "3月2日 周一"),
        (formats.moment, NOW, "3月9日 09:30"),
        (language.group_heading, NOW, "今天"),
        (language.group_heading, date(2026, 3, 8), "昨天"),
        (language.group_heading, date(2026, 3, 6), "3月6日 周五"),
    ],
)
def test_values_are_written_as_a_chinese_reader_writes_them(show: Any, value: Any, zh: str) -> None:
    assert show(value, ZH) == zh


@pytest.mark.parametrize(
    "show",
    [
        formats.money, formats.short_money, formats.number, formats.percent, formats.day, formats.weekday, formats.moment, formats.clock,
        language.ago, language.due,
    ],
)  # fmt: skip
def test_empty_is_blank(show: Any) -> None:
    assert show(None, ZH) == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("宁波骨科医院", "宁波骨科医院"),
        ("浙江宁波鄞州智慧医疗科技骨科医院", "浙江宁波鄞州…科技骨科医院"),
        ("Ningbo Yinzhou Second Hospital", "Ningbo Yinz…nd Hospital"),
    ],
)
def test_a_long_name_is_cut_in_its_middle(name: str, shown: str) -> None:
    assert formats.middle(name, 24) == shown


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("杭州瑞康医疗器械有限公司", ("杭州瑞康医疗器械", "有限公司")),
        ("智慧医疗科技股份有限公司", ("智慧医疗科技", "股份有限公司")),
        ("宁波骨科医院", ("宁波骨科医院", "")),
        ("有限公司", ("有限公司", "")),
    ],
)
def test_the_legal_ending_of_a_company_stands_apart(name: str, parts: tuple[str, str]) -> None:
    assert formats.company_parts(name) == parts


@pytest.mark.parametrize(("name", "round_"), [("王强", "王强"), ("欧阳小明", "小明"), ("Jane Doe", "JD"), ("", "")])
def test_a_persons_round_says_who(name: str, round_: str) -> None:
    assert formats.initials(name) == round_
