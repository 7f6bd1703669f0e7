"""What did not get through, for administrators: again, or known to have arrived."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from werkzeug.wrappers import Response

from dougong import stuck
from dougong.web import here, session

URL = "/settings/stuck"
page = Blueprint("stuck", __name__, url_prefix=URL)
page.before_request(session.require_administrator)


@page.get("")
def show() -> str:
    ctx = here.ctx()
    return render_template("settings/stuck.html", listed=stuck.listed(ctx), count=stuck.count(ctx.connection))


@page.post("/retry")
def retry() -> Response:
    """`kind` and `id` of one, or neither: all of them."""
    kind, id = request.form.get("kind", ""), _id()
    done = here.write(lambda ctx: stuck.retry(ctx, kind, id) if kind else stuck.retry_all(ctx))
    flash(here.say("It is tried again") if done else here.say("Nothing was waiting for that any more"))
    return here.go(URL)


@page.post("/arrived")
def arrived() -> Response:
    kind, id = request.form.get("kind", ""), _id()
    done = here.write(lambda ctx: stuck.arrived(ctx, kind, id))
    flash(here.say("Kept as arrived") if done else here.say("Nothing was waiting for that any more"))
    return here.go(URL)


def _id() -> int:
    raw = request.form.get("id", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 18 else 0
