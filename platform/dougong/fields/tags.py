"""Free words; each once, in the order they were given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dougong.expr.types import TEXT, Type, list_of
from dougong.fields import read
from dougong.fields.base import LISTED, FieldType, Locale, Refused, field_types
from dougong.fields.options import Schema, option
from dougong.spec.form import Field

MOST = 30
SEPARATORS = ",，、;；|\n"


class Tags(FieldType):
    schema: ClassVar[Schema] = {
        "suggestions": option(
            "建议 | Suggestions",
            "先列出来供点选的词 | Words offered to be tapped",
            type="array",
            maxItems=100,
            items={"type": "string", "minLength": 1, "maxLength": 30},
        ),
        "at_most": option("最多几个 | At most", "最多几个标签 | How many tags", type="integer", minimum=1, maximum=MOST),
    }
    operators = LISTED
    widget = "tags"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return list_of(TEXT)

    def parse(self, field: Field, raw: Any, locale: Locale) -> tuple[str, ...]:
        items = [part for item in read.many(raw, SEPARATORS, 500) for part in read.many(item, SEPARATORS, 500)]
        words = (read.text(item, 30) for item in items)
        unique = tuple(dict.fromkeys(word for word in words if word))
        if len(unique) > MOST:
            raise Refused("too-many", limit=MOST)
        return unique

    def check(self, field: Field, value: tuple[str, ...]) -> None:
        if len(value) > (limit := field.options.get("at_most", MOST)):
            raise Refused("too-many", limit=limit)


field_types.register("tags")(Tags())
