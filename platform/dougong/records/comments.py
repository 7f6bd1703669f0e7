"""What people write beside a record. Whoever sees the record reads them and may add one; nobody else learns of them (THREATS S41)."""

from __future__ import annotations

from sqlalchemy import Column, Index, RowMapping, Table, Text, insert, select, update
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.fields import read
from dougong.fields.base import Refused
from dougong.problems import Problem, Problems
from dougong.records.query import get
from dougong.sqltypes import Id, Instant
from dougong.store.system import metadata

LONGEST = 4_000

comment_table = Table(
    "dg_comment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("form", Text, nullable=False),
    Column("record", Id, nullable=False),
    Column("at", Instant, nullable=False),
    Column("user", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("deleted_at", Instant),
)
Index("dg_comment_record", comment_table.c.form, comment_table.c.record, comment_table.c.id)


def add(ctx: Ctx, form: str, record_uid: str, body: str) -> str:
    """The comment's uid. Raises Problems: no such record, nothing written, too long."""
    row = get(ctx, form, uid=record_uid)
    try:
        text = read.text(body, LONGEST, lines=True)
    except Refused as refused:
        raise Problems([refused.problem(form)]) from None
    if not text or ctx.actor.user is None:
        raise Problems([Problem("comment-empty", form=form)])
    entry = {
        "uid": str(uuid7()),
        "form": form,
        "record": row["id"],
        "at": ctx.now,
        "user": ctx.actor.user,
        "name": ctx.actor.name,
        "body": text,
    }
    ctx.connection.execute(insert(comment_table).values(entry))
    return str(entry["uid"])


def of(ctx: Ctx, form: str, record_uid: str, limit: int = 200) -> list[RowMapping]:
    """The record's comments, newest first. Raises Problems where the actor can't see the record."""
    row, c = get(ctx, form, uid=record_uid), comment_table.c
    query = select(comment_table).where(c.form == form, c.record == row["id"], c.deleted_at.is_(None)).order_by(c.id.desc()).limit(limit)
    return list(ctx.connection.execute(query).mappings())


def set_deleted(ctx: Ctx, form: str, record_uid: str, uid: str, deleted: bool = True) -> None:
    """One's own only; undone with `deleted=False`. Raises Problems `no-such-comment`."""
    row, c = get(ctx, form, uid=record_uid), comment_table.c
    mine = update(comment_table).where(c.uid == uid, c.form == form, c.record == row["id"], c.user == ctx.actor.user)
    if ctx.connection.execute(mine.values(deleted_at=ctx.now if deleted else None)).rowcount != 1:
        raise Problems([Problem("no-such-comment", form=form)])
