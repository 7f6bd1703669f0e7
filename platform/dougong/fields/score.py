"""Points, from 0 to 100 unless the range says otherwise; usually set by rules, drawn as a meter."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dougong.expr.types import Type
from dougong.fields.base import field_types
from dougong.fields.numeric import Numeric


class Score(Numeric):
    def limits(self, options: Mapping[str, Any], type_: Type) -> tuple[Decimal | int | None, Decimal | int | None]:
        return super().limits({"range": options.get("range", (0, 100))}, type_)


field_types.register("score")(Score())
