"""What somebody entered → values ready to save: each field parsed by its type, references looked up, all faults together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from dougong.context import Ctx
from dougong.fields.base import Locale, Reference, Refused, field_types
from dougong.problems import Problem, Problems
from dougong.records.references import Found, look_up, target_of
from dougong.spec.form import Field, Form


def parse(ctx: Ctx, form: Form, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field id. Raises Problems with every field that can't be taken; unknown and computed fields among them."""
    values, problems = parse_leniently(ctx, form, raw)
    if problems:
        raise Problems(problems)
    return values


def parse_leniently(
    ctx: Ctx, form: Form, raw: Mapping[str, Any], row: int | None = None, known: Mapping[str, Found] | None = None
) -> tuple[dict[str, Any], list[Problem]]:
    """What could be taken, and what could not: for imports, and for forms that show all faults beside their fields.

    `known` are references of a whole batch by target form, looked up beforehand.
    """
    locale = Locale(ctx.locale, ctx.workspace.calendar, ctx.workspace.currency)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, written in raw.items():
        field = form.fields.get(name)
        if field is None or (field_types[field.type].virtual and field.via != "parent"):
            problems.append(Problem("no-such-field", {"field": str(name)[:60]}, form=form.key, field=str(name)[:60], row=row))
            continue
        try:
            values[name] = _resolved(ctx, field, field_types[field.type].parse(field, written, locale), problems, known or {})
        except Refused as refused:
            names = {"zh": field.name.in_("zh"), "en": field.name.in_("en")}
            problems.append(Problem(refused.code, {"field": names, **refused.args_}, form=form.key, field=name, row=row))
    return values, problems


def references(form: Form, raws: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Field, set[Reference]]]:
    """What link fields of many rows name, by target form; what can't be read is left to `parse_leniently`."""
    out: dict[str, tuple[Field, set[Reference]]] = {}
    linking = [f for f in form.fields.values() if target_of(f) and not field_types[f.type].virtual and not f.computed]
    for raw in raws:
        for field in linking:
            if raw.get(field.id) not in (None, ""):
                with suppress(Refused):
                    parsed = field_types[field.type].parse(field, raw[field.id], Locale())
                    named = parsed if isinstance(parsed, tuple) else (parsed,)
                    out.setdefault(target_of(field), (field, set()))[1].update(r for r in named if isinstance(r, Reference))
    return out


def _resolved(ctx: Ctx, field: Field, parsed: Any, problems: list[Problem], known: Mapping[str, Found]) -> Any:
    if isinstance(parsed, Reference):
        return look_up(ctx, field, parsed, known.get(target_of(field)))
    if isinstance(parsed, tuple) and parsed and isinstance(parsed[0], Reference):
        return tuple(sorted({look_up(ctx, field, r, known.get(target_of(field))) for r in parsed}))
    if field.value.kind == "records" and (child := ctx.workspace.forms.get(field.target)) and child.lines_of:
        return tuple(_line(ctx, child, line, position, problems) for position, line in enumerate(parsed or (), 1))
    return parsed


def _line(ctx: Ctx, child: Form, line: Mapping[str, Any], position: int, problems: list[Problem]) -> dict[str, Any]:
    values, wrong = parse_leniently(ctx, child, {k: v for k, v in line.items() if k != "uid"}, row=position)
    problems += wrong
    return values | ({"uid": str(line["uid"])} if line.get("uid") else {})
