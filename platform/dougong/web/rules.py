"""What a form's script is told (assets/form.js): conditions as JSON trees, and the values they read that the form doesn't show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong.context import Ctx
from dougong.expr.to_json import calendar_json, in_browser, to_json
from dougong.expr.to_python import evaluate
from dougong.expr.tree import Expr
from dougong.expr.values import encode
from dougong.fields.show import currency_sign
from dougong.records import references
from dougong.records.present import covered
from dougong.records.source import environment
from dougong.spec.form import Field, Form
from dougong.web import cells, entering

CONDITIONS = ("required_when", "visible_when", "readonly_when")


def of_form(ctx: Ctx, form: Form, entered: Iterable[Field], row: Mapping[str, Any]) -> dict[str, Any]:
    """Only values that the reader may see leave the server; a condition that needs others is decided there (SEMANTICS 11).

    Records are named by uid, `me` too: the browser knows no other id.
    """
    on_page = {f.id: f for f in entered}
    fields = {f.id: _rule(ctx, form, f) for f in on_page.values()}
    fields |= {f.id: _kind(ctx, f) | {"formula": to_json(f.formula)} for f in computed(ctx, form, on_page) if f.formula}
    told = {
        path[0] for f in on_page.values() for name in CONDITIONS if (c := getattr(f, name)) and open_to(ctx, form, c) for path in c.reads
    }
    told |= {path[0] for f in computed(ctx, form, on_page) if f.formula for path in f.formula.reads}
    values = {
        name: _value(ctx, form.fields[name], row.get(name)) for name in sorted(told - on_page.keys()) if name in row and name in form.fields
    }
    tables = [f for f in on_page.values() if f.type == "lines"]
    lines = {f.id: {"fields": {c.id: _column(ctx, c) for c in entering.shown_columns(ctx, f)}} for f in tables}
    me = references.uid_of(ctx, "user", ctx.actor.user or 0)
    return {
        "fields": fields,
        "lines": lines,
        "values": values,
        "env": {"calendar": calendar_json(ctx.workspace.calendar), "me": me},
        "offset": _offset(ctx),
    }


def computed(ctx: Ctx, form: Form, on_page: Mapping[str, Field]) -> tuple[Field, ...]:
    """Formulas whose result the browser can show while one types: they read what stands on the page."""
    found = (f for f in form.fields.values() if f.formula is not None and not f.system and not covered(ctx, form, f))
    return tuple(
        f
        for f in found
        if f.formula and open_to(ctx, form, f.formula) and any(path[0] in on_page for path in f.formula.reads) and _answers(f.formula)
    )


def open_to(ctx: Ctx, form: Form, condition: Expr) -> bool:
    """Whether the reader may see all that it reads of this record."""
    return all(path[0] not in form.fields or not covered(ctx, form, form.fields[path[0]]) for path in condition.reads if path)


def at_first(ctx: Ctx, form: Form, entered: Iterable[Field], row: Mapping[str, Any]) -> dict[str, tuple[bool, bool]]:
    """(shown, required) by field id for the values that stand in the form as it is drawn: also by conditions that only we can answer."""
    env = environment(ctx, form.key, {name: None for name in form.fields} | dict(row))

    def holds(condition: Expr | None, otherwise: bool) -> bool:
        return otherwise if condition is None else bool(evaluate(condition, env))

    return {f.id: (holds(f.visible_when, True), f.required or holds(f.required_when, False)) for f in entered}


def _rule(ctx: Ctx, form: Form, field: Field) -> dict[str, Any]:
    conditions = {name: c for name in CONDITIONS if (c := getattr(field, name)) is not None and open_to(ctx, form, c)}
    return _kind(ctx, field) | {"required": field.required} | {name: to_json(c) for name, c in conditions.items()}


def _answers(formula: Expr) -> bool:
    return in_browser(formula)


def _kind(ctx: Ctx, field: Field) -> dict[str, Any]:
    unit = {"unit": currency_sign(ctx.workspace.currency)} if field.value.unit == "money" else {}
    return {"kind": field.value.kind, "percent": field.value.unit == "percent", **unit}


def _column(ctx: Ctx, field: Field) -> dict[str, Any]:
    return _kind(ctx, field) | ({"formula": to_json(field.formula)} if field.formula else {})


def _value(ctx: Ctx, field: Field, value: Any) -> Any:
    if target := cells.target_of(field.value):
        known = references.uids(ctx, target, set(cells.ids_in(value)))
        uids = [known[id] for id in cells.ids_in(value) if id in known]
        return uids if field.value.kind == "list" else next(iter(uids), None)
    return encode(value, field.value)


def _offset(ctx: Ctx) -> str:
    minutes = int((ctx.now.astimezone(ctx.workspace.calendar.zone).utcoffset() or ctx.now - ctx.now).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
