"""A month, quarter, year or week: '2026-03', '2026-Q1', '2026', '2026-W10'. Text that sorts as time does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from dougong.expr.types import TEXT, Type
from dougong.fields import read
from dougong.fields.base import ORDERED, FieldType, Locale, Refused, field_types
from dougong.fields.calendar import FIRST_YEAR, LAST_YEAR
from dougong.fields.options import Schema, option
from dougong.fields.show import say
from dougong.spec.form import Field

_YEAR = r"([0-9]{4})年?"
_FORMS = {
    "month": (re.compile(_YEAR + r"[-/. ]?([0-9]{1,2})月?(?:[-/.][0-9]{1,2})?"), "{:04}-{:02}", 12, "2026-03"),
    "quarter": (re.compile(_YEAR + r"[-/. ]?(?:Q|第)?([1-4一二三四])(?:季度?)?", re.IGNORECASE), "{:04}-Q{}", 4, "2026-Q1"),
    "year": (re.compile(_YEAR + r"()"), "{:04}", 1, "2026"),
    "week": (re.compile(_YEAR + r"[-/. ]?(?:W|第)?([0-9]{1,2})周?", re.IGNORECASE), "{:04}-W{:02}", 53, "2026-W10"),
}
_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4}


class Period(FieldType):
    schema: ClassVar[Schema] = {
        "unit": option("单位 | Unit", "month 月、quarter 季、year 年、week 周 | Which unit", enum=list(_FORMS), default="month"),
    }
    operators = ORDERED
    widget = "period"
    input_type = "month"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return TEXT

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        unit = field.options.get("unit", "month")
        pattern, shape, most, example = _FORMS[unit]
        raw = read.one(raw)
        written = None if isinstance(raw, bool | float) else read.plain(raw, 40)
        if raw is None:
            return None
        match = pattern.fullmatch(written or "")
        year = int(match[1]) if match else 0
        number = _NUMERALS.get(match[2]) or int(match[2] or 1) if match else 0
        if not FIRST_YEAR <= year <= LAST_YEAR or not 1 <= number <= most or (unit == "week" and number > _weeks(year)):
            raise Refused("not-a-period", unit={"zh": say(f"period-{unit}", "zh"), "en": say(f"period-{unit}", "en")}, example=example)
        return shape.format(year, number)


def _weeks(year: int) -> int:
    """Weeks of an ISO year: 28 December is always in the last one."""
    return date(year, 12, 28).isocalendar().week


field_types.register("period")(Period())
