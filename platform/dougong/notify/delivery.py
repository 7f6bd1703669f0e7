"""What goes outside: one row for each message and channel; committed as `sending` before the network is touched (SEMANTICS 9)."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, RowMapping, Table, Text, func, insert, literal_column, or_, select, update
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.notify.channels.base import Channel, Letter, Way, channels, find_options
from dougong.notify.connections import Connected, connected
from dougong.notify.outgoing import Outgoing
from dougong.notify.rows import Rows
from dougong.problems import LOCALES, Problem, Problems
from dougong.sqltypes import Id, Instant, Json
from dougong.store.system import metadata

LEASE = timedelta(minutes=2)
PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 720))
"""Between one try and the next; after the last it is dead, listed, and a person may send it again."""
FINAL = frozenset({"channel-refused", "outgoing-refused", "channel-no-address", "channel-not-connected"})
log = logging.getLogger(__name__)

delivery_table = Table(
    "dg_delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),  # goes along as idempotency key
    Column("at", Instant, nullable=False),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),  # a connection's name or an address, where no person is meant
    Column("user", Id),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("record", Id),
    Column("notification", Id),
    Column("run", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, sending, sent, unknown, dead
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("lease_token", Text),
    Column("sent_at", Instant),
    Column("error", Text),  # a problem as JSON: code and arguments, see `why`
)
rows_table = Table(
    "dg_delivery_rows",
    metadata,
    Column("delivery", Id, primary_key=True, autoincrement=False),
    Column("rows", Json, nullable=False),
)
_open = delivery_table.c.state.in_([literal_column("'waiting'"), literal_column("'sending'")])
Index("dg_delivery_next", delivery_table.c.next_at, sqlite_where=_open, postgresql_where=_open)
Index("dg_delivery_notification", delivery_table.c.notification)
STUCK = select(delivery_table).where(delivery_table.c.state.in_(["dead", "unknown"])).order_by(delivery_table.c.id.desc())
_NEXT = select(
    select(func.min(delivery_table.c.next_at)).where(_open, delivery_table.c.state == "waiting").scalar_subquery(),
    select(func.min(delivery_table.c.lease_until)).where(_open, delivery_table.c.state == "sending").scalar_subquery(),
)


@dataclass(frozen=True)
class Parcel:
    id: int
    token: str
    channel: Channel
    letter: Letter
    to: str
    way: Way
    attempts: int
    problem: Problem | None = None


def post_to(
    ctx: Ctx, channel: str, *, title: str, body: str, target: str = "", user: int | None = None, form: str = "", record: int | None = None,
    notification: int | None = None, run: str = "", not_before: datetime | None = None, rows: Rows | None = None,
) -> int:
    """The delivery's id. It goes out after the commit, by a worker."""
    row = {
        "uid": str(uuid7()), "at": ctx.now, "channel": channel, "target": target, "user": user, "title": title, "body": body, "form": form,
        "record": record, "notification": notification, "run": run, "state": "waiting", "attempts": 0, "next_at": not_before or ctx.now,
    }
    id = int(ctx.connection.execute(insert(delivery_table).values(row).returning(delivery_table.c.id)).scalar_one())
    if rows is not None:
        ctx.connection.execute(insert(rows_table).values(delivery=id, rows=rows.as_json()))
    return id


@dataclass(frozen=True)
class Postman:
    """`open` begins a transaction; `link` gives the address of a record for people, '' where the workspace has no base address."""

    open: Callable[[], AbstractContextManager[Ctx]]
    outgoing: Outgoing
    smtp_url: str
    link: Callable[[Ctx, str, int], str]

    def work(self, limit: int = 20) -> int:
        """Sends what is due; how many were tried."""
        with self.open() as ctx:
            parcels = self._take(ctx, limit)
        for parcel in parcels:
            problem = parcel.problem or _try(parcel)
            with self.open() as ctx:
                _settle(ctx, parcel, problem)
        return len(parcels)

    def _take(self, ctx: Ctx, limit: int) -> list[Parcel]:
        _recover(ctx)
        d, token = delivery_table.c, secrets.token_hex(8)
        due = select(d.id).where(_open, d.state == "waiting", d.next_at <= ctx.now).order_by(d.next_at, d.id).limit(limit)
        ids = list(ctx.connection.execute(due.with_for_update(skip_locked=True)).scalars())
        if not ids:
            return []
        taken = {"state": "sending", "lease_until": ctx.now + LEASE, "lease_token": token, "attempts": d.attempts + 1}
        rows = ctx.connection.execute(update(delivery_table).where(d.id.in_(ids)).values(taken).returning(*delivery_table.c))
        connections = connected(ctx.connection)
        return [self._parcel(ctx, row, connections) for row in sorted(rows.mappings(), key=lambda r: r["id"])]

    def _parcel(self, ctx: Ctx, row: RowMapping, connections: Mapping[str, Connected]) -> Parcel:
        channel = channels[row["channel"]]
        link = self.link(ctx, row["form"], row["record"]) if row["record"] else ""
        table = ctx.connection.execute(select(rows_table.c.rows).where(rows_table.c.delivery == row["id"])).scalar()
        letter = Letter(row["uid"], row["title"], row["body"], link, Rows.of(table))
        options, to, problem = _route(ctx.connection, row, channel, connections)
        way = Way(self.outgoing, ctx.now, self.smtp_url, options)
        return Parcel(row["id"], row["lease_token"], channel, letter, to, way, row["attempts"], problem)


def retry(ctx: Ctx, id: int) -> bool:
    """A person sends a dead or doubtful one again, with the same key."""
    d = delivery_table.c
    again = update(delivery_table).where(d.id == id, d.state.in_(["dead", "unknown"]))
    return ctx.connection.execute(again.values(state="waiting", next_at=ctx.now, attempts=0, error=None)).rowcount == 1


def stuck(connection: Connection, limit: int = 100) -> list[RowMapping]:
    """Dead and doubtful ones, newest first: what a person should look at."""
    return list(connection.execute(STUCK.limit(limit)).mappings())


def arrived(ctx: Ctx, id: int) -> bool:
    """A person knows that a doubtful one was received."""
    d = delivery_table.c
    known = update(delivery_table).where(d.id == id, d.state == "unknown")
    return ctx.connection.execute(known.values(state="sent", sent_at=ctx.now, error=None)).rowcount == 1


def why(row: Mapping[Any, Any]) -> Problem | None:
    """What went wrong the last time, to be said in any reader's language."""
    kept = json.loads(row["error"]) if row["error"] else None
    return Problem(kept["code"], kept["args"]) if kept else None


def next_due(connection: Connection) -> datetime | None:
    """When something is to be sent, or a lease runs out."""
    return min((at for at in connection.execute(_NEXT).one() if at is not None), default=None)


def _recover(ctx: Ctx) -> None:
    """Found in `sending` after a crash: again where that is safe, else unknown until a person decides."""
    d = delivery_table.c
    lost = _open & (d.state == "sending") & (d.lease_until <= ctx.now)
    safe = [name for name, channel in channels.items() if channel.repeat == "safe"]
    ctx.connection.execute(update(delivery_table).where(lost, d.channel.in_(safe)).values(state="waiting", lease_token=None))
    ctx.connection.execute(update(delivery_table).where(lost).values(state="unknown", lease_token=None))


def _route(
    connection: Connection, row: RowMapping, channel: Channel, connections: Mapping[str, Connected]
) -> tuple[Mapping[str, Any], str, Problem | None]:
    """The connection's options, the address, and what is missing."""
    if row["user"] is None:
        found = connections.get(row["target"])
        if found is None and not row["target"].startswith(("http://", "https://")):
            return {}, "", Problem("channel-not-connected", {"name": row["target"]})
        return (found.options if found else {}), row["target"], None
    options = find_options(connections, channel.connection_kind) if channel.connection_kind else {}
    if options is None:
        return {}, "", Problem("channel-not-connected", {"name": channel.connection_kind})
    to = channel.address(connection, row["user"])
    named = {"channel": {code: channel.name.in_(code) for code in LOCALES}}
    return options, to, None if to or channel.connection_kind == "webhook" else Problem("channel-no-address", named)


def _try(parcel: Parcel) -> Problem | None:
    try:
        parcel.channel.send(parcel.letter, parcel.to, parcel.way)
    except Problems as problems:
        return problems.problems[0]
    except Exception as error:  # a channel is a plug-in: its fault must not stop the others
        log.exception("channel failed")
        return Problem("channel-trouble", {"why": type(error).__name__})
    return None


def _settle(ctx: Ctx, parcel: Parcel, problem: Problem | None) -> None:
    d = delivery_table.c
    mine = update(delivery_table).where(d.id == parcel.id, d.lease_token == parcel.token, or_(d.state == "sending", d.state == "unknown"))
    if problem is None:
        values: dict[str, Any] = {"state": "sent", "sent_at": ctx.now, "error": None}
    elif problem.code in FINAL or parcel.attempts > len(PAUSES):
        values = {"state": "dead", "error": _as_json(problem)}
    else:
        values = {"state": "waiting", "next_at": ctx.now + PAUSES[parcel.attempts - 1], "error": _as_json(problem)}
    ctx.connection.execute(mine.values({**values, "lease_until": None, "lease_token": None}))


def _as_json(problem: Problem) -> str:
    return json.dumps({"code": problem.code, "args": dict(problem.args)}, ensure_ascii=False, default=str)
