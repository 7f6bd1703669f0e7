"""Amounts as contracts write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dougong.fields.base import field_types
from dougong.fields.capitals import capitals
from tests.fields.cases import EN, ZH, make


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("1234.50", "壹仟贰佰叁拾肆元伍角"),
        ("1234.56", "壹仟贰佰叁拾肆元伍角陆分"),
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("100000000", "壹亿元整"),
        ("100000001", "壹亿零壹元整"),
        ("1000200003.00", "壹拾亿零贰拾万零叁元整"),
        ("100010000", "壹亿零壹万元整"),
        ("10001000", "壹仟万壹仟元整"),
        ("999999999999.99", "玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ("-3", "负叁元整"),
        ("-0.001", "零元整"),
        ("0.005", "壹分"),
    ],
)
def test_amounts_in_capital_numerals(amount: str, words: str) -> None:
    assert capitals(Decimal(amount)) == words


def test_a_money_field_shows_them_to_chinese_readers_where_it_is_told_to() -> None:
    field, kind = make("money", {"capitals": True}), field_types["money"]
    assert kind.display(field, Decimal("1234.50"), ZH) == "¥1,234.50（壹仟贰佰叁拾肆元伍角）"
    assert kind.display(field, Decimal("1234.50"), EN) == "¥1,234.50"
    assert kind.display(field, None, ZH) == ""
    assert kind.display(make("money"), Decimal("1234.50"), ZH) == "¥1,234.50"
