"""What a form's script is told (assets/form.js): conditions as JSON trees, and the values they read that the form doesn't show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong.context import Ctx
from dougong.expr.to_json import to_json
from dougong.expr.tree import Expr
from dougong.expr.values import encode
from dougong.records.present import covered
from dougong.spec.form import Field, Form
from dougong.web import entering


def of_form(ctx: Ctx, form: Form, shown: Iterable[Field], row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Only values that the reader may see leave the server; a condition that needs others is decided there (SEMANTICS 11)."""
    on_page = {f.id: f for f in shown}
    fields = {f.id: _rule(ctx, form, f) for f in on_page.values()}
    needed = {path[0] for f in on_page.values() for c in _conditions(f) if _answerable(ctx, form, c) for path in c.reads}
    values = {
        name: encode(row.get(name), form.fields[name].value)
        for name in sorted(needed - on_page.keys()) if row is not None and name in form.fields and name in row
    }  # fmt: skip
    lines = {f.id: {"fields": {c.id: _kind(c) for c in entering.columns_of(ctx, f)}} for f in on_page.values() if f.type == "lines"}
    return {"fields": fields, "lines": lines, "values": values, "offset": _offset(ctx)}


def _rule(ctx: Ctx, form: Form, field: Field) -> dict[str, Any]:
    out = _kind(field) | {"required": field.required}
    for name in ("required_when", "visible_when", "readonly_when"):
        condition = getattr(field, name)
        if condition is not None and _answerable(ctx, form, condition):
            out[name] = to_json(condition)
    return out


def _kind(field: Field) -> dict[str, Any]:
    return {"kind": field.value.kind, "percent": field.value.unit == "percent"}


def _conditions(field: Field) -> list[Expr]:
    return [c for c in (field.required_when, field.visible_when, field.readonly_when) if c is not None]


def _answerable(ctx: Ctx, form: Form, condition: Expr) -> bool:
    """Whether it reads only this record's own fields, none of them hidden from the reader."""
    return all(len(path) == 1 and path[0] in form.fields and not covered(ctx, form, form.fields[path[0]]) for path in condition.reads)


def _offset(ctx: Ctx) -> str:
    minutes = int((ctx.now.astimezone(ctx.workspace.calendar.zone).utcoffset() or ctx.now - ctx.now).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
