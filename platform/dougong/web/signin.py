"""Signing in and out, and choosing a password by a link."""

from __future__ import annotations

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dougong.people import links, sessions, setup, signin
from dougong.problems import Problem, Problems
from dougong.web.session import Runtime, anybody, device, forget, local, now, remember
from dougong.web.words import by_field


def blueprint(runtime: Runtime) -> Blueprint:
    page = Blueprint("signin", __name__)
    _doors(page, runtime)
    _links(page, runtime)
    return page


def _doors(page: Blueprint, runtime: Runtime) -> None:
    @page.get("/sign-in")
    @anybody
    def sign_in() -> str | Response:
        if g.actor is not None:
            return redirect(local(request.args.get("next", "/")))
        with runtime.store.read() as connection:
            begun = setup.begun(connection)
        if not begun:
            return redirect(url_for("setup.begin"))
        return render_template("signin/sign_in.html", next=local(request.args.get("next", "/")), faults={})

    @page.post("/sign-in")
    @anybody
    def enter() -> Response | tuple[str, int]:
        name, wanted = request.form.get("name", ""), local(request.form.get("next", "/"))
        try:
            secret = signin.sign_in(runtime.store, now(), name, request.form.get("password", ""), device())
        except Problems as found:
            return render_template("signin/sign_in.html", next=wanted, name=name, faults=by_field(found)), 422
        _end_present(runtime)
        response = redirect(wanted, 303)
        remember(response, secret, runtime.settings)
        return response

    @page.post("/sign-out")
    @anybody
    def sign_out() -> Response:
        _end_present(runtime)
        response = redirect(url_for("signin.sign_in"), 303)
        forget(response)
        return response


def _links(page: Blueprint, runtime: Runtime) -> None:
    @page.get("/<any(invite, reset):purpose>/<secret>")
    @anybody
    def link(purpose: links.Purpose, secret: str) -> str | tuple[str, int]:
        return _password_page(runtime, purpose, secret)

    @page.post("/<any(invite, reset):purpose>/<secret>")
    @anybody
    def accept(purpose: links.Purpose, secret: str) -> Response | str | tuple[str, int]:
        password = request.form.get("password", "")
        try:
            if password != request.form.get("again", ""):
                raise Problems([Problem("password-twice", field="again")])
            session = signin.accept(runtime.store, now(), purpose, secret, password, device())
        except Problems as found:
            return _password_page(runtime, purpose, secret, found)
        _end_present(runtime)
        response = redirect("/", 303)
        remember(response, session, runtime.settings)
        return response


def _end_present(runtime: Runtime) -> None:
    """Nobody keeps an old session beside a new one in the same browser."""
    if g.session is not None:
        with runtime.store.write() as connection:
            sessions.end(connection, g.session.user, g.session.id)


def _password_page(runtime: Runtime, purpose: links.Purpose, secret: str, found: Problems | None = None) -> str | tuple[str, int]:
    try:
        with runtime.store.read() as connection:
            links.person_of(connection, purpose, secret, now())
    except Problems as dead:
        abort(404, " ".join(by_field(dead).values()))
    page = render_template("signin/password.html", purpose=purpose, faults=by_field(found) if found else {})
    return (page, 422) if found else page
