"""The first run: who we are, when we work, and the first administrator."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dougong.people import company, setup, signin
from dougong.people.company import Entry
from dougong.people.users import Person
from dougong.problems import Problem, Problems, language
from dougong.web.session import Runtime, anybody, device, now, remember
from dougong.web.words import by_field


def blueprint(runtime: Runtime) -> Blueprint:
    page = Blueprint("setup", __name__)

    @page.get("/setup")
    @anybody
    def begin() -> str | Response:
        if _begun(runtime):
            return redirect(url_for("signin.sign_in"))
        return _page(Entry("", language=language(g.locale)), {}, {})

    @page.post("/setup")
    @anybody
    def make() -> Response | tuple[str, int]:
        entry, form = entered(), request.form
        person = Person(form.get("name", ""), form.get("email", ""), form.get("phone", ""), form.get("login", ""), language=entry.language)
        try:
            _begin(runtime, entry, person, form.get("password", ""), form.get("again", ""))
            secret = signin.sign_in(runtime.store, now(), person.login or person.phone or person.email, form.get("password", ""), device())
        except Problems as found:
            return _page(entry, form, by_field(found)), 422
        response = redirect(url_for("people.paste_people"), 303)
        remember(response, secret, runtime.settings)
        return response

    return page


def entered() -> Entry:
    """The company as typed into the form."""
    words = {name: request.form.get(name, "") for name in ("zone", "opens", "closes", "holidays", "make_up_days", "language")}
    return Entry(request.form.get("company", ""), week=tuple(request.form.getlist("week")), **words)


def zones() -> list[str]:
    """Those of people: Asia/Shanghai, not Etc/GMT+8."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix", "right")))


def _begun(runtime: Runtime) -> bool:
    with runtime.store.read() as connection:
        return company.get(connection) is not None


def _begin(runtime: Runtime, entry: Entry, person: Person, password: str, again: str) -> None:
    """Both halves of the page are read before anything is refused."""
    problems = [Problem("password-twice", field="again")] if password != again else []
    try:
        ours = company.read(entry)
    except Problems as found:
        raise Problems([*found, *problems]) from found
    if problems:
        raise Problems(problems)
    setup.begin(runtime.store, ours, person, password)


def _page(entry: Entry, form: object, faults: object) -> str:
    return render_template("signin/setup.html", entry=entry, form=form, faults=faults, zones=zones())
