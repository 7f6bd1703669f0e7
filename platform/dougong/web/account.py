"""My own account: who I am and how I am told, password, devices, API tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dougong.notify import personal
from dougong.notify.channels import channels
from dougong.notify.channels.base import Channel
from dougong.notify.message import CHANNELS_OFF
from dougong.people import arrangements, sessions, signin, tokens, users
from dougong.people.company import LOCALES
from dougong.people.forms import LANGUAGES
from dougong.people.users import Person
from dougong.problems import Problem, Problems
from dougong.web import language
from dougong.web.session import Runtime, device, me, now, remember
from dougong.web.words import _, by_field

TOKEN_DAYS = (30, 90, 365)


def blueprint(runtime: Runtime) -> Blueprint:
    page = Blueprint("account", __name__, url_prefix="/me")
    _profile(page, runtime)
    _devices(page, runtime)
    _tokens(page, runtime)
    return page


def _profile(page: Blueprint, runtime: Runtime) -> None:
    @page.get("/profile")
    def profile() -> str:
        with runtime.store.read() as connection:
            mine, off = users.existing(connection, me()).person, arrangements.chosen(connection, me(), CHANNELS_OFF) or []
        return _profile_page(runtime, mine, off, {})

    @page.post("/profile")
    def keep_profile() -> Response | tuple[str, int]:
        """Name, ways to be reached, language; what an administrator decides about a person stays as it is."""
        texts: dict[str, Any] = {name: request.form.get(name, "") for name in ("name", "email", "phone", "language")}
        off = [name for name in _ways() if name not in request.form.getlist("channel")]
        with runtime.store.read() as connection:
            entered = replace(users.existing(connection, me()).person, **texts)
        try:
            with runtime.store.write() as connection:
                users.edit(connection, me(), entered)
                arrangements.choose(connection, me(), CHANNELS_OFF, off or None)
                personal.keep(connection, me(), addresses_entered())
        except Problems as found:
            return _profile_page(runtime, entered, off, by_field(found), addresses_entered()), 422
        g.locale = language.choose(LOCALES.get(entered.language), request.headers.get("Accept-Language", ""), runtime.workspace().locale)
        flash(_("Saved"))
        return redirect("/me", 303)


def _ways() -> dict[str, str]:
    """The channels by which a person is reached outside, with their names."""
    return {name: channel.name.in_(g.locale) for name, channel in channels.items() if type(channel).address is not Channel.address}


def _profile_page(
    runtime: Runtime, person: Person, off: Sequence[str], faults: Mapping[str, str], entered: Mapping[str, str] | None = None
) -> str:
    offered = [("", _("As the browser")), *((id, label.in_(g.locale)) for id, label in LANGUAGES.items())]
    with runtime.store.read() as connection:
        asked, addresses = personal.asked(connection), personal.kept(connection, me()) if entered is None else entered
    return render_template(
        "account/profile.html", person=person, ways=_ways(), off=off, faults=faults, languages=offered, asked=asked, addresses=addresses,
    )  # fmt: skip


def addresses_entered() -> dict[str, str]:
    """The fields `address.<kind>` that a form about a person sent (people/parts.html)."""
    return {name.removeprefix("address."): value for name, value in request.form.items() if name.startswith("address.")}


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
