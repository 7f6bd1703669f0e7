"""Documents against their schemas, with messages of our own at the place of the words that are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from dougong.lang.kinds import KINDS, LATER, LATER_IN_FIELDS, RESERVED
from dougong.lang.kinds.parts import Schema
from dougong.lang.schema import Dispatch, Schemas
from dougong.lang.source import Document, Place
from dougong.lang.synonyms import likely
from dougong.lang.units import ID_PATTERN, likely_span, to_id
from dougong.problems import Problem

TYPE_WORDS: Mapping[str, Mapping[str, str]] = {
    "string": {"zh": "文字", "en": "text"},
    "number": {"zh": "数字", "en": "a number"},
    "integer": {"zh": "整数", "en": "a whole number"},
    "boolean": {"zh": "true 或 false", "en": "true or false"},
    "array": {"zh": "列表", "en": "a list"},
    "object": {"zh": "“键: 值”的组合", "en": "a group of `key: value`"},
    "null": {"zh": "空", "en": "nothing"},
}
_BETWEEN = re.compile(r"\s*(?:[,，、]|(?<=\d)\s*[-~到至](?=\s*\d))\s*")
_YES = ("yes", "on", "y", "是", "true", "对", "1", "必填", "必须", "required")
_NO = ("no", "off", "n", "否", "false", "不", "0", "选填", "可选")


def validate(documents: Iterable[Document], schemas: Schemas) -> list[Problem]:
    """Everything in the documents that their schemas don't allow."""
    return [problem for document in documents for problem in _document(document, schemas)]


def _document(document: Document, schemas: Schemas) -> Iterator[Problem]:
    place = document.root[document.kind]
    if document.kind in RESERVED:
        yield Problem("kind-not-yet", {"word": document.kind}, place.key_mark)
    elif document.kind not in KINDS:
        known = {"words": "、".join(KINDS)}
        # a file that begins with `name:` says further down what it is
        later = next((key for key in document.content if key in KINDS), "")
        if later:
            yield Problem("kind-not-first", {"word": later, "first": document.kind}, document.root[later].key_mark)
        else:
            yield Problem("unknown-kind", {"word": document.kind, **known}, place.key_mark, suggestion=likely(document.kind, KINDS))
    else:
        errors = _validator(schemas, document.kind).iter_errors(document.content)
        found = {(p.code, p.mark): p for error in reversed(list(errors)) for p in _explain(error, document)}
        yield from _without_echoes(list(found.values()))


def _without_echoes(found: list[Problem]) -> list[Problem]:
    """A key that is written in another way, one level too deep, or one item too late is not missing besides."""
    renamed = {p.suggestion for p in found if p.code == "unknown-key"}
    misplaced = {p.args["key"]: p.args.get("beside", "") for p in found if p.code in ("key-too-deep", "split-item")}
    return [
        p
        for p in found
        if not (p.code == "missing-key" and (p.args["key"] in renamed or p.args["key"] in misplaced))
        and not (p.code == "wrong-type" and p.args["key"] in misplaced.values())
    ]


@lru_cache(maxsize=64)
def _validator(schemas: Schemas, kind: str) -> Validator:
    def dispatch(validator: Any, name: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return _dispatched(validator, schemas.dispatches[name], instance)

    made: type[Validator] = extend(Draft202012Validator, {"dispatch": dispatch})  # type: ignore[no-untyped-call]
    made.check_schema(dict(schemas.kinds[kind]))
    return made(schemas.kinds[kind])


def _dispatched(validator: Any, dispatch: Dispatch, instance: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, Mapping):
        return
    name = dispatch.case(instance)
    if name is not None:
        yield from validator.descend(instance, dispatch.cases[name])
        return
    key = dispatch.on or next((k for k in instance if k not in dispatch.common), "")
    if dispatch.on and dispatch.on not in instance:
        return  # `required` says so
    yield ValidationError("", validator="dispatch", validator_value=dispatch, path=(key,) if key else (), instance=instance)


def _explain(error: ValidationError, document: Document) -> Iterator[Problem]:
    place = document.root
    for step in error.absolute_path:
        place = place[step]
    if error.validator in ("anyOf", "oneOf") and error.context:
        yield from _branch(error, document, place)
    elif "propertyNames" in error.relative_schema_path:
        key, word = place[str(error.instance)], str(error.instance)
        if error.validator == "maxLength":
            yield Problem("id-too-long", {"limit": _wanted(error)}, key.key_mark)
        else:
            yield Problem("bad-id", {"word": word}, key.key_mark, suggestion=to_id(word))
    else:
        yield from _EXPLAIN.get(str(error.validator), _other)(error, place)


def _branch(error: ValidationError, document: Document, place: Place) -> Iterator[Problem]:
    """The mistake in the branch that fits the value's type; branches of other types were not meant."""
    wrong_type = {e.schema_path[0] for e in error.context or () if e.validator == "type" and not e.path}
    near = [e for e in error.context or () if e.schema_path[0] not in wrong_type]
    if near:
        chosen = near[0].schema_path[0]
        for inner in near:
            if inner.schema_path[0] == chosen:
                yield from _explain(inner, document)
    else:
        types = [t for branch in _wanted(error) for t in _types(branch)]
        yield from _wrong_type(place, types)


def _wanted(error: ValidationError) -> Any:
    """What the keyword says."""
    return error.validator_value


def _types(schema: Schema) -> list[str]:
    said = schema.get("type", [])
    return [said] if isinstance(said, str) else list(said)


def _unknown_keys(error: ValidationError, place: Place) -> Iterator[Problem]:
    known = error.schema["properties"] if isinstance(error.schema, Mapping) else {}
    of_field = place.document.kind == "form" and place.path[-2:-1] in (("fields",), ("columns",))
    later = LATER_IN_FIELDS if of_field else () if place.path else LATER.get(place.document.kind, ())
    for key, value in place.items():
        if key in later:
            yield Problem("kind-not-yet", {"word": key}, value.key_mark)
        elif key not in known:
            args = {"key": key, "known": "、".join(known)}
            yield Problem("unknown-key", args, value.key_mark, suggestion=likely(key, known))


def _missing(error: ValidationError, place: Place) -> Iterator[Problem]:
    for key in _wanted(error):
        if key in place:
            continue
        mark = place.key_mark if place.path else place[place.document.kind].key_mark
        inside = place.items() if "dispatch" in error.absolute_schema_path else ()
        deeper = next((inner for _, inner in inside if key in inner), None)
        if deeper is not None:
            yield Problem("key-too-deep", {"key": key, "beside": str(deeper.path[-1])}, deeper[key].key_mark)
        yield Problem("missing-key", {"key": key}, mark)


def _type(error: ValidationError, place: Place) -> Iterator[Problem]:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    types = _types(schema)
    if types == ["array"] and isinstance(place.value, Mapping):
        yield Problem("dash-missing", {"key": _called(place)}, place.key_mark)
    elif types == ["object"] and isinstance(place.value, list) and all(isinstance(v, Mapping) for v in place.value):
        yield Problem("dash-too-many", {"key": _called(place)}, place.key_mark)
    elif types == ["object"] and place.value is not None and not isinstance(place.value, Mapping):
        yield Problem("group-wanted", {"key": _called(place)}, place.mark, suggestion=_as_group(place, schema))
    else:
        yield from _wrong_type(place, types, str(schema.get("format", "")))


def _called(place: Place) -> Any:
    """What a person would call the place: its key, or which item it is."""
    last = place.path[-1] if place.path else place.document.kind
    if not isinstance(last, int):
        return str(last)
    owner = str(place.path[-2]) if len(place.path) > 1 else ""
    return {"zh": f"{owner} 的第 {last + 1} 项", "en": f"item {last + 1} of {owner}"}


def _as_group(place: Place, schema: Schema) -> str:
    """The group that a lone value was probably meant to be; '' where that can't be told."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    written = place.value if isinstance(place.value, list) else [place.value]
    words = [str(v) for v in written]
    if schema.get("dispatch") == "trigger" and len(pair := words[0].split()) == 2:
        return f"{{{pair[0]}: {pair[1]}}}"
    if place.path and place.path[-1] == "options":
        return "{" + ", ".join(f"{letter}: {word}" for letter, word in zip("abcdefghijklmnopqrstuvwxyz", words, strict=False)) + "}"
    if {"id", "name"} <= set(schema.get("required", ())):
        return f"{{id: …, name: {words[0]}}}"
    key = next((k for k in ("type", "may", "default", "if") if k in properties), "")
    if key == "if":
        return f'{{if: "{words[0]}", message: …}}'
    if key == "may":
        return f"{{may: [{', '.join(words)}]}}"
    return f"{{{key}: {words[0]}}}" if key and len(words) == 1 else ""


def _wrong_type(place: Place, types: list[str], format: str = "") -> Iterator[Problem]:
    value, key = place.value, str(place.path[-1]) if place.path else ""
    words = {lang: (" 或 " if lang == "zh" else " or ").join(dict.fromkeys(TYPE_WORDS[t][lang] for t in types)) for lang in ("zh", "en")}
    args = {"key": key, "expected": words, "found": TYPE_WORDS[_type_of(value)]}
    if value is None:
        yield Problem("empty-value", args, place.key_mark)
    elif isinstance(value, list) and "string" in types and all(isinstance(v, str) for v in value):
        written = "[" + ", ".join(value) + "]"
        yield Problem("brackets-text", {"word": written}, place.mark, suggestion=f'"{written}"')
    elif types == ["boolean"] and str(value).lower() in _YES + _NO:
        yield Problem("wrong-type", args, place.mark, suggestion="true" if str(value).lower() in _YES else "false")
    elif format == "duration" and isinstance(value, int):
        yield Problem("bad-duration", {"word": str(value)}, place.mark, suggestion=likely_span(str(value)))
    elif format == "percent" and isinstance(value, int | Decimal):
        share = Decimal(value) * 100 if value < 1 else Decimal(value)
        yield Problem("bad-percent", {"word": str(value)}, place.mark, suggestion=f"{share.normalize():f}%")
    elif "string" in types and isinstance(value, int | Decimal):
        yield Problem("wrong-type", args, place.mark, suggestion=f'"{str(value).lower() if isinstance(value, bool) else value}"')
    elif isinstance(value, str) and {"integer", "number"} & set(types) and re.fullmatch(r"-?\d[\d,_]*", value):
        yield Problem("wrong-type", args, place.mark, suggestion=re.sub("[,_]", "", value))
    elif types == ["array"] and isinstance(value, str):
        yield Problem("wrong-type", args, place.mark, suggestion="[" + ", ".join(re.split(_BETWEEN, value)) + "]")
    else:
        yield Problem("wrong-type", args, place.mark)


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if value is None:
        return "null"
    kinds = ((str, "string"), (int | Decimal, "number"), (list, "array"), (object, "object"))
    return next(name for kind, name in kinds if isinstance(value, kind))


def _enum(error: ValidationError, place: Place) -> Iterator[Problem]:
    if place.value is None or isinstance(place.value, list | Mapping):
        yield from _wrong_type(place, ["string"])
        return
    word, known = str(place.value), [str(v) for v in _wanted(error)]
    yield Problem("not-one-of", {"word": word, "known": "、".join(known)}, place.mark, suggestion=likely(word, known))


def _not_dispatched(error: ValidationError, place: Place) -> Iterator[Problem]:
    dispatch: Dispatch = _wanted(error)
    if dispatch.on and not isinstance(place.value, str):
        yield from _wrong_type(place, ["string"])
        return
    known = sorted(dispatch.cases)
    key = place.path[-1] if place.path else ""
    word = str(place.value) if dispatch.on else str(key) if isinstance(key, str) else ""
    mark = place.mark if dispatch.on else place.key_mark
    if not dispatch.on and word and _of_item_before(dispatch, place, word):
        yield Problem("split-item", {"key": word}, mark)
        return
    yield Problem(dispatch.unknown, {"word": word, "known": "、".join(known)}, mark, suggestion=likely(word, known))


def _of_item_before(dispatch: Dispatch, place: Place, word: str) -> bool:
    """Whether a list's item begins with a word that belongs to the item before it."""
    number = place.path[-2] if len(place.path) > 1 else None
    if not isinstance(number, int) or number == 0:
        return False
    before: Any = place.document.content
    for step in (*place.path[:-2], number - 1):
        before = before[step]
    case = dispatch.case(before) if isinstance(before, Mapping) else None
    return case is not None and word not in before and word in dispatch.cases[case]["properties"]


def _limit(code: str) -> Callable[[ValidationError, Place], Iterator[Problem]]:
    def explain(error: ValidationError, place: Place) -> Iterator[Problem]:
        yield Problem(code, {"limit": _wanted(error)}, place.mark)

    return explain


def _pattern(error: ValidationError, place: Place) -> Iterator[Problem]:
    assert isinstance(error.schema, Mapping)
    word = str(place.value)
    match error.schema.get("format", ""):
        case "id":
            yield Problem("bad-id", {"word": word}, place.mark, suggestion=to_id(word))
        case "duration":
            yield Problem("bad-duration", {"word": word}, place.mark, suggestion=likely_span(word))
        case "percent":
            found = re.match(r"\d+(\.\d+)?", word)
            yield Problem("bad-percent", {"word": word}, place.mark, suggestion=f"{found[0]}%" if found else "")
        case _:
            zh, _, en = str(error.schema.get("description") or error.schema.get("title") or f"{_wanted(error)}").partition(" | ")
            yield Problem("wrong-pattern", {"word": word, "about": {"zh": zh, "en": en or zh}}, place.mark)


def _too_long(error: ValidationError, place: Place) -> Iterator[Problem]:
    is_id = isinstance(error.schema, Mapping) and error.schema.get("pattern") == ID_PATTERN
    yield Problem("id-too-long" if is_id else "text-too-long", {"limit": _wanted(error)}, place.mark)


def _other(error: ValidationError, place: Place) -> Iterator[Problem]:
    yield Problem("not-allowed-here", {"word": str(place.path[-1]) if place.path else ""}, place.mark)


_EXPLAIN: Mapping[str, Callable[[ValidationError, Place], Iterator[Problem]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing,
    "type": _type,
    "enum": _enum,
    "dispatch": _not_dispatched,
    "pattern": _pattern,
    "maxLength": _too_long,
    "minLength": _limit("text-empty"),
    "minimum": _limit("option-too-small"),
    "exclusiveMinimum": _limit("option-too-small"),
    "maximum": _limit("option-too-large"),
    "minItems": _limit("too-few-items"),
    "minProperties": _limit("too-few-items"),
    "maxItems": _limit("too-many-items"),
    "maxProperties": _limit("too-many-items"),
}
