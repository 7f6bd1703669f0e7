"""Options that fit the schema but make no sense are found when the template is checked."""

from __future__ import annotations

import time
from typing import Any

import pytest

from dougong.fields.base import Refused, field_types
from dougong.problems import codes
from tests.fields.cases import ZH, make


@pytest.mark.parametrize(
    ("type_", "options", "code"),
    [
        ("integer", {"range": [5, 1]}, "range-reversed"), ("integer", {"range": ["x", 1]}, "not-a-number"),
        ("money", {"range": [0.001, None]}, "too-precise"),
        ("percent", {"range": ["100%", "0%"]}, "range-reversed"), ("date", {"range": ["2026-12-31", "2026-01-01"]}, "range-reversed"),
        ("date", {"range": ["2026-02-30", None]}, "no-such-day"), ("date_range", {"range": ["2026-12-31", "2026-01-01"]},
        "range-reversed"),
        ("text", {"length": [5, 1]}, "range-reversed"), ("text", {"length": [None, 5000]}, "length-beyond"), ("text", {"pattern": "(a"},
        "bad-pattern"),
        ("text", {"pattern": r"(a)\1"}, "bad-pattern"), ("choices", {"options": {"a": "甲"}, "at_most": 2}, "at-most-beyond"),
    ],
)  # fmt: skip
def test_senseless_options_are_named(type_: str, options: dict[str, Any], code: str) -> None:
    faults = list(field_types[type_].faults(options))
    assert [fault.code for fault in faults] == [code]
    assert code in codes() and "{" not in faults[0].problem().sentence("zh")


def test_a_catastrophic_pattern_is_matched_in_linear_time() -> None:
    field = make("long_text", {"pattern": "(a+)+$|(a|aa)+$|(.*a){20}x"})
    before = time.perf_counter()
    with pytest.raises(Refused):
        field_types["long_text"].check(field, "a" * 19_999 + "!")
    assert time.perf_counter() - before < 1


def test_a_refusal_becomes_a_problem_in_both_languages() -> None:
    field = make("choice", {"options": {"a3": "三级甲等", "a2": "二级甲等"}})
    with pytest.raises(Refused) as refused:
        field_types["choice"].parse(field, "三级", ZH)
    problem = refused.value.problem("sales.customer", "grade", row=7)
    assert problem.sentence("zh") == "没有「三级」这个选项" and problem.hint("zh") == "可选：三级甲等、二级甲等"
    assert (problem.form, problem.field, problem.row) == ("sales.customer", "grade", 7)


@pytest.mark.parametrize(
    ("type_", "value", "empty"),
    [
        ("text", None, True),
        ("tags", (), True),
        ("yes_no", False, False),
        ("consent", False, True),
        ("consent", True, False),
        ("integer", 0, False),
    ],
)
def test_what_counts_as_empty(type_: str, value: Any, empty: bool) -> None:
    assert field_types[type_].is_empty(value) is empty
