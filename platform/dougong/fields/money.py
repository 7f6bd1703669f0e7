"""Amounts in the currency of the app or workspace (SEMANTICS 2); two decimals unless told otherwise."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.base import field_types
from dougong.fields.numeric import DECIMALS, Numeric
from dougong.fields.options import RANGE, Schema


class Money(Numeric):
    schema: ClassVar[Schema] = {**RANGE, **DECIMALS}
    unit = "money"
    scale = 2


field_types.register("money")(Money())
