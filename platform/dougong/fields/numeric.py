"""What all number types share: bounds, decimals, the range option."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from dougong.expr.types import Type, Unit, number
from dougong.fields import read
from dougong.fields.base import ORDERED, FieldType, Locale, Refused
from dougong.fields.options import RANGE, Schema, option
from dougong.fields.show import number_text
from dougong.spec.form import Field

DECIMALS: Schema = {
    "decimals": option(
        "小数位数 | Decimals", "小数点后几位，0 到 6 | Digits after the point, 0 to 6", type="integer", minimum=0, maximum=6
    ),
}


class Numeric(FieldType):
    schema = RANGE
    operators = ORDERED
    widget = "number"
    input_type = "text"  # type=number loses what it can't read; inputmode brings the number pad
    unit: Unit = ""
    scale = 0

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return number(options.get("decimals", self.scale), self.unit)

    def faults(self, options: Mapping[str, Any]) -> Iterable[Refused]:
        try:
            low, high = self.limits(options, self.value_type(options))
        except Refused as refused:
            return (refused,)
        return (Refused("range-reversed"),) if low is not None and high is not None and low > high else ()

    def limits(self, options: Mapping[str, Any], type_: Type) -> tuple[Decimal | int | None, Decimal | int | None]:
        low, high = (self.number(raw, type_) for raw in options.get("range", (None, None)))
        return low, high

    def number(self, raw: Any, type_: Type) -> Decimal | int | None:
        """What was written as a value of this type: int where the scale is 0."""
        exact = read.number(raw, type_.scale)
        return int(exact) if exact is not None and type_.scale == 0 else exact

    def parse(self, field: Field, raw: Any, locale: Locale) -> Decimal | int | None:
        return self.number(raw, field.value)

    def check(self, field: Field, value: Any) -> None:
        low, high = self.limits(field.options, field.value)
        if low is not None and value < low:
            raise Refused("below-range", limit=number_text(low, field.value, "CNY"))
        if high is not None and value > high:
            raise Refused("above-range", limit=number_text(high, field.value, "CNY"))
