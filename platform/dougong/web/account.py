"""My own account: password, devices, API tokens."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dougong.people import sessions, signin, tokens
from dougong.problems import Problem, Problems
from dougong.web.session import Runtime, device, me, now, remember
from dougong.web.words import _, by_field

TOKEN_DAYS = (30, 90, 365)


def blueprint(runtime: Runtime) -> Blueprint:
    page = Blueprint("account", __name__, url_prefix="/me")
    _devices(page, runtime)
    _tokens(page, runtime)
    return page


def _devices(page: Blueprint, runtime: Runtime) -> None:
    @page.get("/devices")
    def devices() -> str:
        return _devices_page(runtime, {})

    @page.post("/password")
    def password() -> Response | tuple[str, int]:
        form = request.form
        try:
            if form.get("password", "") != form.get("again", ""):
                raise Problems([Problem("password-twice", field="again")])
            secret = signin.change_password(runtime.store, now(), me(), form.get("current", ""), form.get("password", ""), device())
        except Problems as found:
            return _devices_page(runtime, by_field(found)), 422
        flash(_("The password is changed. Other devices are signed out."))
        response = redirect(url_for("account.devices"), 303)
        remember(response, secret, runtime.settings)
        return response

    @page.post("/devices/<int:id>/end")
    def end_device(id: int) -> Response:
        with runtime.store.write() as connection:
            sessions.end(connection, me(), id)
        flash(_("That device is signed out."))
        return redirect(url_for("account.devices"), 303)


def _tokens(page: Blueprint, runtime: Runtime) -> None:
    @page.get("/tokens")
    def api_tokens() -> str:
        return _tokens_page(runtime)

    @page.post("/tokens")
    def make_token() -> str | tuple[str, int]:
        days = request.form.get("days", "")
        lasts = timedelta(days=int(days)) if days.isascii() and days.isdigit() and len(days) < 5 else timedelta(0)
        try:
            with runtime.store.write() as connection:
                secret = tokens.create(connection, me(), request.form.get("name", ""), now(), lasts)
        except Problems as found:
            return _tokens_page(runtime, faults=by_field(found)), 422
        return _tokens_page(runtime, secret)

    @page.post("/tokens/<int:id>/end")
    def revoke_token(id: int) -> Response:
        with runtime.store.write() as connection:
            tokens.revoke(connection, me(), id)
        flash(_("The token no longer works."))
        return redirect(url_for("account.api_tokens"), 303)


def _devices_page(runtime: Runtime, faults: object) -> str:
    with runtime.store.read() as connection:
        mine = sessions.of(connection, me(), now())
    return render_template("account/devices.html", devices=mine, faults=faults)


def _tokens_page(runtime: Runtime, secret: str = "", faults: object = None) -> str:
    with runtime.store.read() as connection:
        mine = tokens.of(connection, me())
    return render_template("account/tokens.html", tokens=mine, secret=secret, faults=faults or {}, days=TOKEN_DAYS, now=now())
