"""Shares. The value is the fraction that formulas see: a person writes 12.5 or 12.5%, the value is 0.1250.

A number that is no text (JSON, a spreadsheet's percent cell) is already the fraction; text is always percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from dougong.expr.types import Type, number
from dougong.fields import read
from dougong.fields.base import Locale, Refused, field_types
from dougong.fields.numeric import Numeric
from dougong.fields.options import RANGE, Schema, option
from dougong.spec.form import Field


class Percent(Numeric):
    schema: ClassVar[Schema] = {
        **RANGE,
        "decimals": option(
            "小数位数 | Decimals",
            "百分数的小数位数，0 到 4 | Digits after the point of the percentage, 0 to 4",
            type="integer",
            minimum=0,
            maximum=4,
        ),
    }
    unit = "percent"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return number(options.get("decimals", 2) + 2, "percent")

    def number(self, raw: Any, type_: Type) -> Decimal | None:
        raw = read.one(raw)
        if not isinstance(raw, str):
            fraction = read.number(raw, type_.scale)
            if fraction is not None and abs(fraction) >= read.BOUND // 100:  # so that it can be typed as well
                raise Refused("number-too-large")
            return fraction
        written = (read.plain(raw) or "").removesuffix("%")
        exact = read.number(written, type_.scale - 2)
        if exact is None and written != (read.plain(raw) or ""):
            raise Refused("not-a-number")
        return None if exact is None else exact.scaleb(-2)

    def export(self, field: Field, value: Decimal | None) -> str | None:
        return None if value is None else f"{_points(value)}%"

    def entry(self, field: Field, value: Decimal | None, locale: Locale) -> str | None:
        return None if value is None else _points(value)


def _points(value: Decimal) -> str:
    """0.1250 → '12.5'."""
    points = format(value.scaleb(2), "f")
    return points.rstrip("0").rstrip(".") if "." in points else points


field_types.register("percent")(Percent())
