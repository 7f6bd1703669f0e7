"""Records that are almost the same, and the search index that finds them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import or_, select

from dougong.problems import Problem
from dougong.records import rights
from dougong.records.draft import Draft
from dougong.records.row import column_of
from dougong.records.titles import title
from dougong.spec.form import Duplicate
from dougong.store import search

CANDIDATES = 200
"""Rows that share some piece of the text; the nearest of them is measured."""


def similar(draft: Draft) -> None:
    """`duplicates: similar`: warns (or refuses) where a live record's text is at least `above` alike."""
    for rule in draft.form.duplicates:
        text = draft.new.get(rule.fields[0])
        if rule.similar and text and draft.changed & set(rule.fields) and (found := _nearest(draft, rule, str(text))):
            _report(draft, rule, found)


def index(draft: Draft) -> None:
    """Keeps the search index in step with the write."""
    table = draft.ctx.workspace.tables[draft.form.key]
    if draft.kind == "delete":
        search.remove_rows(draft.ctx.connection, table, [draft.id or 0])
    elif draft.kind != "edit" or any(draft.form.fields[name].search for name in draft.changed):
        search.index_rows(draft.ctx.connection, table, [draft.new], new=draft.kind == "create")


def _nearest(draft: Draft, rule: Duplicate, text: str) -> Mapping[str, Any] | None:
    table, name = draft.ctx.workspace.tables[draft.form.key], rule.fields[0]
    dialect = draft.ctx.connection.dialect.name
    pieces = {text[i : i + 2] for i in range(0, max(len(text) - 1, 1), 2)}
    shares = or_(*(search.matches(table, piece, dialect, [name]) for piece in sorted(pieces)[:6]))
    others = (shares, table.c.deleted_at.is_(None), table.c.id != (draft.id or 0))
    query = select(table.c.id, column_of(draft.form, table, name)).where(*others).limit(CANDIDATES)
    best, nearest = rule.above, None
    for id, other in draft.ctx.connection.execute(query):
        alike = SequenceMatcher(None, text, other or "", autojunk=False).ratio()
        if alike >= best:
            best, nearest = alike, id
    return draft.source.record(draft.form.key, nearest) if nearest is not None else None


def _report(draft: Draft, rule: Duplicate, found: Mapping[str, Any]) -> None:
    seen = rights.allows(draft.ctx, draft.form.key, found, "see", draft.source)
    other = title(draft.ctx, draft.form.key, found) if seen else "…"
    field = draft.form.fields[rule.fields[0]]
    if rule.then == "refuse":
        draft.refuse("similar", field, other=other)
    else:
        draft.warnings.append(Problem("similar", {"other": other}, form=draft.form.key, field=field.id, warning=True))
