"""Creating many records at once: the steps of a save, with the database asked once per batch instead of once per row.

Nothing is left out: rights, defaults, computed values, validation, guards, unique, numbers, history, events, search and aggregates are
those of records/save.py. What can't be known before the batch is written (two rows that claim the same value) is handed back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.events.outbox import append_many
from dougong.expr.tree import walk
from dougong.problems import Problems
from dougong.records import history, number, save, searching, upkeep
from dougong.records.draft import Draft, Saved
from dougong.records.row import column_of, columns_of, is_empty, to_columns
from dougong.records.source import RecordSource
from dougong.spec.form import Form
from dougong.store import search
from dougong.store.blocks import take_ids
from dougong.store.rows import insert_columns
from dougong.store.search import batched

COMPARABLE = frozenset({"text", "number", "date", "datetime", "time", "choice", "record", "yes_no"})
"""Kinds whose column holds the value itself."""
Key = tuple[str, ...]
Row = Mapping[str, Any]


@dataclass
class _New(Draft):
    """A new record that works out once per step, not each time it is asked, which of its fields are filled."""

    settled: frozenset[str] | None = None

    @property
    def changed(self) -> frozenset[str]:
        if self.settled is not None:
            return self.settled
        return frozenset([id for id in self.form.fields if (value := self.new.get(id)) is not None and value != ()])

    def prepare(self) -> None:
        seen: dict[str, Any] = {}
        for step in save.PREPARE:
            if self.new != seen:
                self.settled, seen = None, dict(self.new)
                self.settled = self.changed
            step(self)
        self.settled = None


@dataclass
class Batch:
    """What live records hold in fields that must not repeat, and what rows of this batch will hold. Only of values in `asked`."""

    held: dict[Key, set[tuple[Any, ...]]]
    asked: dict[str, set[Any]]
    claimed: dict[Key, set[tuple[Any, ...]]] = field(default_factory=dict)
    childless: dict[str, Any] = field(default_factory=dict)

    def free(self, fields: Key, values: tuple[Any, ...]) -> bool:
        return fields in self.held and values[0] in self.asked[fields[0]] and values not in self.held[fields]

    def claim(self, keys: Sequence[Key], row: Row) -> bool:
        """False where an earlier row of the batch has one of the values."""
        claims = [(key, tuple(row.get(name) for name in key)) for key in keys]
        claims = [(key, values) for key, values in claims if not any(is_empty(v) for v in values)]
        if any(values in self.claimed.get(key, ()) for key, values in claims):
            return False
        for key, values in claims:
            self.claimed.setdefault(key, set()).add(values)
        return True


def fits(form: Form) -> bool:
    """Whether rows of this form can be made in bulk: everything that must not repeat can be asked for beforehand."""
    if any(rule.similar and rule.then == "refuse" for rule in form.duplicates):
        return False
    if any(node.type.kind == "records" and node.type.form == form.key for rule in form.rejects for node in walk(rule.if_.root)):
        return False  # the rule looks at other records of the form: those of the batch too
    return all(form.fields[name].value.kind in COMPARABLE and name in columns_of(form) for key in _keys(form) for name in key)


def create_many(ctx: Ctx, form_key: str, rows: Sequence[Row], *, search_later: bool = False) -> list[Saved | Problems | None]:
    """Per row: what was saved, why it was refused, or None where it has to be saved by itself, after the others.

    `search_later`: search words may follow in the worker (SEMANTICS 15).
    """
    form = ctx.workspace.forms[form_key]
    source, keys = RecordSource(ctx), _keys(form)
    batch = _batch(ctx, form, keys, rows)
    for f in form.fields.values():
        if f.target and f.value.kind == "record":
            source.fetch(f.target, sorted({row[f.id] for row in rows if row.get(f.id) is not None}))
    out: list[Saved | Problems | None] = [None] * len(rows)
    drafts: list[tuple[int, _New]] = []
    for place, row in enumerate(rows):
        if not _by_itself(form, row):
            draft = _New(ctx, form, "create", source, dict(row), uid=str(uuid7()), sent=frozenset(row), batch=batch)
            draft.prepare()
            if draft.problems:
                out[place] = Problems(draft.problems)
            elif batch.claim(keys, draft.new):
                drafts.append((place, draft))
    if drafts:
        number.number_many([draft for _, draft in drafts])
    _write([draft for _, draft in drafts if not draft.problems], search_later and searching.can_wait(form))
    for place, draft in drafts:
        if draft.problems:  # a number made by rule that another record has
            out[place] = Problems(draft.problems)
            continue
        assert draft.id is not None
        out[place] = Saved(draft.id, draft.uid, 1, draft.changed, tuple(draft.warnings), draft.event)
    return out


def _write(drafts: Sequence[_New], search_later: bool) -> None:
    if not drafts:
        return
    ctx, form = drafts[0].ctx, drafts[0].form
    table = ctx.workspace.tables[form.key]
    for draft in drafts:
        save.stamp(draft)
    for draft, id in zip(drafts, take_ids(ctx.connection, table, len(drafts)), strict=True):
        draft.id = draft.new["id"] = id
        draft.settled = draft.changed
    insert_columns(ctx.connection, table, to_columns(form, [draft.new for draft in drafts]))
    _links(drafts)
    if search_later:
        searching.promise(ctx, form.key, [draft.new["id"] for draft in drafts])
    else:
        search.index_rows(ctx.connection, table, [draft.new for draft in drafts])
    history.write_many(drafts, [1] * len(drafts))
    told = [(draft, event) for draft in drafts for event in save.events_of(draft)]
    for (draft, _), id in zip(told, append_many(ctx.connection, [(d.ctx, event) for d, event in told]), strict=True):
        draft.event = draft.event or id
    upkeep.after_saves(drafts)


def _links(drafts: Sequence[Draft]) -> None:
    ctx, form = drafts[0].ctx, drafts[0].form
    for name in form.fields:
        junction = ctx.workspace.tables.get(f"{form.key}.{name}")
        if junction is not None and (pairs := [{"source": d.id, "target": target} for d in drafts for target in d.new.get(name) or ()]):
            insert_columns(ctx.connection, junction, {side: [pair[side] for pair in pairs] for side in ("source", "target")})


def _keys(form: Form) -> list[Key]:
    unique = [(f.id,) for f in form.fields.values() if f.unique and f.value_template is None]
    return unique + [rule.fields for rule in form.duplicates if not rule.similar]


def _batch(ctx: Ctx, form: Form, keys: Sequence[Key], rows: Sequence[Row]) -> Batch:
    table = ctx.workspace.tables[form.key]
    asked = {key[0]: {row[key[0]] for row in rows if not is_empty(row.get(key[0]))} for key in keys}
    held: dict[Key, set[tuple[Any, ...]]] = {}
    for key in keys:
        columns = [column_of(form, table, name) for name in key]
        held[key] = set()
        for part in batched(sorted(asked[key[0]], key=str)):
            query = select(*columns).where(columns[0].in_(part), table.c.deleted_at.is_(None))
            held[key].update(tuple(found) for found in ctx.connection.execute(query))
    return Batch(held, asked)


def _by_itself(form: Form, row: Row) -> bool:
    """Lines and uploads are written beside the row."""
    filled = [form.fields[name] for name, value in row.items() if not is_empty(value)]
    return any(f.type == "lines" or f.value.kind == "file" or (f.value.of is not None and f.value.of.kind == "file") for f in filled)
