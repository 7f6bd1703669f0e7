"""The small parts of which the schemas are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.expr.units import DURATION_PATTERN
from dougong.lang.units import ID_PATTERN, PERCENT_PATTERN

Schema = Mapping[str, Any]


def named(zh: str, en: str, schema: Schema, about_zh: str = "", about_en: str = "") -> Schema:
    """`schema` with its title and description in both languages, as an editor shows them."""
    about = {"description": f"{about_zh} | {about_en}"} if about_zh else {}
    return {"title": f"{zh} | {en}", **about, **schema}


def mapping(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def one_or_many(items: Schema) -> Schema:
    """A single value, or a list of them."""
    return {"anyOf": [items, {"type": "array", "items": items, "minItems": 1}], "format": items["format"]}


def map_of(values: Schema) -> Schema:
    """A map by id or by reference."""
    return {"type": "object", "additionalProperties": values}


def one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


WORDS: Schema = {"type": ["string", "number", "boolean"]}
LABEL: Schema = {"type": "string", "minLength": 1, "maxLength": 500}
YES_NO: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 1}
FORMULA: Schema = {"type": ["string", "number", "boolean"], "format": "formula"}
CONDITION: Schema = {**FORMULA, "format": "condition"}
TEMPLATE: Schema = {**WORDS, "format": "template"}
PEOPLE: Schema = one_or_many({"type": "string", "format": "people"})
DURATION: Schema = {"type": "string", "format": "duration", "pattern": DURATION_PATTERN}
PERCENT: Schema = {"type": "string", "format": "percent", "pattern": PERCENT_PATTERN}
FIELD: Schema = {"type": "string", "format": "field"}
FIELDS: Schema = list_of(FIELD)
FORM: Schema = {"type": "string", "format": "form"}
STAGE: Schema = {"type": "string", "format": "stage"}
ROLE: Schema = {"type": "string", "format": "role"}
ID: Schema = {"type": "string", "format": "id", "pattern": ID_PATTERN, "maxLength": 30}
RECORDS: Schema = {"type": "string", "format": "records"}
STEPS: Schema = {"format": "steps"}
ANYTHING: Schema = {}

ID_OF_ITEM = named("代号", "Id", ID, "名字可改，代号不改；覆盖层用它指到这一项。", "Stays when words change; an overlay refers to it.")
MESSAGE = named("提示语", "Message", {**LABEL, "format": "template"}, "拒绝时告诉用户的话。", "What the person is told when this refuses.")

BY_FORMAT: Mapping[str, Schema] = {
    "formula": FORMULA,
    "condition": CONDITION,
    "template": TEMPLATE,
    "label": LABEL,
    "people": PEOPLE,
    "duration": DURATION,
    "percent": PERCENT,
    "schedule": {"type": "string"},
    "money": WORDS,
    "field": {"type": "string"},
    "form": {"type": "string"},
    "stage": {"type": "string"},
    "role": {"type": "string"},
    "id": {"type": "string"},
    "values": {"type": "object"},
    "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
    "fields": {
        "type": "object",
        "propertyNames": {"pattern": ID_PATTERN, "maxLength": 30},
        "additionalProperties": {"$ref": "#/$defs/field"},
    },
}
"""What a `format` alone means; a schema that says more keeps what it says."""
