"""One line of text."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.base import field_types
from dougong.fields.options import SCAN, Schema
from dougong.fields.textual import Textual


class Text(Textual):
    schema: ClassVar[Schema] = {**Textual.schema, **SCAN}


field_types.register("text")(Text())
