"""Who changed what and when: one hash chain per record (SEMANTICS 12).

The chain holds digests of salted values; values and salts stand in a second table, so that erasing a
person's data leaves the chain verifiable.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, RowMapping, Table, Text, func, select

from dougong.context import Ctx
from dougong.expr.values import encode
from dougong.records.draft import Draft
from dougong.records.lines import touched
from dougong.sqltypes import Id, Instant, Json, to_epoch_millis
from dougong.store.blocks import take_ids
from dougong.store.system import metadata

_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=list).encode
ERASED = "erased"
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
    ids = take_ids(ctx.connection, h, len(entries))
    ctx.connection.execute(h.insert(), [{"id": id, **entry} for id, entry in zip(ids, entries, strict=True)])
    if told := [{"history": id, **v} for id, of_one in zip(ids, values, strict=True) for v in of_one]:
        ctx.connection.execute(value_table.insert(), told)


def _last_hashes(ctx: Ctx, form: str, records: Sequence[int]) -> dict[int, str]:
    if not records:
        return {}
    h = history_table
    newest = select(func.max(h.c.id)).where(h.c.form == form, h.c.record.in_(records)).group_by(h.c.record)
    return {record: hash for record, hash in ctx.connection.execute(select(h.c.record, h.c.hash).where(h.c.id.in_(newest)))}


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
    return {field: name for changed, name in ctx.connection.execute(query) for field in changed}


def entries(ctx: Ctx, form: str, record: int) -> list[tuple[RowMapping, list[RowMapping]]]:
    """The record's entries, newest first, each with its values as stored JSON."""
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
    previous, chain = "", list(reversed(entries(ctx, form, record)))
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
    parts = sorted((v["field"], _sha(v["salt"], v["old"], v["new"])) for v in values)
    return _sha(parts)


def chain_hash(entry: Mapping[str, Any]) -> str:
    """Without the form's id, which may be changed by `was:`."""
    told = [entry[k] for k in ("record", "revision", "kind", "actor", "actor_name", "origin", "changed", "digest", "previous")]
    return _sha(to_epoch_millis(entry["at"]), *told)


def _values(draft: Draft) -> list[dict[str, Any]]:
    old = draft.old or {}
    out = []
    for name in sorted(draft.changed):
        type_ = draft.form.fields[name].value
        pair = {"old": encode(old.get(name), type_), "new": encode(draft.new.get(name), type_)}
        out.append({"field": name, **pair, "salt": secrets.token_hex(8)})
    for name, lines in sorted(draft.lines.items()):
        if any(touched(line) for line in lines):
            pair = {"old": [d.uid for d in lines if d.kind != "create"], "new": [d.uid for d in lines if d.kind != "delete"]}
            out.append({"field": name, **pair, "salt": secrets.token_hex(8)})
    return out


def _sha(*parts: Any) -> str:
    return hashlib.sha256(_written(parts).encode()).hexdigest()
