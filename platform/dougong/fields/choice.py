"""One of the declared options; the value is the option's id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong.expr.types import Type
from dougong.fields import read
from dougong.fields.base import FieldType, Locale, Refused, field_types
from dougong.fields.options import OPTIONS
from dougong.problems import suggest
from dougong.spec.form import Field, Option


def option_id(field: Field, raw: Any) -> str | None:
    """The id of an option written as id or as its name in any language, large or small letters alike."""
    written = read.text(raw)
    if written is None:
        return None
    if written in field.choices:
        return written
    names = {name.casefold(): o.id for o in field.choices.values() for name in names_of(o)}
    if (found := names.get(written.casefold())) is not None:
        return found
    raise Refused(
        "unknown-option",
        option=written,
        known="、".join(str(o.name) for o in list(field.choices.values())[:7]),
        near=suggest(written, names),
    )


def names_of(option: Option) -> Iterable[str]:
    return option.id, option.name.text, *option.name.others.values()


def option_name(field: Field, id: str, locale: Locale) -> str:
    """An id whose option is gone from the template is still shown."""
    option = field.choices.get(id)
    return option.name.in_(locale.code) if option else id


class Choice(FieldType):
    schema = OPTIONS
    required_options = ("options",)
    widget = "choice"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return Type("choice", options=tuple(options["options"]))

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        return option_id(field, raw)

    def display(self, field: Field, value: str | None, locale: Locale) -> str:
        return option_name(field, value, locale) if value else ""


field_types.register("choice")(Choice())
