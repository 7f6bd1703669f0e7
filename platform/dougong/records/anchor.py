"""Hourly anchors over the history: what was written by then can't be cut off or changed unseen (SEMANTICS 12).

A record's chain can't show that its last entries are gone. An anchor holds the hash over all entries of its stretch,
of whatever record, and of the anchor before it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Integer, Table, Text, func, select

from dougong.context import Ctx
from dougong.records.history import history_table
from dougong.sqltypes import Id, Instant
from dougong.store.system import metadata

EVERY = timedelta(hours=1)
SETTLED = timedelta(minutes=10)
"""No transaction lasts longer: entries older than this have all been committed, so none can still come between them."""

anchor_table = Table(
    "dg_history_anchor",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("last", Id, nullable=False),  # the newest entry covered
    Column("count", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)


def anchor(ctx: Ctx) -> bool:
    """One more anchor where an hour has passed since the last and there is something new. True if one was made."""
    a, h = anchor_table, history_table
    before = ctx.connection.execute(select(a.c.at, a.c.last, a.c.hash).order_by(a.c.id.desc()).limit(1)).first()
    if before is not None and before.at + EVERY > ctx.now:
        return False
    after, previous = (before.last, before.hash) if before is not None else (0, "")
    last = ctx.connection.execute(select(func.max(h.c.id)).where(h.c.id > after, h.c.at <= ctx.now - SETTLED)).scalar()
    if last is None:
        return False
    count, hash = _over(ctx.connection, after, last, previous)
    ctx.connection.execute(a.insert().values(at=ctx.now, last=last, count=count, hash=hash))
    return True


def broken_since(ctx: Ctx) -> tuple[datetime | None, datetime] | None:
    """(after, until): the stretch of the first anchor that does not fit what stands there now; None where all do."""
    after, previous, since = 0, "", None
    for found in ctx.connection.execute(select(anchor_table).order_by(anchor_table.c.id)).all():
        if _over(ctx.connection, after, found.last, previous) != (found._mapping["count"], found.hash):
            return since, found.at
        after, previous, since = found.last, found.hash, found.at
    return None


def _over(connection: Connection, after: int, last: int, previous: str) -> tuple[int, str]:
    h, total, count = history_table, hashlib.sha256(previous.encode()), 0
    query = select(h.c.id, h.c.hash).where(h.c.id > after, h.c.id <= last).order_by(h.c.id)
    for id, hash in connection.execute(query.execution_options(yield_per=5_000)):
        total.update(f"{id}:{hash};".encode())
        count += 1
    return count, total.hexdigest()
