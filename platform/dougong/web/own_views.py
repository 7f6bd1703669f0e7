"""What a person arranges in a list: views under a name of their own, columns and their order."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dougong.people import arrangements
from dougong.problems import Problems
from dougong.spec.form import Form
from dougong.web import addresses, columns, here, lists, session

page = Blueprint("own_views", __name__)


@page.post("/a/<app>/<id>/views")
def keep(app: str, id: str) -> Response:
    """The list as it stands under a name; for oneself, or for all who have a role of the app."""
    form = here.form(app, id)
    args = _args(form)
    me, role = session.me(), request.form.get("role", "")
    shared = f"{form.app}.{role}" if role in here.ctx().workspace.apps[form.app].roles else ""
    name = request.form.get("name", "")
    try:
        uid = here.write(lambda ctx: arrangements.keep_view(ctx.connection, me, form.key, name, args, shared))
    except Problems as problems:
        flash(" ".join(p.sentence(g.locale) for p in problems))
        return redirect(f"{addresses.of_form(form.key)}?{args}", 303)
    here.tell(here.say("Kept as “%(name)s”", name=name.strip()), undo=_address(form, uid, "delete"))
    return redirect(f"{addresses.of_form(form.key)}?own={uid}&{args}".rstrip("&"), 303)


@page.post("/a/<app>/<id>/views/<uuid:uid>/<any(delete, restore):what>")
def change(app: str, id: str, uid: object, what: str) -> Response:
    form = here.form(app, id)
    me = session.me()
    here.write(lambda ctx: arrangements.set_view_deleted(ctx.connection, me, str(uid), ctx.now if what == "delete" else None))
    if what == "delete":
        here.tell(here.say("The view is gone"), undo=_address(form, str(uid), "restore"))
    return redirect(addresses.of_form(form.key), 303)


@page.post("/a/<app>/<id>/columns")
def choose(app: str, id: str) -> Response:
    """Which columns stand there and in which order, for this view and this person; none ticked gives the view's own back."""
    form = here.form(app, id)
    able = {f.id for f in columns.offered(here.ctx(), form)}
    wanted: Any = [name for name in dict.fromkeys(request.form.getlist("column")) if name in able] if not request.form.get("reset") else []
    state = lists.state_of(form, MultiDict(parse_qsl(request.form.get("list", ""))))
    me = session.me()
    here.write(lambda ctx: arrangements.choose(ctx.connection, me, state.place, wanted or None))
    return redirect(addresses.with_args(addresses.of_form(form.key), state.args), 303)


def _args(form: Form) -> str:
    """The list's address, read and written again: nothing stands in a kept view that a list doesn't know."""
    state = lists.state_of(form, MultiDict(parse_qsl(request.form.get("list", ""))))
    return addresses.with_args("", {**state.args, "own": ""}).removeprefix("?")


def _address(form: Form, uid: str, what: str) -> str:
    return f"{addresses.of_form(form.key)}/views/{uid}/{what}"
