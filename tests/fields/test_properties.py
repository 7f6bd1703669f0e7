"""Round trips over generated values: what is shown in a control, or exported, is read back as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dougong.expr.types import Calendar, Span
from dougong.fields import regions
from dougong.fields.base import Locale, Refused, field_types
from tests.fields.cases import ZH, make

quick = settings(max_examples=150, deadline=None)
ZONES = [Locale("en", Calendar(ZoneInfo(name))) for name in ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu")]

days = st.dates(date(1900, 1, 2), date(2199, 12, 30))
words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60)
SCALES = {"integer": 0, "decimal": 2, "money": 2}


def amounts(scale: int) -> st.SearchStrategy[Any]:
    exact = st.decimals(min_value=-(10**12) + 1, max_value=10**12 - 1, places=scale, allow_nan=False)
    return exact.map(lambda d: abs(d) if d == 0 else d).map(lambda d: d if scale else int(d))


VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: amounts(scale) for name, scale in SCALES.items()},
    "percent": amounts(4).map(lambda d: (d / 100).quantize(Decimal("0.0001"))),
    "date": days,
    "date_range": st.one_of(st.tuples(days, st.none()), st.tuples(st.none(), days),
    st.tuples(days, days).map(lambda pair: tuple(sorted(pair)))),
    "time": st.times().map(lambda t: f"{t:%H:%M}"),
    "duration": st.builds(Span, st.integers(0, 10**10), st.integers(0, 36_000)),
    "yes_no": st.booleans(),
    "region": st.sampled_from(sorted(regions.names())),
    "location": st.fixed_dictionaries(
        {"lat": st.floats(-90, 90), "lng": st.floats(-180, 180)}, optional={"accuracy": st.floats(0, 100_000)},
    ).map(lambda point: {key: round(value, 6) + 0.0 for key, value in point.items()}),
    "period": days.map(lambda d: f"{d:%Y-%m}"),
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_survive_export_and_editing(name: str) -> None:
    kind, field = field_types[name], make(name)

    @quick
    @given(VALUES[name])
    def survives(value: Any) -> None:
        for locale in ZONES:
            assert kind.parse(field, kind.export(field, value), locale) == value
            assert kind.parse(field, kind.entry(field, value, locale), locale) == value
            assert kind.display(field, value, locale)

    survives()


@quick
@given(days, st.integers(0, 86_399_999), st.sampled_from(ZONES))
def test_instants_survive_export_always_and_editing_outside_the_repeated_hour(day: date, millis: int, locale: Locale) -> None:
    kind, field = field_types["datetime"], make("datetime")
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(milliseconds=millis)
    assert kind.parse(field, kind.export(field, at), locale) == at
    if at.astimezone(locale.calendar.zone).fold == 0:
        assert kind.parse(field, kind.entry(field, at, locale), locale) == at


@quick
@given(words)
@pytest.mark.parametrize("name", ["text", "long_text", "tags", "code"])
def test_reading_a_cleaned_text_again_changes_nothing(name: str, written: str) -> None:
    kind, field = field_types[name], make(name)
    try:
        once = kind.parse(field, written, ZH)
    except Refused:
        return
    assert kind.parse(field, kind.export(field, once), ZH) == once


@quick
@given(st.text(max_size=80))
@pytest.mark.parametrize(
    "name", ["phone", "email", "url", "rich_text", "date", "datetime", "duration", "money", "percent", "region", "location", "json"]
)
def test_whatever_is_taken_is_taken_again_as_the_same(name: str, written: str) -> None:
    kind, field = field_types[name], make(name)
    try:
        once = kind.parse(field, written, ZH)
    except Refused:
        return
    assert kind.parse(field, kind.export(field, once), ZH) == once


@quick
@given(st.integers(1, 10**11), st.sampled_from(["", "元", " 元"]), st.sampled_from(["", "¥", "￥ "]))
def test_amounts_with_separators_and_signs_are_the_same_amount(number: int, after: str, before: str) -> None:
    kind, field = field_types["money"], make("money")
    full_width = str(number).translate({48 + n: 0xFF10 + n for n in range(10)})
    for written in (f"{number:,}", str(number), full_width, f"{number:,}".replace(",", "，"), f"{number}.00"):
        assert kind.parse(field, before + written + after, ZH) == Decimal(number)
