"""Lines: the rows of a `lines` field are records of a child form, saved with their parent in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from uuid6 import uuid7

from dougong.records.draft import Draft, Kind
from dougong.records.per_form import per_form
from dougong.records.row import column_of, from_row, normal
from dougong.spec.form import Field, Form

UNWRITTEN = 1_000_000
"""New lines stand below every record's id until they are written, in their order."""
MOMENTS = frozenset({"modified_at", "touched_at"})


def given_lines(draft: Draft) -> dict[str, list[Mapping[str, Any]]]:
    """The lines the caller sent, by field; a field that was not sent leaves its lines as they are."""
    return {
        name: list(draft.new.pop(name) or ())
        for name, field in _leading_back(draft.form)
        if name in draft.sent
        and draft.ctx.workspace.forms.get(field.target)
        and draft.ctx.workspace.forms[field.target].lines_of == (draft.form.key, name)
    }


@per_form
def _leading_back(form: Form) -> tuple[tuple[str, Field], ...]:
    return tuple((name, field) for name, field in form.fields.items() if field.target)


def line_drafts(draft: Draft, name: str, rows: list[Mapping[str, Any]]) -> list[Draft]:
    """One draft per row: a row with a known `uid` edits that line, any other creates one, a line not named is deleted."""
    form = draft.ctx.workspace.forms[draft.form.fields[name].target]
    existing = {row["uid"]: row for row in _existing(draft, form.key)}
    drafts: list[Draft] = []
    for position, given in enumerate(rows):
        values = {k: normal(v, form.fields[k].value) for k, v in given.items() if k in form.fields and k != "parent"}
        old = existing.pop(str(given.get("uid", "")), None)
        new = {"id": position - UNWRITTEN, **(old or {}), **values, "parent": draft.id or 0, "position": position}
        kind: Kind = "edit" if old else "create"
        drafts.append(
            Draft(
                draft.ctx,
                form,
                kind,
                draft.source,
                new,
                old=old,
                id=old["id"] if old else None,
                uid=old["uid"] if old else str(uuid7()),
                sent=frozenset(values),
                parent=draft,
                problems=draft.problems,
                warnings=draft.warnings,
            )
        )
    for gone in existing.values():
        drafts.append(
            Draft(
                draft.ctx,
                form,
                "delete",
                draft.source,
                dict(gone),
                old=gone,
                id=gone["id"],
                uid=gone["uid"],
                parent=draft,
                problems=draft.problems,
            )
        )
    return drafts


def touched(line: Draft) -> bool:
    """Whether the line has to be written: its own values, its place, or what is computed from its parent."""
    return line.kind in ("create", "delete") or bool(line.changed - MOMENTS) or line.new.get("position") != (line.old or {}).get("position")


def pending(draft: Draft, name: str) -> tuple[str, list[Mapping[str, Any]]]:
    """The child form and its rows as they will be, for formulas of the parent that read them before they are written."""
    drafts = [d for d in draft.lines[name] if d.kind != "delete"]
    return draft.form.fields[name].target, [d.new for d in drafts]


def _existing(draft: Draft, form_key: str) -> list[dict[str, Any]]:
    if draft.id is None:
        return []
    table, form = draft.ctx.workspace.tables[form_key], draft.ctx.workspace.forms[form_key]
    query = select(table).where(column_of(form, table, "parent") == draft.id, table.c.deleted_at.is_(None)).order_by(table.c.position)
    keys = list(table.c.keys())
    rows = [dict(zip(keys, row, strict=True)) for row in draft.ctx.connection.execute(query)]
    return [from_row(form, row) | {"position": row["position"]} for row in rows]
