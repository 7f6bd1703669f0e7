"""Text of several lines."""

from __future__ import annotations

from typing import Any

from dougong.fields import read
from dougong.fields.base import Locale, field_types
from dougong.fields.textual import Textual
from dougong.spec.form import Field


class LongText(Textual):
    widget = "long_text"
    limit = read.BLOCK

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        return read.text(raw, self.limit, lines=True)


field_types.register("long_text")(LongText())
