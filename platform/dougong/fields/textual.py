"""What the text types share: length and pattern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, ClassVar

import re2  # type: ignore[import-untyped]

from dougong.expr.types import TEXT, Type
from dougong.fields import read
from dougong.fields.base import TEXTUAL, FieldType, Locale, Refused
from dougong.fields.options import LENGTH, PATTERN, Schema
from dougong.spec.form import Field


class Textual(FieldType):
    schema: ClassVar[Schema] = {**LENGTH, **PATTERN}
    operators = TEXTUAL
    limit = read.LINE

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return TEXT

    def faults(self, options: Mapping[str, Any]) -> Iterable[Refused]:
        low, high = options.get("length", (None, None))
        if low is not None and high is not None and low > high:
            yield Refused("range-reversed")
        if (high or 0) > self.limit:
            yield Refused("length-beyond", limit=self.limit)
        if pattern := options.get("pattern"):
            try:
                _compiled(pattern)
            except re2.error as error:
                yield Refused("bad-pattern", reason=_words(error))

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        return read.text(raw, self.limit)

    def check(self, field: Field, value: str) -> None:
        low, high = field.options.get("length", (None, None))
        if low is not None and len(value) < low:
            raise Refused("too-short", limit=low)
        if high is not None and len(value) > high:
            raise Refused("too-long", limit=high)
        if (pattern := field.options.get("pattern")) and not _compiled(pattern).fullmatch(value):
            hint = field.options.get("pattern_hint")
            raise Refused("pattern-mismatch-hint", hint=hint) if hint else Refused("pattern-mismatch")


@lru_cache(512)
def _compiled(pattern: str) -> Any:
    """RE2 matches in time linear in the text, so that no pattern of an app's author can hang a save (THREATS S30)."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    return re2.compile(pattern, options)


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
