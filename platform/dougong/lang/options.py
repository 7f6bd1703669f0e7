"""Options of triggers, actions and fields, compiled by the `format` of their schema."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from dougong.expr.tree import Expr, Template
from dougong.expr.types import Type
from dougong.expr.units import duration
from dougong.fields.base import Locale, Refused
from dougong.lang.kinds.automation import STEP_OPTIONS
from dougong.lang.kinds.parts import Schema
from dougong.lang.papers import compile_paper
from dougong.lang.site import Site
from dougong.lang.source import Place
from dougong.lang.step_options import BY_FORMAT
from dougong.lang.units import fraction
from dougong.problems import LOCALES, Problem, suggest
from dougong.spec.app import Step
from dougong.spec.form import Field

TOLD = frozenset({"title", "text"})
"""Texts with formulas that people read, each in their own language; others are stored, or lead somewhere."""
_SINGLE = re.compile(r"\s*\{\{\s*((?:(?!\}\}).)+?)\s*\}\}\s*")


def compile_options(place: Place, schema: Schema, site: Site, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """All options at `place`, those first that say on which form the others stand."""
    properties: Mapping[str, Schema] = schema.get("properties", {})
    done: dict[str, Any] = {}
    waiting = [key for key, _ in place.items() if key in properties and key not in skip]
    waiting.sort(key=lambda key: (any(properties[key].get(word, "") in place for word in ("scope", "target")), list(properties).index(key)))
    for key in waiting:
        here = _standing(properties[key].get("scope", ""), properties, done, site)
        there = _standing(properties[key].get("target", ""), properties, done, site)
        done[key] = _option(place[key], properties[key], here, there, place)
    return {key: done[key] for key, _ in place.items() if key in done}


def _standing(option: str, properties: Mapping[str, Schema], done: Mapping[str, Any], site: Site) -> Site:
    """Where the option that names `option` stands: on that form, on the target of that field, on each of those records."""
    value = done.get(option)
    if not option or value is None:
        return site
    match properties[option].get("format"):
        case "form" if isinstance(value, str):
            return site.on(value)
        case "field" if member := site.shapes[site.form].members.get(value) if site.form in site.shapes else None:
            return site.on(member.type.form)
        case "records" if isinstance(value, Expr):
            return site.on(value.type.form)
    return site


def _option(place: Place, schema: Schema, site: Site, target: Site, beside: Place) -> Any:
    value = place.value
    if isinstance(value, list) and schema.get("format") not in ("people", "steps"):
        items: Schema = schema.get("items") or next((b["items"] for b in schema.get("anyOf", ()) if "items" in b), {})
        return tuple(_option(item, {**schema, **items} if "format" in schema else items, site, target, beside) for item in place.each())
    if named := BY_FORMAT.get(schema.get("format", "")):
        return named(place, beside, site)
    if isinstance(value, Mapping) and schema.get("format") not in ("values", "steps"):
        return _mapping(place, schema, site)
    match schema.get("format"):
        case "formula":
            return site.formula(place)
        case "condition":
            return site.condition(place)
        case "records":
            return site.formula(place, Type("records"))
        case "template":
            option = str(place.path[-1])
            return site.template(place, *((*site.path, option) if option in TOLD else ()))
        case "label":
            return site.labels.label(place, *site.path, str(place.path[-1]))
        case "people":
            return site.people(place)
        case "duration":
            return duration(str(value))
        case "percent":
            return fraction(str(value))
        case "money":
            return _money(place, site)
        case "form":
            return site.links.form(place, site.report)
        case "field":
            return _field_holding(place, schema.get("holds", ""), site)
        case "document":
            return compile_paper(place, site)
        case "workflow":
            return _workflow(place, site)
        case "stage":
            return site.stage(place, str(beside.get("of", "")))
        case "role":
            return site.role(place)
        case "values":
            return compile_values(place, target.form, site) if "target" in schema else _free_values(place, site)
        case "steps":
            return compile_steps(place, site.under(str(place.path[-1])))
    if "type" not in schema and "enum" not in schema and "anyOf" not in schema:
        return _value_of_field(place, beside, site)
    return value


def _mapping(place: Place, schema: Schema, site: Site) -> dict[str, Any]:
    """A mapping of its own properties, or one by field."""
    if "properties" in schema:
        return compile_options(place, schema, site)
    inner = schema.get("additionalProperties", {})
    by_field = schema.get("propertyNames", {}).get("format") == "field"
    form = (
        site.links.form(place.document.root["on"]["form"], site.report)
        if by_field and not site.form and "form" in place.document.root["on"]
        else site.form
    )
    out: dict[str, Any] = {}
    for key, item in place.items():
        here = site.on(form)
        if by_field:
            here.member(item.as_key)
        properties = inner.get("properties", {}) if isinstance(inner, Mapping) else {}
        if by_field and properties and isinstance(item.value, Mapping):
            out[key] = {side: constant(item[side], field, site) for side in item.value if (field := _field(form, key, site))}
        else:
            out[key] = _option(item, inner, here, here, place) if isinstance(inner, Mapping) and inner else item.value
    return out


def _field(form: str, id: str, site: Site) -> Field | None:
    found = site.forms.get(form)
    return found.fields.get(id) if found else None


def _value_of_field(place: Place, beside: Place, site: Site) -> Any:
    """An option without a type of its own is a value of the field that is named beside it."""
    named = next((str(item.value) for key in ("field", "fields") for item in beside[key].each()), "")
    field = _field(site.form, named, site)
    return constant(place, field, site) if field else place.value


def _field_holding(place: Place, wanted: str, site: Site) -> str:
    """The field's id; `wanted` is what its values must be: file, number, person, record or records."""
    id = site.field(place)
    member = site.shapes[site.form].members.get(id) if id else None
    if member and wanted:
        one = member.type.of or member.type
        held = "person" if one.form == "user" and wanted == "person" else one.kind
        if held != wanted:
            words = {language: Problem(f"holds-{wanted}").sentence(language) for language in LOCALES}
            site.report.check("field-holds-other", place.mark, field=member.name, wanted=words)
    return id


def _workflow(place: Place, site: Site) -> str:
    if str(place.value) in site.links.workflows:
        return str(place.value)
    site.report.link("unknown-workflow", place.mark, suggest(str(place.value), site.links.workflows), word=str(place.value))
    return ""


def _money(place: Place, site: Site) -> Decimal | Template | None:
    if isinstance(place.value, str):
        return site.template(place)
    return Decimal(place.value)


def compile_values(place: Place, form: str, site: Site) -> dict[str, Any]:
    """field: value for a record of `form`; formulas in it stand where `site` does."""
    out: dict[str, Any] = {}
    target = site.forms.get(form)
    for key, item in place.items():
        if target is None:
            break
        field = target.fields.get(key)
        if field is None:
            names = {str(f.name): f.id for f in target.fields.values()}
            site.report.link("unknown-field", item.key_mark, suggest(key, target.fields, names), form=str(target.name), word=key)
        elif field.id == "stage":
            site.report.check("stage-not-set", item.key_mark)
        elif field.computed or site.vocabulary.field_types[field.type].read_only:
            site.report.check("computed-not-set", item.key_mark, field=str(field.name))
        else:
            out[key] = given_value(item, field, site)
    return out


def _free_values(place: Place, site: Site) -> dict[str, Any]:
    """name: value, for the outside: names are free."""
    return {key: _free_value(item, site) for key, item in place.items()}


def _free_value(place: Place, site: Site) -> Any:
    template = site.template(place) if isinstance(place.value, str) and "{{" in place.value else None
    return (template.single or template) if template else place.value


def given_value(place: Place, field: Field, site: Site) -> Any:
    """A default or a value to set: a formula, a text with formulas, a path to a person or record, or a constant."""
    if not isinstance(place.value, str):
        return constant(place, field, site)
    if single := _SINGLE.fullmatch(place.value):
        mark = replace(place.mark, column=place.mark.column + single.start(1), length=len(single[1]))
        return site.expression(single[1], mark, place, field.value)
    if "{{" in place.value:
        if field.value.kind not in ("text", "json"):
            site.report.check("wrong-value", place.mark, field=str(field.name))
        return site.template(place)
    if field.value.kind == "record":
        return site.formula(place, field.value)
    return constant(place, field, site)


def constant(place: Place, field: Field, site: Site) -> Any:
    """The value that `place` writes for this field."""
    if place.value is None:
        return None
    type_ = site.vocabulary.field_types[field.type]
    raw = str(place.value) if isinstance(place.value, Decimal) else place.value
    try:
        value = type_.parse(field, raw, Locale())
        if not type_.is_empty(value):
            type_.check(field, value)
        return value
    except Refused as refused:
        problem = refused.problem()
        near = str(refused.args_.get("near", "")) or suggest(str(raw), field.choices)
        near = near or (f'"{{{{ {raw} }}}}"' if raw in ("today", "now", "me") else "")
        words = {language: problem.sentence(language) for language in LOCALES}
        site.report.check("bad-value", place.mark, near, field=str(field.name), why=words)
    return None


def compile_steps(place: Place, site: Site) -> tuple[Step, ...]:
    """`do:`; a step without an id gets one from its content, so that it stays the same when others are put before it."""
    dispatch = site.schemas.dispatches["action"]
    out: list[Step] = []
    taken: set[str] = set()
    keys = text_keys(place, lambda item: dispatch.case(item.value) or "")
    for item, key in zip(place.each(), keys, strict=True):
        word = dispatch.case(item.value) or ""
        id = str(item.get("id", "")) or content_id(item.value, taken)
        if id in taken:
            site.report.link("duplicate-item-id", item["id"].mark, word=id)
        taken.add(id)
        schema = dispatch.cases[word]
        scoped = {**schema, "properties": {k: _flow_scope(word, k, s) for k, s in schema["properties"].items()}}
        options = compile_options(item, scoped, site.under(key), skip=tuple(STEP_OPTIONS))
        out.append(Step(id, word, options, str(item.get("on_error", "retry")), item.mark))
    return tuple(out)


def _flow_scope(word: str, key: str, schema: Schema) -> Schema:
    """Inside `for_each` formulas stand on the record in turn."""
    return {**schema, "scope": "for_each"} if word == "for_each" and key in ("do", "if") else schema


def text_keys(place: Place, short: Callable[[Place], str]) -> list[str]:
    """Under which key of `texts` the words of each item of a list stand: its id; else what it is called in `short`, as long as no
    other is called so; else an id made of its content, so that no translation ever stands for other words."""
    items = list(place.each())
    ids = [str(item.get("id", "")) for item in items]
    calls = [id or short(item) for item, id in zip(items, ids, strict=True)]
    out: list[str] = []
    for item, id, call in zip(items, ids, calls, strict=True):
        out.append(id or (call if call and calls.count(call) == 1 else content_id(item.value, set(out))))
    return out


def content_id(value: Any, taken: set[str]) -> str:
    """An id derived from content; equal content in one list is numbered."""
    base = "s" + hashlib.sha256(canonical(value).encode()).hexdigest()[:8]
    return base if base not in taken else next(id for n in count(2) if (id := f"{base}_{n}") not in taken)


def canonical(value: Any) -> str:
    """One text for equal content."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
