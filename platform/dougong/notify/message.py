"""Messages to a person: rows of their inbox and popups, and a delivery for each channel that leads outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Boolean, Column, Index, RowMapping, Table, Text, and_, delete, func, or_, select, update
from uuid6 import uuid7

from dougong.context import Ctx
from dougong.events.once import insert_once
from dougong.notify.channels import channels
from dougong.notify.delivery import delivery_table, post_to
from dougong.notify.hours import sendable_from
from dougong.notify.rows import Rows
from dougong.people import arrangements
from dougong.problems import Problem
from dougong.sqltypes import Id, Instant, Json
from dougong.store.system import metadata

MANY = 20
MOST_TOLD = 300
CHANNELS_OFF = "channels_off"
"""The name of a person's choice: channels by which they don't want to be told."""
WINDOW = timedelta(minutes=10)

notification_table = Table(
    "dg_notification",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("key", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("show_from", Instant, nullable=False),
    Column("user", Id, nullable=False),
    Column("kind", Text, nullable=False),  # inbox, popup, digest
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("record", Id),
    Column("run", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("folded", Json),  # digest: the messages in it
    Column("seen_at", Instant),
    Column("read_at", Instant),
)
Index("dg_notification_user", notification_table.c.user, notification_table.c.at)


@dataclass(frozen=True)
class Message:
    """`key` makes it the same message when it is told twice; `via` names channels besides the inbox."""

    key: str
    user: int
    title: str
    body: str = ""
    form: str = ""
    record: int | None = None
    kind: Literal["inbox", "popup"] = "inbox"
    via: tuple[str, ...] = ()
    urgent: bool = False
    run: str = ""
    rows: Rows | None = None

    @property
    def text(self) -> str:
        """What the inbox shows."""
        return "\n".join(filter(None, [self.body, self.rows.text() if self.rows else ""]))


def tell(ctx: Ctx, message: Message) -> None:
    """Outside working hours it waits for the morning, unless urgent; popups reach only who is at work anyway and don't wait.

    More than `MANY` to one person in `WINDOW` become one digest.
    """
    at_once = message.urgent or message.kind == "popup"
    show_from = ctx.now if at_once else sendable_from(ctx.now, ctx.workspace.calendar)
    if not message.urgent and message.kind == "inbox" and _too_many(ctx, message.user):
        _fold(ctx, message, show_from)
        return
    row = {
        "uid": str(uuid7()), "key": message.key, "at": ctx.now, "show_from": show_from, "user": message.user, "kind": message.kind,
        "title": message.title, "body": message.text, "form": message.form, "record": message.record, "run": message.run,
        "urgent": message.urgent,
    }
    for id in insert_once(ctx.connection, notification_table, [row], notification_table.c.id):
        _send(ctx, id, message, show_from)


def withdraw(ctx: Ctx, keys: Collection[str]) -> None:
    """Takes back what nobody has read and no channel carries outside."""
    n = notification_table.c
    sent = select(delivery_table.c.notification).where(delivery_table.c.notification.is_not(None))
    unseen = (n.key.in_(sorted(keys)), n.read_at.is_(None), n.seen_at.is_(None), n.id.not_in(sent))
    ctx.connection.execute(delete(notification_table).where(*unseen))


def about(ctx: Ctx, user: int, since: datetime) -> list[Mapping[str, Any]]:
    """What rules told this person about records since then, the newest first: at, title, body, form, record."""
    n = notification_table.c
    by_rules = or_(n.kind == "digest", and_(n.kind == "inbox", n.run != "", n.record.is_not(None)))
    query = select(notification_table).where(n.user == user, n.at >= since, by_rules)
    found = ctx.connection.execute(query.order_by(n.id.desc()).limit(MOST_TOLD))
    told = [(row, row["folded"] or [row]) for row in found.mappings()]
    return [
        {"at": row["at"], "title": one["title"], "body": one["body"], "form": one["form"], "record": one["record"]}
        for row, all_ in told
        for one in reversed(all_)
        if one["record"] is not None and one.get("run")
    ]


def unread(ctx: Ctx, user: int) -> int:
    n = notification_table.c
    query = select(func.count()).where(n.user == user, n.kind != "popup", n.read_at.is_(None), n.show_from <= ctx.now)
    return int(ctx.connection.execute(query).scalar_one())


def inbox(ctx: Ctx, user: int, limit: int = 50, before: int | None = None) -> list[RowMapping]:
    """Newest first; `before` is the id of the last one already shown."""
    n = notification_table.c
    query = select(notification_table).where(n.user == user, n.kind != "popup", n.show_from <= ctx.now)
    if before is not None:
        query = query.where(n.id < before)
    return list(ctx.connection.execute(query.order_by(n.id.desc()).limit(limit)).mappings())


def popups(ctx: Ctx, user: int) -> list[RowMapping]:
    """Those not seen yet, oldest first."""
    n = notification_table.c
    query = select(notification_table).where(n.user == user, n.kind == "popup", n.seen_at.is_(None)).order_by(n.id)
    return list(ctx.connection.execute(query).mappings())


def mark_read(ctx: Ctx, user: int, uid: str | None = None) -> None:
    """One, or all that are shown. Somebody else's are left alone."""
    _mark(ctx, user, uid, "read_at")


def mark_seen(ctx: Ctx, user: int, uid: str | None = None) -> None:
    _mark(ctx, user, uid, "seen_at")


def _mark(ctx: Ctx, user: int, uid: str | None, column: str) -> None:
    n = notification_table.c
    query = update(notification_table).where(n.user == user, n[column].is_(None), n.show_from <= ctx.now)
    ctx.connection.execute((query if uid is None else query.where(n.uid == uid)).values({column: ctx.now}))


def _send(ctx: Ctx, notification: int, message: Message, not_before: datetime) -> None:
    for name in _outside(ctx, message):
        post_to(
            ctx, name, user=message.user, title=message.title, body=message.body, form=message.form, record=message.record,
            notification=notification, run=message.run, not_before=not_before, rows=message.rows,
        )


def _outside(ctx: Ctx, message: Message) -> list[str]:
    """The channels that lead out, without those that the person has switched off; what is urgent passes."""
    out = [name for name in message.via if name in channels and channels[name].outside]
    off = () if message.urgent or not out else arrangements.chosen(ctx.connection, message.user, CHANNELS_OFF) or ()
    return [name for name in out if name not in off]


def _too_many(ctx: Ctx, user: int) -> bool:
    n = notification_table.c
    query = select(func.count()).where(n.user == user, n.kind == "inbox", n.at > ctx.now - WINDOW)
    return int(ctx.connection.execute(query).scalar_one()) >= MANY


def _fold(ctx: Ctx, message: Message, show_from: datetime) -> None:
    """Into the window's digest, which goes out when the window is over."""
    n = notification_table.c
    item = {
        "key": message.key, "title": message.title, "body": message.text,
        "form": message.form, "record": message.record, "run": message.run,
    }  # fmt: skip
    query = select(n.id, n.folded).where(n.user == message.user, n.kind == "digest", n.at > ctx.now - WINDOW).with_for_update()
    found = ctx.connection.execute(query.order_by(n.id.desc()).limit(1)).first()
    if found is None:
        row = {
            "uid": str(uuid7()), "key": f"digest:{message.key}", "at": ctx.now, "show_from": show_from, "user": message.user,
            "kind": "digest", "title": "", "body": "", "form": "", "record": None, "run": "", "urgent": False, "folded": [],
        }
        ids = insert_once(ctx.connection, notification_table, [row], n.id)
        if not ids:
            return
        found_id, folded = ids[0], []
    else:
        found_id, folded = found.id, list(found.folded or ())
    if any(known["key"] == message.key for known in folded):
        return
    folded.append(item)
    title = Problem("digest-title", {"count": len(folded)}).sentence(ctx.locale)
    body = "\n".join(f"· {i['title']}" for i in folded)
    ctx.connection.execute(update(notification_table).where(n.id == found_id).values(folded=folded, title=title, body=body))
    _send_digest(ctx, found_id, message, title, body, max(show_from, ctx.now + WINDOW))


def _send_digest(ctx: Ctx, digest: int, message: Message, title: str, body: str, not_before: datetime) -> None:
    d = delivery_table.c
    waiting = list(ctx.connection.execute(select(d.channel).where(d.notification == digest, d.state == "waiting")).scalars())
    ctx.connection.execute(update(delivery_table).where(d.notification == digest, d.state == "waiting").values(title=title, body=body))
    for name in _outside(ctx, message):
        if name not in waiting:
            post_to(ctx, name, user=message.user, title=title, body=body, notification=digest, not_before=not_before)
