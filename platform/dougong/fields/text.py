"""One line of text.

Beside every stored value stands its sort key (SEMANTICS 1: pinyin), without a word in the template: it costs a save some 10 µs.
Conditions compare the value itself, by code point. The other text types and formulas have no key and sort by code point.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy

from dougong import pinyin
from dougong.fields.base import ORDER, StoredColumn, field_types
from dougong.fields.options import SCAN, Schema
from dougong.fields.textual import Textual
from dougong.spec.form import Field


class Text(Textual):
    schema: ClassVar[Schema] = {**Textual.schema, **SCAN}

    def columns(self, field: Field) -> tuple[StoredColumn, ...]:
        """People's own tables are declared by their part, and have no key."""
        own = super().columns(field)
        return (*own, StoredColumn(ORDER, sqlalchemy.Text())) if own and not field.bare else own

    def to_columns(self, field: Field, value: Any) -> tuple[Any, ...]:
        return (value,) if field.bare else (value, pinyin.order(value) if value else None)


field_types.register("text")(Text())
