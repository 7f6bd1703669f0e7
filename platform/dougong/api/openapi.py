"""The API's description, OpenAPI 3.1, made from the apps: what this token's person may see and do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

from dougong.api import shape, view
from dougong.api.many import MOST
from dougong.context import Ctx
from dougong.expr.types import Type
from dougong.fields.base import field_types
from dougong.records import query, rights
from dougong.records.asking import OPERATORS
from dougong.runtime import Runtime
from dougong.spec.form import Field, Form

Json = dict[str, Any]
ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "openapi.json": ("GET",),
    "files/{uid}": ("GET",),
    "{app}/{form}": ("GET", "POST"),
    "{app}/{form}/bulk": ("POST",),
    "{app}/{form}/{uid}": ("GET", "PATCH", "DELETE"),
    "{app}/{form}/{uid}/restore": ("POST",),
    "{app}/{form}/{uid}/move": ("POST",),
    "{app}/{form}/files/{field}": ("POST",),
}
"""Every address below /api/v1, with its methods."""
REFUSALS = {
    "400": "malformed",
    "401": "no valid token",
    "403": "not allowed",
    "404": "not there, or not for you",
    "409": "conflict",
    "413": "too large",
    "415": "wrong content type",
    "422": "refused: each problem names its field",
    "429": "too many wrong tokens",
}
TEXTS: Mapping[str, Json] = {
    "date": {"type": ["string", "null"], "format": "date"},
    "datetime": {"type": ["string", "null"], "format": "date-time"},
    "time": {"type": ["string", "null"], "pattern": r"^\d\d:\d\d$"},
    "yes_no": {"type": ["boolean", "null"]},
    "range": {"type": ["array", "null"], "items": {"type": ["string", "null"], "format": "date"}, "minItems": 2, "maxItems": 2},
    "record": {"type": ["string", "null"]},
    "file": {"type": ["string", "null"]},
    "json": {},
}


def install(api: Blueprint, _runtime: Runtime) -> None:
    @api.get("/openapi.json")
    def describe() -> Response:
        with view.view() as ctx:
            return jsonify(document(ctx))


def document(ctx: Ctx) -> Json:
    forms = [
        f
        for f in ctx.workspace.forms.values()
        if f.app and not f.lines_of and any(rights.access(ctx, f.key).may(v) for v in ("see", "add"))
    ]
    paths: Json = {"/openapi.json": {"get": _operation("This description", "openapi", {"200": _json({"type": "object"})})}}
    paths["/files/{uid}"] = {
        "get": _operation("The bytes of an attachment", "file", {"200": {"description": "the file", "content": {"*/*": {"schema": {}}}}}),
        "parameters": [_path("uid")],
    }
    for form in forms:
        paths |= _paths(ctx, form)
    schemas = {_name(form): _record(ctx, form) for form in forms} | {f"{_name(form)}_values": _values(ctx, form) for form in forms}
    return {
        "openapi": "3.1.0",
        "info": {"title": ctx.workspace.name or "Dougong", "version": str(ctx.workspace.revision)},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}, "schemas": {**schemas, "problems": PROBLEMS}},
    }


PROBLEMS: Json = {
    "type": "object", "required": ["problems"],
    "properties": {"problems": {"type": "array", "items": {
        "type": "object", "required": ["code", "message"],
        "properties": {
            "code": {"type": "string"}, "message": {"type": "string"}, "hint": {"type": "string"}, "form": {"type": "string"},
            "field": {"type": "string"}, "row": {"type": "integer"}, "warning": {"type": "boolean"},
        },
    }}, "theirs": {"type": "object"}, "yours": {"type": "object"}},
}  # fmt: skip


def _name(form: Form) -> str:
    return form.key.replace(".", "_")


def _paths(ctx: Ctx, form: Form) -> Json:
    base, tag = f"/{form.app}/{form.id}", form.name.in_(ctx.locale)
    record, values = _ref(_name(form)), _ref(f"{_name(form)}_values")
    answer, uid, revision = {"200": _json(record)}, {"type": "string"}, {"type": ["integer", "null"]}
    gone = {"200": _json(_object({"uid": uid, "revision": {"type": "integer"}}, "uid", "revision"))}
    row = _object({"do": {"enum": ["create", "update", "delete"]}, "uid": uid, "revision": revision, "values": values}, "do")
    counted = _object({"values": {"type": "object"}, "number": {"type": "integer"}}, "values", "number")
    page = _object({"records": _list(record), "next": {"type": "string"}, "count": {"type": "object"}}, "records", "next")
    listed = {"anyOf": [page, _object({"counts": _list(counted)}, "counts")]}
    done = _json(_object({"rows": _list({"type": "object"})}, "rows"))

    def operation(words: str, name: str, answers: Json, sent: Json | None = None) -> Json:
        return {**_operation(f"{tag}: {words}", f"{name}_{_name(form)}", answers, sent), "tags": [tag]}

    paths: Json = {
        base: {
            "get": {**operation("list", "list", {"200": _json(listed)}), "parameters": _list_parameters(ctx, form)},
            "post": operation(
                "create", "create", {"201": _json(record)}, _object({"uid": {**uid, "format": "uuid"}, "values": values}, "values")
            ),
        },
        f"{base}/bulk": {
            "post": operation(
                "bulk", "bulk", {"200": done}, _object({"all": {"type": "boolean"}, "rows": {**_list(row), "maxItems": MOST}}, "rows")
            )
        },
        f"{base}/{{uid}}": {
            "parameters": [_path("uid")],
            "get": operation("one", "get", answer),
            "patch": operation("update", "update", answer, _object({"revision": revision, "values": values}, "values")),
            "delete": operation("delete", "delete", gone),
        },
        f"{base}/{{uid}}/restore": {"parameters": [_path("uid")], "post": operation("restore", "restore", answer)},
    }
    if form.workflow:
        moved = operation("move to a stage", "move", answer, _object({"stage": uid, "comment": uid}, "stage"))
        paths[f"{base}/{{uid}}/move"] = {"parameters": [_path("uid")], "post": moved}
    for f in _uploads(ctx, form):
        sent = {
            "multipart/form-data": {"schema": _object({"file": {"type": "string", "contentMediaType": "application/octet-stream"}}, "file")}
        }
        kept = _object({"uid": uid, "name": uid, "type": uid, "size": {"type": "integer"}}, "uid")
        posted = operation(f"upload for {f.name.in_(ctx.locale)}", f"upload_{f.id}", {"201": _json(kept)})
        paths[f"{base}/files/{f.id}"] = {"post": {**posted, "requestBody": {"required": True, "content": sent}}}
    return paths


def _uploads(ctx: Ctx, form: Form) -> list[Field]:
    files = [
        f for f in shape.readable_fields(ctx, form) if f.value.kind == "file" or (f.value.of is not None and f.value.of.kind == "file")
    ]
    return [f for f in files if not rights.access(ctx, form.key).read_only(f.id)]


def _list_parameters(ctx: Ctx, form: Form) -> list[Json]:
    names = ", ".join(f.id for f in shape.readable_fields(ctx, form))
    text: Json = {"type": "string"}
    told: dict[str, tuple[str, Json]] = {
        "filter": (f"field:operator:value, again and again; operators: {', '.join(OPERATORS)}", _list(text)),
        "sort": ("fields, comma-separated, '-' in front for descending", text),
        "search": ("words to be found", text),
        "limit": ("", {"type": "integer", "minimum": 1, "maximum": query.MOST_ROWS}),
        "cursor": ("`next` of the page before", text),
        "fields": (f"comma-separated, of: {names}", text),
        "count": ("whether to count; exact up to 10 000", {"type": "boolean"}),
        "count_by": ("instead of records: how many hold which values of these fields, comma-separated; beside filter and search", text),
    }
    return [{"name": n, "in": "query", "description": words, "schema": schema} for n, (words, schema) in told.items()]


def _record(ctx: Ctx, form: Form) -> Json:
    values = {f.id: _described(ctx, f) for f in shape.readable_fields(ctx, form)}
    return _object(
        {"uid": {"type": "string"}, "revision": {"type": ["integer", "null"]}, "values": {"type": "object", "properties": values}},
        "uid", "revision", "values",
    )  # fmt: skip


def _values(ctx: Ctx, form: Form) -> Json:
    """What may be sent."""
    allowed = rights.access(ctx, form.key)
    open_ = [f for f in shape.readable_fields(ctx, form) if not (f.computed or field_types[f.type].read_only or allowed.read_only(f.id))]
    return {
        "type": "object",
        "properties": {f.id: _described(ctx, f) for f in open_ if not f.system or f.id == "owner"},
        "additionalProperties": False,
    }


def _described(ctx: Ctx, field: Field) -> Json:
    masked = {"type": ["string", "null"]} if field.mask else None
    return {**(masked or _schema(ctx, field.value, field)), "title": field.name.in_(ctx.locale)}


def _schema(ctx: Ctx, type_: Type, field: Field) -> Json:
    if field.type == "lines":
        child = ctx.workspace.forms[field.target]
        columns = {f.id: _described(ctx, f) for f in shape.readable_fields(ctx, child) if not f.system and f.id != "parent"}
        return _list({"type": "object", "properties": {"uid": {"type": "string"}, **columns}})
    if field.type == "links":
        return _list({"type": "string"})
    match type_.kind:
        case "list":
            return {"type": ["array", "null"], "items": {"type": "string"} if type_.of and type_.of.kind != "json" else {}}
        case "number":
            return {"type": ["integer", "null"]} if not type_.scale else {"type": ["string", "null"], "description": "an exact decimal"}
        case "choice":
            return {"type": ["string", "null"], "enum": [*field.choices, None]} if field.choices else {"type": ["string", "null"]}
        case kind:
            return dict(TEXTS.get(kind, {"type": ["string", "null"]})) if kind != "span" else {}


def _operation(summary: str, name: str, answers: Json, sent: Json | None = None) -> Json:
    refusals = {
        status: {"description": words, "content": {"application/json": {"schema": _ref("problems")}}} for status, words in REFUSALS.items()
    }
    body: Json = {"requestBody": {"required": True, "content": {"application/json": {"schema": sent}}}} if sent else {}
    return {"summary": summary, "operationId": name, **body, "responses": {**answers, **refusals}}


def _json(schema: Json) -> Json:
    return {"description": "done", "content": {"application/json": {"schema": schema}}}


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
