"""Bringing in a table (SEMANTICS 13): mapping, a dry run, batches that go on where they stopped, errors per row.

Every row goes through the save steps; only its own faults keep it out. A row is found again by the `key` field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dougong.context import Ctx
from dougong.problems import Problem, Problems
from dougong.records import entry, rights, save, sheets
from dougong.records.row import column_of, has_columns
from dougong.spec.form import Form

BATCH = 500
MOST_FAULTS = 10_000
"""Rows whose faults are kept; a table with more is the wrong table."""


@dataclass(frozen=True)
class ColumnMapping:
    """Column title → field id. `key` is the field by which an existing record is updated instead of a new one made.

    `automations`: whether rules hear of the rows (SEMANTICS 13: only if the importer ticks it).
    """

    form: str
    columns: Mapping[str, str]
    key: str = ""
    automations: bool = False


@dataclass
class Report:
    """What an import did, or would do. `faults` are (row number as in the table, what is wrong)."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    faults: list[tuple[int, list[Problem]]] = field(default_factory=list)

    def note(self, number: int, problems: Sequence[Problem]) -> None:
        self.failed += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append((number, list(problems)))




def guess(form: Form, titles: Sequence[str]) -> dict[str, str]:
    """Titles that are a field's id or name in either language, each field once."""
    names: dict[str, str] = {}
    for f in form.fields.values():
        if not (f.computed or f.value.kind == "records") and (not f.system or f.id == "owner"):
            for word in (f.id, f.name.in_("zh"), f.name.in_("en")):
                names.setdefault(word.strip().lower(), f.id)
    out: dict[str, str] = {}
    for title in titles:
        id = names.get(title.strip().lower())
        if id and id not in out.values():
            out[title] = id
    return out


def check(ctx: Ctx, mapping: ColumnMapping, titles: Sequence[str]) -> Form:
    """Raises Problems where the mapping names what isn't there, or the actor may not import."""
    form = ctx.workspace.forms.get(mapping.form)
    if form is None or not rights.access(ctx, mapping.form).may("import"):
        raise Problems([Problem("may-not-import", {"form": mapping.form})])
    problems = [Problem("import-no-column", {"title": t}, suggestion=", ".join(titles)) for t in mapping.columns if t not in titles]
    for id in (*mapping.columns.values(), *([mapping.key] if mapping.key else [])):
        if id not in form.fields or form.fields[id].computed:
            problems.append(Problem("no-such-field", {"field": id}, form=form.key, field=id))
    if mapping.key and mapping.key not in mapping.columns.values():
        problems.append(Problem("import-key-not-mapped", {"field": mapping.key}))
    if problems:
        raise Problems(problems)
    return form


def dry_run(ctx: Ctx, mapping: ColumnMapping, path: Path) -> Report:
    """What `run` would do, by doing it and taking each row back. The rest of the transaction must not be committed."""
    report = Report()
    form = check(ctx, mapping, sheets.headers(path))
    for number, row in enumerate(sheets.rows(path), 2):
        _one(ctx, form, mapping, number, row, report)
    return report


def batches(path: Path, after: int = 0) -> Iterator[list[tuple[int, sheets.Row]]]:
    """Rows with their numbers in the table (the titles are row 1), behind row `after`, in batches of one transaction each."""
    numbered = ((n, row) for n, row in enumerate(sheets.rows(path), 2) if n > after)
    while batch := list(islice(numbered, BATCH)):
        yield batch


def run(ctx: Ctx, mapping: ColumnMapping, batch: Sequence[tuple[int, sheets.Row]], report: Report) -> None:
    """Saves one batch in the transaction of `ctx`; rows with faults are left out and noted."""
    form = ctx.workspace.forms[mapping.form]
    for number, row in batch:
        _one(ctx, form, mapping, number, row, report)


def _one(ctx: Ctx, form: Form, mapping: ColumnMapping, number: int, row: sheets.Row, report: Report) -> None:
    report.rows += 1
    raw = {mapping.columns[title]: cell for title, cell in row.items() if title in mapping.columns}
    try:
        with ctx.connection.begin_nested():
            values, problems = entry.parse_leniently(ctx, form, raw, row=number)
            if problems:
                raise Problems(problems)
            known = _known(ctx, form, mapping, values)
            if known is None:
                save.create(ctx, form.key, {k: v for k, v in values.items() if v not in (None, ())})
                report.created += 1
            else:
                revision, id = known
                changed = save.edit(ctx, form.key, id, values).revision != revision
                report.updated, report.unchanged = report.updated + changed, report.unchanged + (not changed)
    except Problems as faults:
        report.note(number, faults.problems)


def _known(ctx: Ctx, form: Form, mapping: ColumnMapping, values: Mapping[str, Any]) -> tuple[int, int] | None:
    """(revision, id) of the record that the row means."""
    if not mapping.key or values.get(mapping.key) is None or not has_columns(form.fields[mapping.key]):
        return None
    table = ctx.workspace.tables[form.key]
    query = select(table.c.revision, table.c.id).where(column_of(form, table, mapping.key) == values[mapping.key], table.c.deleted_at.is_(None))
    found = ctx.connection.execute(query.where(rights.where(ctx, form.key, table)).limit(2)).all()
    if len(found) > 1:
        raise Problems([Problem("import-key-not-clear", {"value": values[mapping.key]}, form=form.key, field=mapping.key)])
    return (found[0].revision, found[0].id) if found else None


