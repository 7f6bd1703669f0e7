"""What the types that point at records share. A link's value is the record's id; its uid or words are looked up by the caller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dougong.expr.types import Type, record
from dougong.fields import read
from dougong.fields.base import EQUAL, FieldType, Locale, Reference, Refused
from dougong.fields.options import FILTER
from dougong.spec.form import Field

_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def reference(raw: Any) -> Reference | None:
    """{'uid': …}, a uid, or the words an import knows the record by. A bare number is words, never an internal id (SEMANTICS 8)."""
    raw = read.one(raw)
    if isinstance(raw, Reference):
        return raw
    if isinstance(raw, Mapping):
        raw = raw.get("uid")
        if not isinstance(raw, str) or not _UID.fullmatch(raw):
            raise Refused("not-a-record")
    written = read.text(raw)
    if written is None:
        return None
    return Reference(uid=written.lower()) if _UID.fullmatch(written) else Reference(words=written)


def written(value: Any) -> str | None:
    """A reference as `reference` reads it; ids are put into references by the caller first."""
    if value is None:
        return None
    if not isinstance(value, Reference):
        raise TypeError("a record's id is turned into its uid before export")
    return value.uid or value.words


class Linking(FieldType):
    """One record of the form `target`."""

    schema = FILTER
    operators = EQUAL
    widget = "link"
    target = ""
    """The form, where the type fixes it; else the option `to` names it."""

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return record(self.target or options["to"])

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        return reference(raw)

    def export(self, field: Field, value: Any) -> Any:
        return written(value)
