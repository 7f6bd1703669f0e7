"""Records added by people outside, through a form that its app opens to them (THREATS S36).

Every page carries a nonce of its own, signed and bound to its form; it is good for one record. How many come in a day is
counted under the form's own row, so that no crowd gets past the limit side by side.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Date, Integer, RowMapping, Table, Text, select, update

from dougong.context import Actor, Ctx
from dougong.events.outbox import Event, append, event_table
from dougong.people.writes import insert_once
from dougong.problems import Problem, Problems
from dougong.records import save
from dougong.records.draft import Saved
from dougong.spec.form import Form
from dougong.sqltypes import from_epoch_millis, to_epoch_millis
from dougong.store.system import metadata

GOOD_FOR = timedelta(days=1)
"""How long a page may lie open before it is sent."""
USUAL_MOST = 1_000
"""What a form takes in a day where its app names no number."""

public_table = Table(
    "dg_public_form",
    metadata,
    Column("form", Text, primary_key=True),
    Column("closed", Boolean, nullable=False),  # by an administrator
    Column("day", Date),
    Column("taken", Integer, nullable=False),  # on that day
)


def visitor(form: Form) -> Actor:
    """Somebody outside: may add to this form, and see nothing."""
    return Actor(public=form.key)


def nonce(key: bytes, form: str, now: datetime) -> str:
    """For one page; good for one record."""
    plain = f"{secrets.token_urlsafe(18)}.{to_epoch_millis(now)}"
    return f"{plain}.{_seal(key, form, plain)}"


def genuine(key: bytes, form: str, nonce: str, now: datetime) -> bool:
    """Whether it was made here for this form, and not too long ago. Whether it was used is asked when it is sent."""
    plain, _, seal = nonce.rpartition(".")
    made = plain.rpartition(".")[2]
    if not hmac.compare_digest(seal.encode("utf-8", "replace"), _seal(key, form, plain).encode()) or not made.isdigit():
        return False
    return now - GOOD_FOR <= from_epoch_millis(int(made)) <= now


def closed(ctx: Ctx, form: Form) -> bool:
    """By an administrator, or because its last day is over."""
    row, last = _row(ctx, form), form.public.open_until if form.public else None
    over = last is not None and ctx.workspace.calendar.day_of(ctx.now) > last
    return form.public is None or over or bool(row and row["closed"])


def close(ctx: Ctx, form: Form, closed: bool) -> None:
    _ensure(ctx, form)
    ctx.connection.execute(update(public_table).where(public_table.c.form == form.key).values(closed=closed))


def submit(ctx: Ctx, form: Form, values: Mapping[str, Any], nonce: str = "") -> Saved:
    """A record of parsed values, and the event `submitted`. `ctx` acts as `visitor(form)`, with the origin `public`. Raises Problems."""
    if form.public is None:
        raise Problems([Problem("no-such-form")])
    uid = f"public:{hashlib.sha256(nonce.encode('utf-8', 'replace')).hexdigest()}" if nonce else ""
    _take(ctx, form)
    if uid and ctx.connection.execute(select(event_table.c.id).where(event_table.c.uid == uid)).scalar():
        raise Problems([Problem("public-form-sent")])
    saved = save.create(ctx, form.key, values)
    append(ctx, Event("submitted", form.key, saved.id, new={"id": saved.id, "uid": saved.uid}, name=form.id, uid=uid))
    return saved


def _take(ctx: Ctx, form: Form) -> None:
    """One of today's places; the row stays locked until the transaction ends, so that a nonce sent twice at once is seen."""
    assert form.public is not None
    _ensure(ctx, form)
    if closed(ctx, form):
        raise Problems([Problem("public-form-closed")])
    p, today = public_table.c, ctx.workspace.calendar.day_of(ctx.now)
    row = _row(ctx, form)
    taken = row["taken"] if row and row["day"] == today else 0
    if taken >= (form.public.at_most_per_day or USUAL_MOST):
        raise Problems([Problem("public-form-full")])
    ctx.connection.execute(update(public_table).where(p.form == form.key).values(day=today, taken=taken + 1))


def _ensure(ctx: Ctx, form: Form) -> None:
    """The form's row, locked."""
    insert_once(ctx.connection, public_table, {"form": form.key, "closed": False, "taken": 0})
    ctx.connection.execute(select(public_table.c.form).where(public_table.c.form == form.key).with_for_update())


def _row(ctx: Ctx, form: Form) -> RowMapping | None:
    return ctx.connection.execute(select(public_table).where(public_table.c.form == form.key)).mappings().first()


def _seal(key: bytes, form: str, plain: str) -> str:
    return hmac.new(key, f"public|{form}|{plain}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
