"""A cell of a list, edited where it stands at the desk: the field edit of the record's page, in a smaller frame (FACE 4)."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, render_template
from sqlalchemy import func, select

from dougong.context import Ctx
from dougong.problems import Problems
from dougong.records import history
from dougong.spec.form import Field, Form
from dougong.web import addresses, bulk, cells, columns, entering, form, here

page = Blueprint("cell_edit", __name__)
KINDS = frozenset({"text", "number", "date", "datetime", "time", "choice", "yes_no"})


def editable(ctx: Ctx, form_: Form, field: Field | None) -> bool:
    """Plain values and people: what fits into a cell. A record may still close what its form leaves open."""
    if field is None or field.type in columns.LONG or not any(f.id == field.id for f in entering.writable(ctx, form_, {})):
        return False
    return field.value.kind in KINDS or (field.value.kind == "record" and cells.target_of(field.value) == "user")


@page.get("/a/<app>/<id>/<uuid:uid>/cell/<name>")
def edit(app: str, id: str, uid: object, name: str) -> str:
    return _draw(app, id, str(uid), name)


@page.post("/a/<app>/<id>/<uuid:uid>/cell/<name>")
def change(app: str, id: str, uid: object, name: str) -> Response | tuple[str, int]:
    """204 with a toast that takes it back; 422 with the control and what is wrong."""
    form_, row = form.record(app, id, str(uid), "edit")
    try:
        entry = here.write(lambda ctx: _saved(ctx, form_, row["id"], name))
    except Problems as problems:
        return _draw(app, id, str(uid), name, problems), 422
    able = bool(entry) and any(f.id == name for f in bulk.settable(here.ctx(), form_))
    undo = f"{addresses.of_form(form_.key)}/bulk/undo/{entry}-{entry}" if able else ""
    answer = Response(status=204)
    answer.headers["X-Toast"] = json.dumps({"text": here.say("Saved"), "undo": undo} if entry else {})
    return answer


def _saved(ctx: Ctx, form_: Form, id: int, name: str) -> int:
    """The entry of the history that this made; 0 where nothing changed."""
    h = history.history_table.c
    newest = select(func.max(h.id)).where(h.form == form_.key, h.record == id, h.actor == ctx.actor.user, h.at == ctx.now)
    form.save_one(ctx, form_, id, name)
    return ctx.connection.execute(newest).scalar() or 0


def _draw(app: str, id: str, uid: str, name: str, problems: Problems | None = None) -> str:
    form_, row = form.record(app, id, uid, "edit")
    drawn = form.one_control(form_, row, name, problems)
    if drawn is None or not editable(here.ctx(), form_, form_.fields[name]):
        abort(404)
    control, hidden = drawn
    return render_template("list/cell_edit.html", control=control, hidden=hidden, url=addresses.of_record(form_.key, uid, f"cell/{name}"))
