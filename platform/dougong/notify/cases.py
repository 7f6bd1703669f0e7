"""What somebody did about a record that a rule brought before them: urged, handed on, taken over, taken note of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Column, Index, Table, Text, delete, insert, select
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.sqltypes import Id, Instant
from dougong.store.system import metadata

Kind = Literal["urged", "handed", "taken", "noted"]

reaction_table = Table(
    "dg_reaction",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch", Text, nullable=False, index=True),  # what was done with one press, and is taken back with one
    Column("at", Instant, nullable=False),
    Column("user", Id, nullable=False),
    Column("form", Text, nullable=False),
    Column("record", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("whom", Id),  # urged, or handed to
    Column("before", Id),  # whose it was
)
Index("ix_dg_reaction_user_at", reaction_table.c.user, reaction_table.c.at)


@dataclass(frozen=True)
class Reaction:
    batch: str
    at: datetime
    form: str
    record: int
    kind: str
    whom: int | None
    before: int | None


def begin() -> str:
    """The name of a new batch."""
    return str(uuid7())


def note(ctx: Ctx, batch: str, kind: Kind, form: str, record: int, whom: int | None, before: int | None) -> None:
    row = {"batch": batch, "at": ctx.now, "user": ctx.actor.user, "form": form, "record": record, "kind": kind}
    ctx.connection.execute(insert(reaction_table).values(**row, whom=whom, before=before))


def since(ctx: Ctx, at: datetime) -> dict[tuple[str, int], Reaction]:
    """The actor's last reaction to each record since then."""
    r = reaction_table.c
    found = ctx.connection.execute(select(reaction_table).where(r.user == ctx.actor.user, r.at >= at).order_by(r.id))
    return {(row.form, row.record): _reaction(row) for row in found}


def take_back(ctx: Ctx, batch: str) -> Sequence[Reaction]:
    """Forgets the actor's own batch; what it did elsewhere is the caller's to undo."""
    r = reaction_table.c
    mine = (r.batch == batch, r.user == ctx.actor.user)
    found = [_reaction(row) for row in ctx.connection.execute(select(reaction_table).where(*mine).order_by(r.id))]
    ctx.connection.execute(delete(reaction_table).where(*mine))
    return found


def _reaction(row: object) -> Reaction:
    names = ("batch", "at", "form", "record", "kind", "whom", "before")
    return Reaction(*(getattr(row, name) for name in names))
