"""Messages to me: unread first seen, each leading to its record; pop-ups that wait for a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from dougong.context import Ctx
from dougong.notify import message
from dougong.problems import Problems
from dougong.records import query
from dougong.web import addresses, here, session

page = Blueprint("inbox", __name__)
PAGE_ROWS = 50


@dataclass(frozen=True)
class Item:
    """`url` leads to the record, '' where it is gone or was never the reader's."""

    message: Mapping[Any, Any]
    url: str


@page.get("/inbox")
def show() -> str:
    ctx = here.ctx()
    before = request.args.get("before", "")
    rows = message.inbox(ctx, session.me(), PAGE_ROWS + 1, int(before) if before.isdecimal() and len(before) < 18 else None)
    items = _items(ctx, rows[:PAGE_ROWS])
    older = addresses.with_args("/inbox", {"before": rows[PAGE_ROWS - 1]["id"]}) if len(rows) > PAGE_ROWS else ""
    return render_template("inbox/inbox.html", items=items, older=older, unread=message.unread(ctx, session.me()))


@page.post("/inbox/read")
def read_all() -> Response:
    here.write(lambda ctx: message.mark_read(ctx, session.me()))
    return here.go("/inbox")


@page.post("/inbox/<uuid:uid>/read")
def read(uid: object) -> Response:
    """Marked, and on to the record."""
    items = _items(here.ctx(), [m for m in message.inbox(here.ctx(), session.me(), 500) if m["uid"] == str(uid)])
    here.write(lambda ctx: message.mark_read(ctx, session.me(), str(uid)))
    return here.go(items[0].url if items and items[0].url else "/inbox")


@page.get("/popups")
def popups() -> str:
    """The oldest pop-up that was not answered, as a dialog; nothing where there is none."""
    waiting = message.popups(here.ctx(), session.me())
    return render_template("inbox/popup.html", item=_items(here.ctx(), waiting[:1])[0], more=len(waiting) - 1) if waiting else ""


@page.post("/popups/<uuid:uid>/seen")
def seen(uid: object) -> Response:
    waiting = [m for m in message.popups(here.ctx(), session.me()) if m["uid"] == str(uid)]
    url = _items(here.ctx(), waiting)[0].url if waiting else ""
    here.write(lambda ctx: message.mark_seen(ctx, session.me(), str(uid)))
    if request.form.get("open") and url:
        return here.go(url)
    on_today = urlsplit(request.headers.get("HX-Current-URL", "")).path == "/"
    if request.headers.get("HX-Request") and not on_today:  # where one is stays as it was; the next one, if any, takes its place
        return Response(popups(), content_type="text/html; charset=utf-8")
    return here.go(session.local(request.form.get("back", "/")))


def _items(ctx: Ctx, rows: Sequence[Mapping[Any, Any]]) -> list[Item]:
    return [Item(row, url_of(ctx, row["form"], row["record"])) for row in rows]


def url_of(ctx: Ctx, form: str, record: int | None) -> str:
    if not form or record is None or form not in ctx.workspace.forms:
        return ""
    try:
        return addresses.of_record(form, query.get(ctx, form, id=record)["uid"])
    except Problems:
        return ""
