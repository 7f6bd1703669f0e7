"""A number made by rule when the record is saved; people never type it."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.base import TEXTUAL, field_types
from dougong.fields.computing import Computing
from dougong.fields.options import Schema, flag, option


class Serial(Computing):
    schema: ClassVar[Schema] = {
        "value": option(
            "编号规则 | Rule",
            "如 \"Q{{ text(today, 'yyyymm') }}-{{ sequence(4) }}\" | How the number is made",
            type="string",
            format="template",
            maxLength=1000,
        ),
        "once": flag("编好不变 | Once", "编好以后不随字段变化 | Doesn't change when its fields are corrected"),
        "on_clash": option(
            "重号时 | On a clash",
            "suffix 加一位，refuse 不让保存 | suffix adds a digit, refuse stops the save",
            enum=["suffix", "refuse"],
            default="refuse",
        ),
    }
    required_options = ("value",)
    operators = TEXTUAL


field_types.register("serial")(Serial())
