"""What somebody entered → values ready to save: each field parsed by its type, references looked up, all faults together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.context import Ctx
from dougong.fields.base import Locale, Reference, Refused, field_types
from dougong.problems import Problem, Problems
from dougong.records.references import look_up
from dougong.spec.form import Field, Form


def parse(ctx: Ctx, form: Form, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field id. Raises Problems with every field that can't be taken; unknown and computed fields among them."""
    values, problems = parse_leniently(ctx, form, raw)
    if problems:
        raise Problems(problems)
    return values


def parse_leniently(ctx: Ctx, form: Form, raw: Mapping[str, Any], row: int | None = None) -> tuple[dict[str, Any], list[Problem]]:
    """What could be taken, and what could not: for imports, and for forms that show all faults beside their fields."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, written in raw.items():
        field = form.fields.get(name)
        if field is None or field_types[field.type].virtual and field.via != "parent":
            problems.append(Problem("no-such-field", {"field": str(name)[:60]}, form=form.key, field=str(name)[:60], row=row))
            continue
        try:
            values[name] = _value(ctx, field, written, problems)
        except Refused as refused:
            names = {"zh": field.name.in_("zh"), "en": field.name.in_("en")}
            problems.append(Problem(refused.code, {"field": names, **refused.args_}, form=form.key, field=name, row=row))
    return values, problems


def _value(ctx: Ctx, field: Field, written: Any, problems: list[Problem]) -> Any:
    locale = Locale(ctx.locale, ctx.workspace.calendar, ctx.workspace.currency)
    parsed = field_types[field.type].parse(field, written, locale)
    if isinstance(parsed, Reference):
        return look_up(ctx, field, parsed)
    if isinstance(parsed, tuple) and parsed and isinstance(parsed[0], Reference):
        return tuple(sorted({look_up(ctx, field, r) for r in parsed}))
    if field.value.kind == "records" and (child := ctx.workspace.forms.get(field.target)) and child.lines_of:
        return tuple(_line(ctx, child, line, position, problems) for position, line in enumerate(parsed or (), 1))
    return parsed


def _line(ctx: Ctx, child: Form, line: Mapping[str, Any], position: int, problems: list[Problem]) -> dict[str, Any]:
    values, wrong = parse_leniently(ctx, child, {k: v for k, v in line.items() if k != "uid"}, row=position)
    problems += wrong
    return values | ({"uid": str(line["uid"])} if line.get("uid") else {})
