"""Yes or no; never empty, no stands for not answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.expr.types import YES_NO, Type
from dougong.fields import read
from dougong.fields.base import FieldType, Locale, Refused, field_types
from dougong.spec.form import Field

YES = frozenset(["1", "true", "yes", "y", "on", "t", "是", "对", "有", "真", "√", "✓", "✔", "☑"])
NO = frozenset(["0", "false", "no", "n", "off", "f", "否", "不", "不是", "错", "无", "没有", "假", "×", "✗", "✘", "☐"])


class YesNo(FieldType):
    operators = ("==", "!=")
    widget = "yes_no"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return YES_NO

    def parse(self, field: Field, raw: Any, locale: Locale) -> bool:
        if isinstance(raw, list | tuple) and raw:  # a hidden 0 before the tick box: the last one counts
            raw = raw[-1]
        raw = read.one(raw)
        if raw is None or isinstance(raw, bool):
            return bool(raw)
        word = (read.plain(raw) or "").lower()
        if word in YES:
            return True
        if word in NO or not word:
            return False
        raise Refused("not-yes-or-no")


field_types.register("yes_no")(YesNo())
