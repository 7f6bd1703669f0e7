"""Points to tick off; the value is the ticked ones."""

from __future__ import annotations

from dougong.fields.base import Locale, field_types
from dougong.fields.choices import Choices
from dougong.spec.form import Field


class Checklist(Choices):
    widget = "checklist"

    def display(self, field: Field, value: tuple[str, ...], locale: Locale) -> str:
        """'9/12'."""
        return f"{len(value)}/{len(field.choices)}" if value else ""


field_types.register("checklist")(Checklist())
