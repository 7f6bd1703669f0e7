"""The JSON Schema of each kind of document, put together from its parts and from what the plug-ins say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dougong.lang.kinds import KINDS, automation, form, scenario
from dougong.lang.kinds.parts import BY_FORMAT, Schema, mapping
from dougong.lang.vocabulary import Vocabulary

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class Dispatch:
    """How the further options of a mapping are chosen: by the value of the key `on`, or (on '') by its first known word.

    `unknown` is the code of the problem where there is no such case.
    """

    unknown: str
    on: str
    cases: Mapping[str, Schema]
    common: Mapping[str, Schema]

    def case(self, instance: Mapping[str, Any]) -> str | None:
        """The case that an instance belongs to; None where it names none.

        Where several of its keys name one (`{set: …, create: …}`), it is the first of those that all its keys fit.
        """
        if self.on:
            name = instance.get(self.on)
            return name if isinstance(name, str) and name in self.cases else None
        named = [key for key in instance if key in self.cases]
        return next((key for key in named if self._fits(key, instance)), named[0] if named else None)

    def _fits(self, case: str, instance: Mapping[str, Any]) -> bool:
        schema = self.cases[case]
        return set(schema.get("required", ())) <= set(instance) <= set(schema["properties"])


@dataclass(frozen=True, eq=False)
class Schemas:
    """One schema per kind, all with the same `$defs`, and the dispatches their keyword `dispatch` names."""

    kinds: Mapping[str, Schema]
    dispatches: Mapping[str, Dispatch]
    defs: Mapping[str, Schema]


@lru_cache(maxsize=8)
def compose(vocabulary: Vocabulary) -> Schemas:
    """The schemas that fit these plug-ins."""
    defs: dict[str, Schema] = {"field": form.FIELD_SCHEMA, "step": automation.STEP_SCHEMA}
    words = automation.FLOW | {name: _closed(word.schema, word.required) for name, word in vocabulary.actions.items()}
    dispatches = {
        "field": _dispatch("unknown-field-type", "type", _field_cases(vocabulary), {}),
        "trigger": _dispatch("unknown-trigger", "", {n: _closed(w.schema, w.required) for n, w in vocabulary.triggers.items()}, {}),
        "action": _dispatch("unknown-action", "", words, automation.STEP_OPTIONS),
        "scenario": _dispatch(
            "unknown-scenario-step", "", {word: mapping({word: schema}, word) for word, schema in scenario.STEPS.items()}, {}
        ),
    }
    kinds = {kind: {"$schema": DIALECT, **expand(schema), "$defs": defs} for kind, schema in KINDS.items()}
    return Schemas(kinds, dispatches, defs)


def _field_cases(vocabulary: Vocabulary) -> Mapping[str, Schema]:
    kind = form.TYPE
    return {
        name: _closed({**form.FIELD_OPTIONS, **type_.schema, "type": {**kind, "const": name}}, ["type", *type_.required_options])
        for name, type_ in vocabulary.field_types.items()
    }


def _closed(properties: Mapping[str, Any], required: Sequence[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _dispatch(unknown: str, on: str, cases: Mapping[str, Schema], common: Mapping[str, Schema]) -> Dispatch:
    full = {name: expand({**case, "properties": {**common, **case["properties"]}}) for name, case in cases.items()}
    return Dispatch(unknown, on, full, common)


def expand(schema: Any) -> Any:
    """`schema` with what its `format`s alone mean written out; what it says itself stays."""
    if isinstance(schema, list):
        return [expand(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    said = {key: expand(value) for key, value in schema.items()}
    meant = BY_FORMAT.get(said.get("format", "")) if isinstance(said.get("format"), str) else None
    if not meant:
        return said
    typed = any(key in said for key in ("type", "anyOf", "oneOf", "enum", "$ref", "const"))
    if not typed:
        return {**meant, **said}
    # the inner schemas of steps and fields, and the spelling of durations, hold also where the type is written
    return {
        **{key: value for key, value in meant.items() if key not in ("type", "anyOf") and said.get("type") == meant.get("type")},
        **said,
    }
