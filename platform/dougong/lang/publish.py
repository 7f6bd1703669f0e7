"""The schemas as files: one strict schema per kind (2020-12), and all in one for editors that know draft-07 only.

Our own keyword `dispatch` is written out as if/then with the full list of properties, so that any validator gives the same answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dougong.lang.kinds import RESERVED
from dougong.lang.kinds.parts import Schema
from dougong.lang.schema import DIALECT, Dispatch, Schemas, compose
from dougong.lang.vocabulary import Vocabulary

DRAFT_07 = "http://json-schema.org/draft-07/schema#"


def write(folder: Path, vocabulary: Vocabulary) -> tuple[Path, ...]:
    """Writes all schema files; gives back their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for name, schema in published(vocabulary).items():
        path = folder / name
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=1) + "\n", "utf-8")
        out.append(path)
    return tuple(out)


def published(vocabulary: Vocabulary) -> Mapping[str, Any]:
    """File name → schema."""
    schemas = compose(vocabulary)
    files: dict[str, Any] = {}
    for kind, schema in schemas.kinds.items():
        defs = {name: _plain(part, schemas, "#/$defs/") for name, part in _defs(schemas).items()}
        body = {key: value for key, value in schema.items() if key not in ("$schema", "$defs")}
        used = {**_plain(body, schemas, "#/$defs/"), "$defs": defs}
        files[f"{kind}.schema.json"] = {"$schema": DIALECT, "title": kind, **_pruned(used)}
    files["app.draft07.json"] = _bundle(schemas)
    return files


def _defs(schemas: Schemas) -> Mapping[str, Schema]:
    return {
        **schemas.defs,
        "trigger": {"type": "object", "dispatch": "trigger"},
        "scenario_step": {"type": "object", "dispatch": "scenario"},
    }


def _plain(schema: Any, schemas: Schemas, base: str) -> Any:
    """`schema` without our own keyword and formats."""
    if isinstance(schema, list | tuple):
        return [_plain(item, schemas, base) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    out = {key: _plain(value, schemas, base) for key, value in schema.items() if not _ours(key, value)}
    if isinstance(pattern := out.get("pattern"), str):
        out["pattern"] = re.sub(r"\(\?P<\w+>", "(", pattern)  # JavaScript writes named groups in another way
    if isinstance(ref := out.get("$ref"), str):
        out["$ref"] = ref.replace("#/$defs/", base)
    if isinstance(name := schema.get("dispatch"), str):
        out |= _written_out(schemas.dispatches[name], schemas, base)
    return out


def _ours(key: str, value: Any) -> bool:
    return key in ("dispatch", "scope", "target", "format") and isinstance(value, str)


def _written_out(dispatch: Dispatch, schemas: Schemas, base: str) -> dict[str, Any]:
    """if/then for each case. By word: the first known word decides, which a plain schema can't say; any one that fits will do."""
    cases = {name: _plain(case, schemas, base) for name, case in dispatch.cases.items()}
    if dispatch.on:
        kind = {"type": "string", "enum": sorted(cases), **_titles(cases, dispatch.on)}
        branches = [
            {"if": {"properties": {dispatch.on: {"const": name}}, "required": [dispatch.on]}, "then": case}
            for name, case in sorted(cases.items())
        ]
        return {"properties": {dispatch.on: kind}, "required": [dispatch.on], "allOf": branches}
    words = sorted(cases, key=lambda word: (sum(word in case["properties"] for case in cases.values()), word))
    return {"anyOf": [{"required": [word]} for word in words], **_chain([(word, cases[word]) for word in words])}


def _chain(cases: list[tuple[str, Any]]) -> dict[str, Any]:
    """if the word stands there, then its case, else the next; words that are options of other cases too come last."""
    if not cases:
        return {}
    word, case = cases[0]
    rest = _chain(cases[1:])
    return {"if": {"required": [word]}, "then": case, **({"else": rest} if rest else {})}


def _titles(cases: Mapping[str, Any], on: str) -> dict[str, Any]:
    first: dict[str, Any] = next((case["properties"][on] for case in cases.values()), {})
    return {key: first[key] for key in ("title", "description") if key in first}


def _pruned(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the `$defs` that nothing refers to."""
    defs = schema.pop("$defs")
    wanted: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        text = json.dumps(waiting.pop(), ensure_ascii=False)
        for name, part in defs.items():
            if name not in wanted and f'"#/$defs/{name}"' in text:
                wanted[name] = part
                waiting.append(part)
    return {**schema, **({"$defs": wanted} if wanted else {})}


def _bundle(schemas: Schemas) -> dict[str, Any]:
    """Every kind in one file, chosen by the key that names it."""
    base = "#/definitions/"
    definitions = {name: _draft_07(_plain(part, schemas, base)) for name, part in _defs(schemas).items()}
    kinds = []
    for kind, schema in schemas.kinds.items():
        body = {key: value for key, value in schema.items() if key not in ("$schema", "$defs")}
        definitions[f"kind_{kind}"] = _draft_07(_plain(body, schemas, base))
        kinds.append({"if": {"required": [kind], **_others_absent(kind, schemas)}, "then": {"$ref": f"{base}kind_{kind}"}})
    known = {"anyOf": [{"required": [kind]} for kind in schemas.kinds], "not": {"anyOf": [{"required": [word]} for word in RESERVED]}}
    return {"$schema": DRAFT_07, "title": "Dougong", "type": "object", **known, "allOf": kinds, "definitions": definitions}


def _others_absent(kind: str, schemas: Schemas) -> dict[str, Any]:
    """A view names a form too, texts name every kind: the kind is the one that isn't an option of another that is there."""
    owners = [other for other, schema in schemas.kinds.items() if other != kind and kind in schema["properties"]]
    return {"not": {"anyOf": [{"required": [other]} for other in owners]}} if owners else {}


def _draft_07(schema: Any) -> Any:
    """Draft-07 ignores what stands beside a `$ref`, so that goes into an allOf."""
    if isinstance(schema, list):
        return [_draft_07(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    out = {key: _draft_07(value) for key, value in schema.items()}
    if "$ref" in out and len(out) > 1:
        return {"allOf": [{"$ref": out.pop("$ref")}], **out}
    return out
