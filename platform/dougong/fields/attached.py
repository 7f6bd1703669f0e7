"""What the types share whose value is an uploaded file: the attachment's uid, or several."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from dougong.expr.types import FILE, Type, list_of
from dougong.fields import read
from dougong.fields.base import PRESENT, FieldType, Locale, Refused
from dougong.fields.options import MANY, SIZE, Schema
from dougong.fields.show import say
from dougong.spec.form import Field

MOST = 20
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNITS = {"K": 1 << 10, "M": 1 << 20}


class Attached(FieldType):
    schema: ClassVar[Schema] = {**MANY, **SIZE}
    operators = PRESENT
    widget = "file"
    input_type = "file"
    kinds: tuple[str, ...] = ()
    """What the content must be: files/content.py's kinds ('image', 'audio', …); () takes every kind let in at all."""
    size = "20MB"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return list_of(FILE) if options.get("many") else FILE

    @property
    def accept(self) -> str:
        """The file input's `accept`: 'image/*', or '' for all."""
        return ",".join(f"{kind}/*" for kind in self.kinds)

    def largest(self, options: Mapping[str, Any]) -> int:
        """The most bytes of one file."""
        written = options.get("size", self.size).replace(" ", "")
        return int(written[:-2]) * _UNITS[written[-2]]

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        """Uids as the upload answered them. Whether they exist, and are this person's, is asked of files/ by the caller."""
        if field.value.kind == "list":
            return tuple(dict.fromkeys(_uid(item) for item in read.many(raw, ", \n", MOST)))
        raw = read.one(raw)
        return None if raw is None else _uid(raw)

    def display(self, field: Field, value: Any, locale: Locale) -> str:
        count = len(value) if isinstance(value, tuple) else int(value is not None)
        return say("word-file" if count == 1 else "word-files", locale.code, n=count) if count else ""


def _uid(raw: Any) -> str:
    written = read.text(raw, 40) if isinstance(raw, str) else None
    if not written or not _UID.fullmatch(written.lower()):
        raise Refused("not-an-attachment")
    return written.lower()
