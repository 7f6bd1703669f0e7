"""What the types share whose value is worked out, never entered. Their type is the formula's: lang sets `Field.value`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.expr.types import TEXT, Type
from dougong.fields.base import ORDERED, FieldType, Locale, Refused
from dougong.spec.form import Field


class Computing(FieldType):
    operators = ORDERED
    widget = "read_only"
    read_only = True

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return TEXT

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        raise Refused("not-entered")
