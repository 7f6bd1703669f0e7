"""Amounts in the currency of the app or workspace (SEMANTICS 2); two decimals unless told otherwise."""

from __future__ import annotations

from typing import Any, ClassVar

from dougong.fields.base import Locale, field_types
from dougong.fields.capitals import capitals
from dougong.fields.numeric import DECIMALS, Numeric
from dougong.fields.options import RANGE, Schema, flag
from dougong.problems import language
from dougong.spec.form import Field


class Money(Numeric):
    schema: ClassVar[Schema] = {
        **RANGE,
        **DECIMALS,
        "capitals": flag("附大写 | In capitals", "后面附上人民币大写 | Chinese readers see the amount in capital numerals as well"),
    }
    unit = "money"
    scale = 2

    def display(self, field: Field, value: Any, locale: Locale) -> str:
        shown = super().display(field, value, locale)
        if value is None or not field.options.get("capitals") or language(locale.code) != "zh":
            return shown
        return f"{shown}（{capitals(value)}）"


field_types.register("money")(Money())
