"""The workspace: who we are, what is connected, how it is doing."""

from __future__ import annotations

from flask import Blueprint, render_template
from sqlalchemy import func, select

from dougong.automation.tables import run_table
from dougong.events.outbox import event_table
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
    settings = runtime.settings
    facts = [
        (here.say("Database"), "PostgreSQL" if runtime.store.dialect == "postgresql" else "SQLite"),
        (here.say("Worker"), here.say("over Redis") if settings.redis_url else here.say("inside this process")),
        (here.say("Address for links"), settings.base_url or here.say("not set: no links are sent")),
        (here.say("Mail"), here.say("connected") if settings.smtp_url else here.say("not set: no mail is sent")),
        (here.say("Time zone"), str(ctx.workspace.calendar.zone)),
        (here.say("Events waiting"), str(open_events)),
        (here.say("Runs that need a person"), str(failed)),
    ]
    return render_template("settings/settings.html", facts=facts, apps=ctx.workspace.apps.values(), failed=failed)
