"""Teams: for administrators."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from dougong.people import teams, users
from dougong.people.teams import Team
from dougong.problems import Problems
from dougong.web.people_pages import number
from dougong.web.session import Runtime, require_administrator
from dougong.web.words import _, by_field


def blueprint(runtime: Runtime) -> Blueprint:
    page = Blueprint("teams", __name__, url_prefix="/people/teams")
    page.before_request(require_administrator)

    @page.get("")
    def all_teams() -> str:
        with runtime.store.read() as connection:
            people = users.everyone(connection)
            found = teams.all_teams(connection)
        members = {t.id: sum(u.active and u.person.team == t.id for u in people) for t in found}
        return render_template("people/teams.html", teams=found, members=members, names={u.id: u.person.name for u in people})

    @page.get("/new")
    def new() -> str:
        return _form(runtime, Team(""))

    @page.post("/new")
    def create() -> Response | tuple[str, int]:
        return _save(runtime, _entered(None, ""))

    @page.get("/<uid>")
    def edit(uid: str) -> str:
        with runtime.store.read() as connection:
            found = _existing(connection, uid)
        return _form(runtime, found)

    @page.post("/<uid>")
    def save(uid: str) -> Response | tuple[str, int]:
        with runtime.store.read() as connection:
            found = _existing(connection, uid)
        return _save(runtime, _entered(found.id, uid))

    @page.post("/<uid>/remove")
    def remove(uid: str) -> Response:
        try:
            with runtime.store.write() as connection:
                found = _existing(connection, uid)
                teams.remove(connection, found.id or 0)
        except Problems as problems:
            flash(" ".join(by_field(problems).values()))
            return redirect(url_for("teams.edit", uid=uid), 303)
        flash(_("The team %(name)s is gone.", name=found.name))
        return redirect(url_for("teams.all_teams"), 303)

    return page


def _save(runtime: Runtime, entry: Team) -> Response | tuple[str, int]:
    try:
        with runtime.store.write() as connection:
            teams.save(connection, entry)
    except Problems as found:
        return _form(runtime, entry, by_field(found)), 422
    flash(_("Saved %(name)s.", name=entry.name))
    return redirect(url_for("teams.all_teams"), 303)


def _form(runtime: Runtime, team: Team, faults: Mapping[str, str] | None = None) -> str:
    with runtime.store.read() as connection:
        people = [(u.id, u.person.name) for u in users.everyone(connection) if u.active or u.id == team.manager]
        others = [(t.id, t.name) for t in teams.all_teams(connection) if t.id != team.id]
    return render_template("people/team.html", team=team, people=people, others=others, faults=faults or {})


def _entered(id: int | None, uid: str) -> Team:
    form = request.form
    return Team(form.get("name", ""), form.get("code", ""), number("manager"), number("parent"), form.get("group_robot", ""), id, uid)


def _existing(connection: Connection, uid: str) -> Team:
    return next((t for t in teams.all_teams(connection) if t.uid == uid), None) or abort(404)
