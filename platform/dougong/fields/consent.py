"""Agreement to a sentence. It is given by ticking, never by a default; required means it must be given."""

from __future__ import annotations

from typing import Any, ClassVar

from dougong.fields.base import Locale, field_types
from dougong.fields.options import Schema, option
from dougong.fields.show import say
from dougong.fields.yes_no import YesNo
from dougong.spec.form import Field


class Consent(YesNo):
    schema: ClassVar[Schema] = {
        "statement": option(
            "同意的内容 | Statement", "请人同意的那句话 | The sentence that is agreed to", type="string", format="label", minLength=4,
            maxLength=1000,
        ),
    }
    required_options = ("statement",)
    widget = "consent"

    def is_empty(self, value: Any) -> bool:
        return value is not True

    def display(self, field: Field, value: bool, locale: Locale) -> str:
        return say("word-agreed" if value else "word-not-agreed", locale.code)


field_types.register("consent")(Consent())
