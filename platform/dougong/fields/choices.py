"""Several of the declared options, kept in the options' order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from dougong.expr.types import Type, list_of
from dougong.fields import read
from dougong.fields.base import LISTED, FieldType, Locale, Refused, field_types
from dougong.fields.choice import names_of, option_id, option_name
from dougong.fields.options import OPTIONS, Schema, option
from dougong.fields.show import SEPARATORS
from dougong.problems import language
from dougong.spec.form import Field


class Choices(FieldType):
    schema: ClassVar[Schema] = {
        **OPTIONS,
        "at_most": option("最多选几项 | At most", "最多可以选几项 | How many may be picked", type="integer", minimum=1, maximum=500),
    }
    required_options = ("options",)
    operators = LISTED
    widget = "choices"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return list_of(Type("choice", options=tuple(options["options"])))

    def faults(self, options: Mapping[str, Any]) -> Iterable[Refused]:
        return (Refused("at-most-beyond", count=len(options["options"])),) if options.get("at_most", 1) > len(options["options"]) else ()

    def parse(self, field: Field, raw: Any, locale: Locale) -> tuple[str, ...]:
        whole = isinstance(raw, str) and raw.strip().casefold() in {n.casefold() for o in field.choices.values() for n in names_of(o)}
        items = [raw] if whole else read.many(raw, ",，、;；|\n", 500)
        picked = {option_id(field, item) for item in items}
        return tuple(id for id in field.choices if id in picked)

    def check(self, field: Field, value: tuple[str, ...]) -> None:
        limit = field.options.get("at_most")
        if limit is not None and len(value) > limit:
            raise Refused("too-many", limit=limit)

    def display(self, field: Field, value: tuple[str, ...], locale: Locale) -> str:
        return SEPARATORS[language(locale.code)].join(option_name(field, id, locale) for id in value)


field_types.register("choices")(Choices())
