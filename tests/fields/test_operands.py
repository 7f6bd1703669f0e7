"""What a reader's filter compares a computed field with follows the formula's type."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select

from dougong.expr.types import DATE, DATETIME, SPAN, TEXT, TIME, USER, YES_NO, Span, Type, number
from dougong.fields.base import Reference, Refused, field_types
from tests.fields.cases import UID, ZH, make


@pytest.mark.parametrize(
    ("value", "written", "operand"),
    [
        (TEXT, " 甲 ", "甲"),
        (number(0), "1,234", 1234),
        (number(2, "money"), "¥5", Decimal("5.00")),
        (number(4, "percent"), "5%", Decimal("0.0500")),
        (YES_NO, "是", True),
        (DATE, "2026/3/5", date(2026, 3, 5)),
        (DATETIME, "2026-03-05 14:30", datetime(2026, 3, 5, 6, 30, tzinfo=UTC)),
        (TIME, "9:30", "09:30"),
        (SPAN, "3天", Span(days=3)),
        (USER, UID, Reference(uid=UID)),
        (Type("choice", options=("a",)), "a", "a"),
        (SPAN, "", None),
        (DATE, "", None),
    ],
)
def test_a_formula_is_compared_with_a_value_of_its_type(value: Type, written: str, operand: Any) -> None:
    kind, field = field_types["formula"], make("formula", {"formula": "x"}, value=value)
    assert kind.operand(field, written, ZH) == operand
    with pytest.raises(Refused):
        kind.parse(field, written, ZH)


@pytest.mark.parametrize(("value", "written"), [(number(0), "x"), (DATE, "x"), (SPAN, "x"), (TIME, "x"), (TEXT, "\x00")])
def test_a_wrong_operand_is_refused(value: Type, written: str) -> None:
    with pytest.raises(Refused):
        field_types["formula"].operand(make("formula", {"formula": "x"}, value=value), written, ZH)


def test_entered_fields_are_compared_with_what_parse_reads() -> None:
    assert field_types["money"].operand(make("money"), "12万", ZH) == Decimal("120000.00")


def test_lengths_of_time_are_found_by_their_length_and_come_back_as_written(database_url: str) -> None:
    field, kind = make("duration"), field_types["duration"]
    columns = [Column("thing" + c.suffix, c.type) for c in kind.columns(field)]
    table = Table("things", MetaData(), Column("id", Integer, primary_key=True), *columns)
    spans = [Span(days=3), Span(millis=72 * 3_600_000), Span(millis=1), Span(workdays=1), None]
    engine = create_engine(database_url)
    with engine.begin() as connection:
        table.create(connection)
        for id, span in enumerate(spans):
            connection.execute(insert(table).values(id=id, **dict(zip(table.c.keys()[1:], kind.to_columns(field, span), strict=True))))
        equal = connection.execute(select(table.c.id).where(table.c.thing == Span(days=3)).order_by(table.c.id)).scalars().all()
        longer = connection.execute(select(table.c.id).where(table.c.thing > Span(millis=1))).scalars().all()
        back = [kind.from_columns(field, tuple(row)) for row in connection.execute(select(*columns).order_by(table.c.id))]
    engine.dispose()
    assert equal == [0, 1] and sorted(longer) == [0, 1]
    assert back == spans
