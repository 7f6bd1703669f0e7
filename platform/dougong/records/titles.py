"""Records in words: a record's title, and any value as a reader sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong.context import Ctx
from dougong.expr.to_python import render
from dougong.expr.types import Type
from dougong.fields.base import Locale, field_types
from dougong.fields.show import show
from dougong.records import rights
from dougong.records.present import within_rights
from dougong.records.source import RecordSource, environment, read_in
from dougong.spec.form import Field


def title(ctx: Ctx, form_key: str, row: Mapping[str, Any], source: RecordSource | None = None) -> str:
    """The form's title on this record, with the reader's rights at each hop."""
    form = ctx.workspace.forms[form_key]
    env = environment(ctx, form_key, within_rights(ctx, form, row), source=source or rights.reader_source(ctx))
    return str(render(form.title.in_(ctx.locale), read_in(ctx, env), lambda value, type_: shown(ctx, value, type_)) or "")


def titles(ctx: Ctx, form_key: str, ids: Iterable[int]) -> dict[int, str]:
    """Titles of the records that the reader may see; others are left out."""
    source = rights.reader_source(ctx)
    wanted = sorted(set(ids))
    source.fetch(form_key, wanted)
    found = {id: source.record(form_key, id) for id in wanted}
    return {id: title(ctx, form_key, row, source) for id, row in found.items() if row is not None}


def shown(ctx: Ctx, value: Any, type_: Type) -> str:
    """A formula's value in words: records by their title, choices by their name where the type tells no more."""
    if type_.kind == "record" and isinstance(value, int):
        return titles(ctx, type_.form, [value]).get(value, "")
    if type_.kind in ("record", "records"):
        return ""
    return show(value, type_, ctx.locale, ctx.workspace.calendar, ctx.workspace.currency)


def display(ctx: Ctx, field: Field, value: Any, known: Mapping[int, str] | None = None) -> str:
    """A field's value for reading; `known` are titles fetched beforehand for a whole page."""
    locale = Locale(ctx.locale, ctx.workspace.calendar, ctx.workspace.currency)
    kind = field.value
    if isinstance(value, str) and kind.kind not in ("text", "choice", "time", "file"):
        return value  # masked: already words
    if kind.kind == "record":
        return "" if value is None else (known or titles(ctx, kind.form, [value])).get(value, "")
    if kind.kind == "list" and kind.of and kind.of.kind == "record":
        names = known or titles(ctx, kind.of.form, value)
        return "、".join(names[v] for v in value if v in names)
    return field_types[field.type].display(field, value, locale)
