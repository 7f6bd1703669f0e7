"""A place in China by its six-digit code; the first digits group by province and city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dougong.expr.types import TEXT, Type
from dougong.fields import read, regions
from dougong.fields.base import EQUAL, FieldType, Locale, Refused, field_types
from dougong.fields.options import Schema, option
from dougong.fields.show import say
from dougong.spec.form import Field


class Region(FieldType):
    schema: ClassVar[Schema] = {
        "level": option(
            "到哪一级 | Level",
            "至少选到 province 省、city 市、district 区县 | How exact it must be at least",
            enum=list(regions.LEVELS),
            default="city",
        ),
    }
    operators = EQUAL
    widget = "region"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return TEXT

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        written = read.plain(raw, 60)
        if written is None:
            return None
        found = regions.find(written)
        if not found:
            raise Refused("not-a-region")
        if len(found) > 1:
            raise Refused("ambiguous-region", name=written, known="、".join(regions.full_name(code) for code in found[:4]))
        return found[0]

    def check(self, field: Field, value: str) -> None:
        wanted = field.options.get("level", "city")
        below = value in regions.names() and regions.children(value)
        if below and regions.LEVELS.index(regions.level(value)) < regions.LEVELS.index(wanted) and not _is_city(value, wanted):
            raise Refused("region-too-coarse", level={"zh": say(f"level-{wanted}", "zh"), "en": say(f"level-{wanted}", "en")})

    def display(self, field: Field, value: str | None, locale: Locale) -> str:
        return regions.full_name(value) if value else ""


def _is_city(province: str, wanted: str) -> bool:
    """The municipalities (北京 and the like) are cities themselves: districts stand right below them."""
    return wanted == "city" and all(regions.level(c) == "district" for c in regions.children(province))


field_types.register("region")(Region())
