"""Stars, from 1 to `at_most`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from dougong.expr.types import Type
from dougong.fields.base import field_types
from dougong.fields.numeric import Numeric
from dougong.fields.options import Schema, option


class Rating(Numeric):
    schema: ClassVar[Schema] = {
        "at_most": option(
            "最多几星 | At most",
            "满分几颗星，默认 5 | How many stars at most, 5 by default",
            type="integer",
            minimum=2,
            maximum=10,
            default=5,
        )
    }
    widget = "rating"

    def limits(self, options: Mapping[str, Any], type_: Type) -> tuple[Decimal | int | None, Decimal | int | None]:
        return 1, options.get("at_most", 5)


field_types.register("rating")(Rating())
