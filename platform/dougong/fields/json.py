"""Data in the shape it came in: an object or a list, bounded in size and depth (THREATS S26, S47)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dougong.expr.types import JSON, Type
from dougong.fields import read
from dougong.fields.base import PRESENT, FieldType, Locale, Refused, field_types
from dougong.spec.form import Field

LARGEST = 64_000
DEEPEST = 32
REASONS = {
    "large": {"zh": "太大", "en": "too large"},
    "deep": {"zh": "层数太多", "en": "too deep"},
    "twice": {"zh": "同一个键出现两次", "en": "a key stands twice"},
    "value": {"zh": "有不能保存的值", "en": "it holds a value that can't be kept"},
    "syntax": {"zh": "写法不对", "en": "it can't be read"},
}


class JsonValue(FieldType):
    operators = PRESENT
    widget = "json"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return JSON

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        value = _read(raw) if isinstance(raw, str) else raw
        if value is None:
            return None
        if not isinstance(value, dict | list):
            raise _refused("syntax")
        clean = _clean(value, DEEPEST)
        if len(json.dumps(clean, ensure_ascii=False)) > LARGEST:
            raise _refused("large")
        return clean

    def entry(self, field: Field, value: Any, locale: Locale) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, indent=2)


def _refused(reason: str) -> Refused:
    return Refused("not-json", reason=REASONS[reason])


def _read(raw: str) -> Any:
    if len(raw) > LARGEST:
        raise _refused("large")
    try:
        return json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise _refused("deep") from None
    except ValueError:
        raise _refused("syntax") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _refused("twice")
    return dict(pairs)


def _no_constant(word: str) -> None:
    raise _refused("value")


def _clean(value: Any, depth: int) -> Any:
    """The value with its texts cleaned; NaN, huge numbers and what isn't JSON are refused."""
    if depth == 0:
        raise _refused("deep")
    match value:
        case None | bool():
            return value
        case int() | float():
            if not abs(value) < 2**63:  # so written that NaN is refused too
                raise _refused("value")
            return value
        case str():
            return read.text(value, LARGEST, lines=True) or ""
        case dict() if all(isinstance(key, str) for key in value):
            return {read.text(key, read.LINE) or "": _clean(item, depth - 1) for key, item in value.items()}
        case list() | tuple():
            return [_clean(item, depth - 1) for item in value]
        case _:
            raise _refused("value")


field_types.register("json")(JsonValue())
