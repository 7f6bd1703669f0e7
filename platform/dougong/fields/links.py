"""References to many records, many to many: kept in a table of pairs, not in a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dougong.expr.types import Type, records
from dougong.fields.base import FieldType, Locale, field_types
from dougong.fields.link import TO
from dougong.fields.linking import written
from dougong.fields.options import FILTER, SCAN, Schema
from dougong.fields.users import references
from dougong.spec.form import Field

MOST = 1000


class Links(FieldType):
    schema: ClassVar[Schema] = {**TO, **FILTER, **SCAN}
    required_options = ("to",)
    operators = ()
    widget = "links"
    target = ""

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return records(options["to"])

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        return references(raw, MOST)

    def export(self, field: Field, value: Any) -> Any:
        return [written(item) for item in value]


field_types.register("links")(Links())
