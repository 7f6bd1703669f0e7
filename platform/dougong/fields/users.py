"""Several people, each once: a list of ids, so that `me in helpers` is an ordinary condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.expr.types import USER, Type, list_of
from dougong.fields import read
from dougong.fields.base import PRESENT, FieldType, Locale, Reference, field_types
from dougong.fields.linking import reference, written
from dougong.fields.options import FILTER
from dougong.spec.form import Field


def references(raw: Any, limit: int) -> tuple[Reference, ...]:
    items = (reference(item) for item in read.many(raw, ",，、;；|\n", limit))
    return tuple(dict.fromkeys(r for r in items if r))


class Users(FieldType):
    schema = FILTER
    operators = PRESENT
    widget = "links"
    target = "user"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return list_of(USER)

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        return references(raw, 200)

    def export(self, field: Field, value: Any) -> Any:
        return [written(item) for item in value]


field_types.register("users")(Users())
