"""Numbers with decimals: weights, rates, measures."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.base import field_types
from dougong.fields.numeric import DECIMALS, Numeric
from dougong.fields.options import RANGE, Schema


class DecimalNumber(Numeric):
    schema: ClassVar[Schema] = {**RANGE, **DECIMALS}
    scale = 2


field_types.register("decimal")(DecimalNumber())
