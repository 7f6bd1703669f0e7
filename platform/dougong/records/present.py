"""A record as one reader may read it: hidden fields gone, masked ones covered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dougong.context import Ctx
from dougong.records.access import Access, access
from dougong.records.graph import reads
from dougong.records.row import empty_value, is_empty
from dougong.records.source import RecordSource
from dougong.records.standing import by_standing
from dougong.spec.form import Field, Form


def readable(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without what the actor may not read; a masked value becomes text such as '138****0000'."""
    return readable_many(ctx, form, [row])[0]


def readable_many(ctx: Ctx, form: Form, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same for several; what is covered is worked out once for all rows that the same grants reach."""
    whole = access(ctx, form.key)
    if whole.uniform:
        gone, masked = _closed(ctx, form)
        return [_seen(form, row, gone, masked) for row in rows]
    source = RecordSource(ctx)
    known: dict[Any, tuple[frozenset[str], frozenset[str]]] = {}
    out = []
    for row in rows:
        allowed = whole.on_row(ctx, row, source)
        reached = tuple((g.hide, g.mask) for g in allowed.grants)
        if reached not in known:
            known[reached] = _closed_by(ctx, form, allowed)
        out.append(_seen(form, row, *known[reached]))
    return out


def _seen(form: Form, row: Mapping[str, Any], gone: Collection[str], masked: Collection[str]) -> dict[str, Any]:
    if not gone and not masked:
        return dict(row)
    return {
        name: mask(str(value), form.fields[name].mask) if name in masked and not is_empty(value) else value
        for name, value in row.items() if name not in gone
    }  # fmt: skip


def _closed_by(ctx: Ctx, form: Form, allowed: Access) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that are gone, and those that are masked."""
    gone = frozenset(f.id for f in form.fields.values() if _covered(ctx, allowed, f, frozenset()))
    return gone, frozenset(name for name in form.fields if name not in gone and allowed.masked(name))


@by_standing
def _closed(ctx: Ctx, form: Form) -> tuple[frozenset[str], frozenset[str]]:
    return _closed_by(ctx, form, access(ctx, form.key))


def within_rights(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row for formulas and texts that the actor will read: nothing in place of what is hidden, a mask over masked text."""
    if access(ctx, form.key).everything:
        return row
    seen = readable(ctx, form, row)
    masked = {n for n, v in seen.items() if n in form.fields and v is not row[n] and form.fields[n].value.kind != "text"}
    return {n: seen[n] if n in seen and n not in masked else empty_value(form.fields[n]) for n in row}


def covered(ctx: Ctx, form: Form, field: Field) -> bool:
    """Hidden itself on some row the actor sees, or computed from something hidden or masked without `reveal` (SEMANTICS 11)."""
    return field.id in _closed(ctx, form)[0]


def askable(ctx: Ctx, form: Form, field: Field) -> bool:
    """Whether the actor may filter, sort, search and group by the field: what is covered or masked must not answer questions."""
    return not any(field.id in closed for closed in _closed(ctx, form))


def mask(text: str, how: str = "") -> str:
    """`all`: nothing stays. `tail`: the end is covered. Else the middle: of eight and more the first three and last four
    stay, of anything shorter only the first."""
    if how == "all":
        return "****"
    if how == "tail":
        return text[: len(text) // 2] + "****"
    return f"{text[:3]}****{text[-4:]}" if len(text) >= 8 else text[:1] + "***"


def _covered(ctx: Ctx, allowed: Access, field: Field, seen: frozenset[tuple[str, str]]) -> bool:
    if allowed.hidden(field.id):
        return True
    if not field.computed or field.reveal or allowed.everything:
        return False
    here = seen | {(allowed.form.key, field.id)}
    return any(_path_covered(ctx, allowed, path, here) for path in reads(field))


def _path_covered(ctx: Ctx, allowed: Access, path: tuple[str, ...], seen: frozenset[tuple[str, str]]) -> bool:
    """Along a path every field counts, those that a computed one is made from too."""
    for part in path:
        field = allowed.form.fields.get(part)
        if field is None:
            return False
        if (allowed.form.key, part) not in seen and (allowed.masked(part) or _covered(ctx, allowed, field, seen)):
            return True
        if field.target not in ctx.workspace.forms:
            return False
        allowed = access(ctx, field.target)
        if not allowed.may("see"):
            return True
    return False
