"""Bringing in a table (SEMANTICS 13): mapping, rehearsal, batches that go on where they stopped, errors per row.

Every row goes through the save steps; only its own faults keep it out. A row is found again by the `key` field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dougong.context import Ctx
from dougong.fields.base import field_types
from dougong.problems import Problem, Problems, suggest
from dougong.records import bulk, entry, rights, save, sheets
from dougong.records.draft import Saved
from dougong.records.references import Found, look_up_many
from dougong.records.row import column_of, columns_of, from_row
from dougong.spec.form import Field, Form
from dougong.store.search import batched

BATCH = 500
BESIDE = ("lines", "related")
"""Types whose values stand in records of their own."""
Numbered = tuple[int, sheets.Row]
"""(row number as in the table, whose titles are row 1; the row)."""


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
    """What an import did, or would do. `faults` are of the rows that stayed out, `warnings` of rows that came in all the same."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    faults: list[tuple[Numbered, tuple[Problem, ...]]] = field(default_factory=list)
    warnings: list[tuple[Numbered, tuple[Problem, ...]]] = field(default_factory=list)

    def refuse(self, row: Numbered, problems: Sequence[Problem]) -> None:
        self.failed += 1
        self.faults.append((row, tuple(problems)))

    def count(self) -> dict[str, int]:
        return {"rows": self.rows, "created": self.created, "updated": self.updated, "unchanged": self.unchanged, "failed": self.failed}


def importable(form: Form, stage: bool = False) -> tuple[Field, ...]:
    """The fields that a column can fill; `stage`: with the right to let new records begin at a stage."""
    own = (f for f in form.fields.values() if not (f.computed or f.value_template or field_types[f.type].read_only or f.type in BESIDE))
    own = (f for f in own if "file" not in (f.value.kind, f.value.of.kind if f.value.of else ""))
    return tuple(f for f in own if not f.system or f.id == "owner" or (stage and f.id == "stage" and form.workflow))


def importable_by(ctx: Ctx, form: Form) -> tuple[Field, ...]:
    """Those that the actor may fill: `stage` needs the right `import_stage` (SEMANTICS 13)."""
    return importable(form, rights.access(ctx, form.key).may("import_stage"))


def guess(form: Form, titles: Sequence[str], fields: Sequence[Field] = ()) -> dict[str, str]:
    """Titles that are a field's id or name in either language, each field once. `fields` are those in question, by default `importable`."""
    names: dict[str, str] = {}
    for f in fields or importable(form):
        for word in (f.id, f.name.in_("zh"), f.name.in_("en")):
            names.setdefault(_plain(word), f.id)
    out: dict[str, str] = {}
    for title in titles:
        id = names.get(_plain(title))
        if id and id not in out.values():
            out[title] = id
    return out


def _plain(title: str) -> str:
    return title.strip().rstrip("*＊:：").strip().casefold()


def check(ctx: Ctx, mapping: ColumnMapping, titles: Sequence[str]) -> Form:
    """Raises Problems where the mapping names what isn't there, or the actor may not import."""
    form = ctx.workspace.forms.get(mapping.form)
    if form is None or form.lines_of or not rights.access(ctx, mapping.form).may("import"):
        raise Problems([Problem("may-not-import", {"form": form.name.in_(ctx.locale) if form else mapping.form})])
    ids = [f.id for f in importable_by(ctx, form)]
    problems = [Problem("import-no-column", {"title": t}, suggestion=suggest(t, titles)) for t in mapping.columns if t not in titles]
    for id in (*mapping.columns.values(), *([mapping.key] if mapping.key else [])):
        if id == "stage" and form.workflow and id not in ids:
            problems.append(Problem("import-stage-not-granted", {"form": form.name.in_(ctx.locale)}, form=form.key, field=id))
        elif id not in ids:
            problems.append(Problem("import-no-field", {"field": id}, form=form.key, field=id, suggestion=suggest(id, ids)))
    targets = list(mapping.columns.values())
    problems += [Problem("import-field-twice", {"field": id}) for id in sorted(set(targets)) if targets.count(id) > 1]
    if mapping.key and mapping.key not in targets:
        problems.append(Problem("import-key-not-mapped", {"field": mapping.key}))
    if not mapping.columns:
        problems.append(Problem("import-nothing-mapped"))
    if problems:
        raise Problems(problems)
    return form


def batches(path: Path, after: int = 0) -> Iterator[list[Numbered]]:
    """The table's rows behind row `after`, in batches of one transaction each."""
    numbered = ((n, row) for n, row in enumerate(sheets.rows(path), 2) if n > after)
    while batch := list(islice(numbered, BATCH)):
        yield batch


def run(ctx: Ctx, mapping: ColumnMapping, batch: Sequence[Numbered], report: Report, *, search_later: bool = False) -> None:
    """Saves one batch in the transaction of `ctx`; rows with faults are left out and noted."""
    ctx = replace(ctx, origin="import", notes={**ctx.notes, "automations": "on" if mapping.automations else ""})
    form = ctx.workspace.forms[mapping.form]
    report.rows += len(batch)
    parsed = [(row, values) for row, values in _parsed(ctx, form, mapping, batch, report)]
    there = _existing(ctx, form, mapping, [values for _, values in parsed])
    new = [(row, values) for row, values in parsed if not there.get(values.get(mapping.key))]
    later = {row[0] for row, _ in new} if not bulk.fits(form) else _create(ctx, form, new, report, search_later)
    for row, values in parsed:
        if row[0] in later or there.get(values.get(mapping.key)):
            _save(ctx, form, mapping, row, values, there, report)


def _parsed(
    ctx: Ctx, form: Form, mapping: ColumnMapping, batch: Sequence[Numbered], report: Report
) -> Iterator[tuple[Numbered, dict[str, Any]]]:
    """Each row's values; references are looked up for the batch at once."""
    raws = [{mapping.columns[title]: cell for title, cell in row.items() if title in mapping.columns} for _, row in batch]
    known: dict[str, Found] = {
        form: look_up_many(ctx, at, sorted(wanted, key=str)) for form, (at, wanted) in entry.references(form, raws).items()
    }
    for row, raw in zip(batch, raws, strict=True):
        values, problems = entry.parse_leniently(ctx, form, raw, row[0], known)
        if form.workflow and values.get("stage") is None:
            values.pop("stage", None)  # an empty cell says nothing of it
        if problems:
            report.refuse(row, problems)
        else:
            yield row, values


def _existing(ctx: Ctx, form: Form, mapping: ColumnMapping, rows: Sequence[Mapping[str, Any]]) -> dict[Any, list[dict[str, Any]]]:
    """Live records that the importer may see, by the key's value."""
    out: dict[Any, list[dict[str, Any]]] = {}
    if mapping.key and mapping.key in columns_of(form):
        table = ctx.workspace.tables[form.key]
        column, names = column_of(form, table, mapping.key), list(table.c.keys())
        wanted = {row[mapping.key] for row in rows if row.get(mapping.key) is not None}
        for part in batched(sorted(wanted, key=str)):
            query = select(table).where(column.in_(part), table.c.deleted_at.is_(None), rights.where(ctx, form.key, table))
            for cells in ctx.connection.execute(query):
                found = from_row(form, dict(zip(names, cells, strict=True)))
                out.setdefault(found[mapping.key], []).append(found)
    return out


def _create(ctx: Ctx, form: Form, rows: Sequence[tuple[Numbered, dict[str, Any]]], report: Report, search_later: bool) -> set[int]:
    """The row numbers that have to be saved one by one: all of them where somebody else just took a value that must not repeat."""
    given = [{k: v for k, v in values.items() if v not in (None, ())} for _, values in rows]
    try:
        with ctx.connection.begin_nested():
            outcomes = bulk.create_many(ctx, form.key, given, search_later=search_later)
    except IntegrityError:
        return {row[0] for row, _ in rows}
    for (row, _), outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, Problems):
            report.refuse(row, outcome.problems)
        elif outcome is not None:
            _note(report, row, outcome, "created")
    return {row[0] for (row, _), outcome in zip(rows, outcomes, strict=True) if outcome is None}


def _save(
    ctx: Ctx,
    form: Form,
    mapping: ColumnMapping,
    row: Numbered,
    values: dict[str, Any],
    there: dict[Any, list[dict[str, Any]]],
    report: Report,
) -> None:
    """One row through the save of a single record: an update, or a new one that another row of the batch stands in the way of."""
    try:
        with ctx.connection.begin_nested():
            key = values.get(mapping.key)
            known = there.get(key) or _existing(ctx, form, mapping, [values]).get(key, [])
            if len(known) > 1:
                raise Problems([Problem("import-key-not-clear", {"value": key}, form=form.key, field=mapping.key)])
            if known and all(name in known[0] and known[0][name] == value for name, value in values.items()):
                report.unchanged += 1
            elif known:
                there.pop(key, None)
                saved = save.edit(ctx, form.key, known[0]["id"], values)
                _note(report, row, saved, "updated" if saved.revision != known[0]["revision"] else "unchanged")
            else:
                _note(report, row, save.create(ctx, form.key, {k: v for k, v in values.items() if v not in (None, ())}), "created")
    except Problems as faults:
        report.refuse(row, faults.problems)


def _note(report: Report, row: Numbered, saved: Saved, as_: str) -> None:
    setattr(report, as_, getattr(report, as_) + 1)
    if saved.warnings:
        report.warnings.append((row, saved.warnings))
