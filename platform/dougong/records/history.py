"""Who changed what and when: one hash chain per record (SEMANTICS 12).

The chain holds digests of salted values; values and salts stand in a second table, so that erasing a
person's data leaves the chain verifiable.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, RowMapping, Table, Text, bindparam, func, select

from dougong.context import Ctx
from dougong.expr.values import encode
from dougong.records.draft import Draft
from dougong.records.lines import touched
from dougong.sqltypes import Id, Instant, Json, to_epoch_millis
from dougong.store import prepared
from dougong.store.blocks import take_ids
from dougong.store.rows import insert_columns
from dougong.store.system import metadata

_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=list).encode
_quoted = json.encoder.encode_basestring
ERASED = "erased"
VALUE = ("field", "old", "new", "salt")
history_table = Table(
    "dg_history",
    metadata,
    Column("id", Id, primary_key=True),
    Column("form", Text, nullable=False),
    Column("record", Id, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Id),
    Column("actor_name", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("changed", Json, nullable=False),
    Column("digest", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
Index("dg_history_record", history_table.c.form, history_table.c.record, history_table.c.id)

value_table = Table(
    "dg_history_value",
    metadata,
    Column("history", Id, ForeignKey("dg_history.id"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("old", Json),
    Column("new", Json),
    Column("salt", Text, nullable=False),
)

_H = history_table.c
_NEWEST = select(func.max(_H.id)).where(_H.form == bindparam("of_form"), _H.record.in_(bindparam("records", expanding=True)))
_LAST = select(_H.record, _H.hash).where(_H.id.in_(_NEWEST.group_by(_H.record)))


def write(draft: Draft, revision: int) -> None:
    """One entry for this save, chained to the record's last."""
    write_many([draft], [revision])


def write_many(drafts: Sequence[Draft], revisions: Sequence[int]) -> None:
    """One entry each, for different records of one form."""
    if not drafts:
        return
    ctx, h = drafts[0].ctx, history_table
    last = _last_hashes(ctx, drafts[0].form.key, [d.id or 0 for d in drafts if d.kind != "create"])
    values = [_values(draft) for draft in drafts]
    entries = [_entry(d, revision, v, last.get(d.id or 0, "")) for d, revision, v in zip(drafts, revisions, values, strict=True)]
    if len(entries) == 1:
        ids = [int(ctx.connection.execute(prepared.adding(h), entries[0]).scalar_one())]
    else:
        ids = take_ids(ctx.connection, h, len(entries))
        insert_columns(ctx.connection, h, {"id": ids, **{name: [entry[name] for entry in entries] for name in entries[0]}})
    told = [v for of_one in values for v in of_one]
    owners = [id for id, of_one in zip(ids, values, strict=True) for _ in of_one]
    insert_columns(ctx.connection, value_table, {"history": owners, **{name: [v[name] for v in told] for name in VALUE}})


def _last_hashes(ctx: Ctx, form: str, records: Sequence[int]) -> dict[int, str]:
    if not records:
        return {}
    return {record: hash for record, hash in ctx.connection.execute(_LAST, {"of_form": form, "records": records})}


def _entry(draft: Draft, revision: int, values: list[dict[str, Any]], previous: str, kind: str = "") -> dict[str, Any]:
    ctx = draft.ctx
    entry: dict[str, Any] = {
        "form": draft.form.key, "record": draft.id, "revision": revision, "at": ctx.now, "kind": kind or draft.kind,
        "actor": ctx.actor.user, "actor_name": ctx.actor.name, "origin": ctx.origin,
        "changed": sorted(v["field"] for v in values), "digest": digest(values), "previous": previous,
    }
    return {**entry, "hash": chain_hash(entry)}


def changed_since(ctx: Ctx, form: str, record: int, revision: int) -> dict[str, str]:
    """Fields written after `revision`, each with the name of who wrote it last."""
    h = history_table
    query = select(h.c.changed, h.c.actor_name).where(h.c.form == form, h.c.record == record, h.c.revision > revision).order_by(h.c.id)
    called = _Called(ctx, form)
    return {called[field]: name for changed, name in ctx.connection.execute(query) for field in changed}


def others_since(ctx: Ctx, form: str, record: int, revision: int) -> dict[str, str]:
    """Fields that somebody else wrote after `revision`, each with the name of who wrote it last."""
    h = history_table.c
    others = (h.form == form, h.record == record, h.revision > revision, h.actor.is_distinct_from(ctx.actor.user))
    query = select(h.changed, h.actor_name).where(*others).order_by(h.id)
    return {field: name for changed, name in ctx.connection.execute(query) for field in changed}


def last_change(ctx: Ctx, form: str, record: int, field: str) -> datetime | None:
    """When the field was last written; None: as the record was made."""
    h, v = history_table.c, value_table.c
    key = ctx.workspace.forms[form].fields[field].key
    of_field = (h.form == form, h.record == record, v.field == key, h.kind != "create")
    query = select(h.at).join_from(history_table, value_table, v.history == h.id).where(*of_field)
    found: datetime | None = ctx.connection.execute(query.order_by(h.id.desc()).limit(1)).scalar()
    return found


class _Called(dict[str, str]):
    """Ids of today by the physical keys under which values stand in the history; '$…' where another field has the name now.

    What is no field's, such as a note or a field that has gone, keeps its name.
    """

    def __init__(self, ctx: Ctx, form: str) -> None:
        there = ctx.workspace.forms.get(form)
        self.ids = frozenset(there.fields) if there else frozenset()
        super().__init__({field.key: field.id for field in there.fields.values()} if there else {})

    def __missing__(self, key: str) -> str:
        return f"${key}" if key in self.ids else key


def entries(ctx: Ctx, form: str, record: int) -> list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """The record's entries, newest first, each with its values as stored JSON; fields by their ids of today, whatever they
    were called then."""
    called = _Called(ctx, form)
    return [
        ({**head, "changed": [called[key] for key in head["changed"]]}, [{**value, "field": called[value["field"]]} for value in values])
        for head, values in _stored(ctx, form, record)
    ]


def _stored(ctx: Ctx, form: str, record: int) -> list[tuple[RowMapping, list[RowMapping]]]:
    h, v = history_table, value_table
    heads = list(ctx.connection.execute(select(h).where(h.c.form == form, h.c.record == record).order_by(h.c.id.desc())).mappings())
    values: dict[int, list[RowMapping]] = {}
    query = select(v).where(v.c.history.in_(select(h.c.id).where(h.c.form == form, h.c.record == record)))
    for row in ctx.connection.execute(query).mappings():
        values.setdefault(row["history"], []).append(row)
    return [(head, values.get(head["id"], [])) for head in heads]


def erase(draft: Draft) -> None:
    """Takes values and salts of all entries away; an entry of the chain says so."""
    h, ctx = history_table, draft.ctx
    mine = select(h.c.id).where(h.c.form == draft.form.key, h.c.record == draft.id)
    ctx.connection.execute(value_table.delete().where(value_table.c.history.in_(mine)))
    last = _last_hashes(ctx, draft.form.key, [draft.id or 0])
    entry = _entry(draft, draft.new["revision"], [], last.get(draft.id or 0, ""), kind=ERASED)
    ctx.connection.execute(h.insert().values(entry))


def broken_at(ctx: Ctx, form: str, record: int) -> int | None:
    """The id of the first entry whose hash, link or values don't fit; None where the chain holds.

    Values may be missing only where a later entry says that they were erased.
    """
    previous, chain = "", list(reversed(_stored(ctx, form, record)))
    erased = max((place for place, (head, _) in enumerate(chain) if head["kind"] == ERASED), default=-1)
    for place, (head, values) in enumerate(chain):
        if head["previous"] != previous or chain_hash(dict(head)) != head["hash"]:
            return int(head["id"])
        if (values or place > erased) and digest(dict(v) for v in values) != head["digest"]:
            return int(head["id"])
        previous = head["hash"]
    return None


def is_erased(ctx: Ctx, form: str, record: int) -> bool:
    h = history_table
    told = select(h.c.id).where(h.c.form == form, h.c.record == record, h.c.kind == ERASED).limit(1)
    return ctx.connection.execute(told).first() is not None


def digest(values: Iterable[Mapping[str, Any]]) -> str:
    """Over field names and salted values, in field order."""
    parts = sorted((v["field"], _hashed(f'["{v["salt"]}",{_json(v["old"])},{_json(v["new"])}]')) for v in values)
    return _sha(parts)


def chain_hash(entry: Mapping[str, Any]) -> str:
    """Without the form's id, which may be changed by `was:`."""
    told = [entry[k] for k in ("record", "revision", "kind", "actor", "actor_name", "origin", "changed", "digest", "previous")]
    return _sha(to_epoch_millis(entry["at"]), *told)


def _values(draft: Draft) -> list[dict[str, Any]]:
    old, new, fields, names = draft.old or {}, draft.new, draft.form.fields, sorted(draft.changed)
    salts = secrets.token_hex(8 * len(names))
    out = [
        {
            "field": fields[name].key, "old": encode(old.get(name), fields[name].value), "new": encode(new.get(name), fields[name].value),
            "salt": salts[16 * place : 16 * place + 16],
        }
        for place, name in enumerate(names)
    ]  # fmt: skip
    out += [{"field": name, "old": None, "new": said, "salt": secrets.token_hex(8)} for name, said in draft.notes.items()]
    for name, lines in sorted(draft.lines.items()):
        if any(touched(line) for line in lines):
            pair = {"old": [d.uid for d in lines if d.kind != "create"], "new": [d.uid for d in lines if d.kind != "delete"]}
            out.append({"field": fields[name].key, **pair, "salt": secrets.token_hex(8)})
    return out


def _sha(*parts: Any) -> str:
    return _hashed(_written(parts))


def _json(value: Any) -> str:
    """As `_written` has it; most values are texts or none."""
    return _quoted(value) if isinstance(value, str) else "null" if value is None else _written(value)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
