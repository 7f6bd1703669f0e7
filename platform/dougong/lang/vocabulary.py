"""What others plug into the language: field types, triggers, actions, channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dougong.fields.base import FieldType
from dougong.spec.form import Form


class Word(Protocol):
    """A trigger or an action: the JSON Schema properties of its mapping in YAML, its own keyword included."""

    @property
    def schema(self) -> Mapping[str, Any]: ...

    @property
    def required(self) -> Sequence[str]: ...


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """`channels` are the names after `via:`; `system_forms` those every workspace has ('user', 'team')."""

    field_types: Mapping[str, FieldType]
    triggers: Mapping[str, Word]
    actions: Mapping[str, Word]
    channels: Mapping[str, Any]
    system_forms: Mapping[str, Form]
