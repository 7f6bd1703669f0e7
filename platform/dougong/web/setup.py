"""Who we are and when we work: at the first run with the first administrator, later by any administrator."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dougong.people import company, sessions, setup
from dougong.people.company import Entry
from dougong.people.users import Person
from dougong.problems import Problem, Problems, language
from dougong.web.session import Runtime, anybody, device, now, remember, require_administrator
from dougong.web.words import _, by_field


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
            id = _begin(runtime, entry, person, form.get("password", ""), form.get("again", ""))
        except Problems as found:
            return _page(entry, form, by_field(found)), 422
        here = device()
        with runtime.store.write() as connection:
            secret = sessions.open(connection, id, now(), here.name, here.address)
        response = redirect(url_for("people.paste_people"), 303)
        remember(response, secret, runtime.settings)
        return response

    @page.get("/company")
    def ours() -> str:
        require_administrator()
        with runtime.store.read() as connection:
            found = company.get(connection)
        entry = company.write(found) if found else Entry("", language=language(g.locale))
        return render_template("signin/company.html", entry=entry, faults={}, zones=zones())

    @page.post("/company")
    def change() -> Response | tuple[str, int]:
        require_administrator()
        entry = entered()
        try:
            to = company.read(entry)
        except Problems as found:
            return render_template("signin/company.html", entry=entry, faults=by_field(found), zones=zones()), 422
        with runtime.store.exclusive() as connection:
            company.change(connection, to)
        flash(_("Saved. Deadlines are counted by the new calendar from now on."))
        return redirect(url_for("setup.ours"), 303)

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
        return setup.begun(connection)


def _begin(runtime: Runtime, entry: Entry, person: Person, password: str, again: str) -> int:
    """Both halves of the page are read before anything is refused."""
    problems = [Problem("password-twice", field="again")] if password != again else []
    try:
        ours = company.read(entry)
    except Problems as found:
        raise Problems([*found, *problems]) from found
    if problems:
        raise Problems(problems)
    return setup.begin(runtime.store, ours, person, password)


def _page(entry: Entry, form: object, faults: object) -> str:
    return render_template("signin/setup.html", entry=entry, form=form, faults=faults, zones=zones())
