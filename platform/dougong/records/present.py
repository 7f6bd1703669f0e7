"""A record as one reader may read it: hidden fields gone, masked ones covered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.context import Ctx
from dougong.records import rights
from dougong.records.row import is_empty
from dougong.spec.form import Field, Form


def readable(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without what the actor may not read; a masked value becomes text such as '138****0000'."""
    allowed = rights.access(ctx, form.key)
    out: dict[str, Any] = {}
    for name, value in row.items():
        field = form.fields.get(name)
        if field is None:
            out[name] = value
        elif not covered(ctx, form, field):
            out[name] = mask(str(value)) if allowed.masked(name) and not is_empty(value) else value
    return out


def covered(ctx: Ctx, form: Form, field: Field) -> bool:
    """Hidden itself, or computed from something hidden or masked without `reveal` (SEMANTICS 11)."""
    allowed = rights.access(ctx, form.key)
    if allowed.hidden(field.id):
        return True
    if not field.computed or field.reveal or allowed.everything:
        return False
    return any(_path_covered(ctx, form, path) for path in _inputs(field))


def mask(text: str) -> str:
    """The middle covered: of eleven digits the first three and last four stay, of anything shorter only the first."""
    if len(text) >= 8:
        return f"{text[:3]}****{text[-4:]}"
    return text[:1] + "***"


def _inputs(field: Field) -> frozenset[tuple[str, ...]]:
    formulas = [field.formula, *(c.if_ for c in field.cases)]
    return frozenset(path for f in formulas if f is not None for path in f.reads)


def _path_covered(ctx: Ctx, form: Form, path: tuple[str, ...]) -> bool:
    here = form
    for part in path:
        field = here.fields.get(part)
        if field is None:
            return False
        allowed = rights.access(ctx, here.key)
        if allowed.hidden(part) or allowed.masked(part):
            return True
        if field.target not in ctx.workspace.forms:
            return False
        here = ctx.workspace.forms[field.target]
    return False
