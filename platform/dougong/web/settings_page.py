"""The workspace: who we are, what is connected, how it is doing."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from dougong import pruning, stuck
from dougong.automation.tables import run_table
from dougong.backups import daily
from dougong.backups.restoring import HELD, hold
from dougong.events.outbox import event_table
from dougong.expr.types import DATETIME
from dougong.fields.show import show as shown
from dougong.store import system
from dougong.web import here, session

page = Blueprint("settings", __name__, url_prefix="/settings")
page.before_request(session.require_administrator)


@page.get("")
def show() -> str:
    ctx, runtime = here.ctx(), here.runtime()
    open_events = ctx.connection.execute(select(func.count()).select_from(event_table).where(event_table.c.state != "done")).scalar_one()
    failed = ctx.connection.execute(
        select(func.count()).select_from(run_table).where(run_table.c.outcome.in_(("failed", "unknown")))
    ).scalar_one()
    settings, workspace = runtime.settings, system.read_workspace(ctx.connection).settings
    backup = daily.status(ctx.connection, settings.home, ctx.now)
    made = shown(backup.made, DATETIME, g.locale, ctx.workspace.calendar) if backup and backup.made else here.say("none yet")
    facts = [
        (here.say("Database"), "PostgreSQL" if runtime.store.dialect == "postgresql" else "SQLite"),
        (here.say("Worker"), here.say("over Redis") if settings.redis_url else here.say("inside this process")),
        (here.say("Address for links"), settings.base_url or here.say("not set: no links are sent")),
        (here.say("Mail"), here.say("connected") if settings.smtp_url else here.say("not set: no mail is sent")),
        (here.say("Time zone"), str(ctx.workspace.calendar.zone)),
        *([(here.say("Last backup"), f"{made} {backup.file}".strip())] if backup else []),
        (here.say("Events waiting"), str(open_events)),
        (here.say("Runs that need a person"), str(failed)),
    ]
    return render_template(
        "settings/settings.html", facts=facts, apps=ctx.workspace.apps.values(), failed=failed, held=bool(workspace.get(HELD)),
        problems=[backup.problem] if backup and backup.problem else [], kept=pruning.days(workspace), fewest=pruning.FEWEST_DAYS,
        stuck=stuck.count(ctx.connection),
    )  # fmt: skip


@page.post("/release")
def release() -> Response:
    """Rules, timers and messages of a restored workspace run again."""
    here.close()
    hold(here.runtime().store, held=False)
    here.runtime().queue.wake()
    flash(here.say("Rules, timers and messages run again"))
    return redirect("/settings", 303)


@page.post("/kept")
def keep() -> Response:
    """How long finished runs can be looked at."""
    raw = request.form.get("days", "").strip()
    if raw.isdecimal() and pruning.FEWEST_DAYS <= int(raw) <= 36_500:
        here.close()
        with here.runtime().store.exclusive() as connection:
            system.change_settings(connection, {pruning.KEPT_DAYS: int(raw)})
        flash(here.say("Saved"))
    else:
        flash(here.say("At least %(days)s days", days=pruning.FEWEST_DAYS))
    return redirect("/settings", 303)
