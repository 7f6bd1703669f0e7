"""A colour: #rrggbb in small letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dougong.expr.types import TEXT, Type
from dougong.fields import read
from dougong.fields.base import EQUAL, FieldType, Locale, Refused, field_types
from dougong.spec.form import Field


class Colour(FieldType):
    operators = EQUAL

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return TEXT

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        written = read.plain(raw, 20)
        if written is None:
            return None
        digits = written.lower().removeprefix("#")
        if re.fullmatch(r"[0-9a-f]{3}", digits):
            digits = "".join(d * 2 for d in digits)
        if not re.fullmatch(r"[0-9a-f]{6}", digits):
            raise Refused("not-a-colour")
        return "#" + digits


field_types.register("colour")(Colour())
