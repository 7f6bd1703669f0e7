"""Words for people, in the template's language with its translations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Label:
    """`text` is the template's own wording; `others` maps a language ('en') to its translation."""

    text: str = ""
    others: Mapping[str, str] = field(default_factory=dict)

    def in_(self, locale: str) -> str:
        return self.others.get(locale.split("-")[0].split("_")[0].lower(), self.text)

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)
