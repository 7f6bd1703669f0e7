"""A value computed from the record: kept (`stored: true`) or live (SEMANTICS 5)."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.base import field_types
from dougong.fields.computing import Computing
from dougong.fields.options import Schema, flag, option


class Formula(Computing):
    schema: ClassVar[Schema] = {
        "formula": option(
            "公式 | Formula", "如 sum(lines, qty * price) | E.g. sum(lines, qty * price)", type="string", format="formula", maxLength=4000
        ),
        "stored": flag("存下来 | Stored", "存成列，可筛选排序并触发自动化 | Kept in a column: may be filtered, sorted and trigger rules"),
    }
    required_options = ("formula",)


field_types.register("formula")(Formula())
