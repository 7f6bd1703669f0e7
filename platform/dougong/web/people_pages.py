"""People, their teams and roles: for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from dougong.notify import personal
from dougong.people import links, paste, roles, teams, users
from dougong.people.forms import LANGUAGES
from dougong.people.users import Person, User
from dougong.problems import Problems
from dougong.web.account import addresses_entered
from dougong.web.session import Runtime, me, now, require_administrator
from dougong.web.words import _, by_field

_ADMINISTRATOR = (roles.WORKSPACE, roles.ADMINISTRATOR)


def blueprint(runtime: Runtime) -> Blueprint:
    page = Blueprint("people", __name__, url_prefix="/people")
    page.before_request(require_administrator)
    _lists(page, runtime)
    _one(page, runtime)
    _access(page, runtime)
    return page


def _lists(page: Blueprint, runtime: Runtime) -> None:
    @page.get("")
    def all_people() -> str:
        show, words = request.args.get("show", "active"), request.args.get("q", "").strip()
        with runtime.store.read() as connection:
            everyone = users.everyone(connection)
            parts = _parts(connection)
        groups = {"active": [u for u in everyone if u.active], "left": [u for u in everyone if not u.active]}
        groups["waiting"] = [u for u in groups["active"] if not u.has_password]
        people = [u for u in groups.get(show, groups["active"]) if _matches(u.person, words)]
        counts = {name: len(group) for name, group in groups.items()}
        return render_template("people/list.html", people=people, counts=counts, show=show, words=words, **parts)

    @page.get("/roles")
    def all_roles() -> str:
        with runtime.store.read() as connection:
            names = {u.id: u for u in users.everyone(connection)}
            groups = [
                (app, [(label, [names[id] for id in roles.holders(connection, *pair)]) for pair, label in shown])
                for app, shown in _offered(runtime)
            ]
        return render_template("people/roles.html", groups=groups)

    @page.get("/paste")
    def paste_people() -> str:
        return _paste_page(runtime, "")

    @page.post("/paste")
    def paste_now() -> Response | tuple[str, int]:
        text = request.form.get("people", "")
        try:
            with runtime.store.write() as connection:
                asked = personal.asked(connection)
                headings = {name.in_(locale): kind for kind, name in asked.items() for locale in LANGUAGES}
                made = paste.create(connection, text, headings, partial(personal.keep, connection))
        except Problems as found:
            return _paste_page(runtime, text, found), 422
        flash(_("%(n)s people are here now. Give each of them an invite link.", n=len(made)))
        return redirect(url_for("people.all_people", show="waiting"), 303)


def _one(page: Blueprint, runtime: Runtime) -> None:
    @page.get("/new")
    def new() -> str:
        return _form(runtime, None, Person(""), set())

    @page.post("/new")
    def create() -> Response | tuple[str, int]:
        person, wanted = _entered(), _chosen(runtime)
        try:
            with runtime.store.write() as connection:
                id = users.create(connection, person)
                roles.replace(connection, id, wanted)
                personal.keep(connection, id, addresses_entered())
                uid = users.existing(connection, id).uid
        except Problems as found:
            return _form(runtime, None, person, wanted, by_field(found)), 422
        flash(_("%(name)s is here now.", name=person.name))
        return redirect(url_for("people.edit", uid=uid), 303)

    @page.get("/<uid>")
    def edit(uid: str) -> str:
        with runtime.store.read() as connection:
            user = _existing(connection, uid)
            held = roles.of(connection, user.id)
        return _form(runtime, user, user.person, held)

    @page.post("/<uid>")
    def save(uid: str) -> Response | tuple[str, int]:
        person, wanted, revision = _entered(), _chosen(runtime), request.form.get("revision", "")
        try:
            with runtime.store.write() as connection:
                user = _existing(connection, uid)
                users.edit(connection, user.id, person, int(revision) if revision.isascii() and revision.isdigit() else 0)
                unseen = roles.of(connection, user.id) - {pair for _app, shown in _offered(runtime) for pair, _label in shown}
                roles.replace(connection, user.id, wanted | unseen)
                personal.keep(connection, user.id, addresses_entered())
        except Problems as found:
            return _form(runtime, user, person, wanted, by_field(found)), 422
        flash(_("Saved %(name)s.", name=person.name))
        return redirect(url_for("people.all_people"), 303)


def _access(page: Blueprint, runtime: Runtime) -> None:
    @page.post("/<uid>/leave")
    def leave(uid: str) -> Response:
        return _set_active(runtime, uid, False)

    @page.post("/<uid>/return")
    def come_back(uid: str) -> Response:
        return _set_active(runtime, uid, True)

    @page.post("/<uid>/link")
    def link(uid: str) -> str | tuple[str, int]:
        with runtime.store.read() as connection:
            chosen = [_existing(connection, uid)]
        return _links_page(runtime, chosen)

    @page.post("/invite")
    def invite() -> str | tuple[str, int]:
        with runtime.store.read() as connection:
            chosen = [u for u in users.everyone(connection) if u.active and not u.has_password]
        return _links_page(runtime, chosen)


def _links_page(runtime: Runtime, chosen: list[User]) -> str | tuple[str, int]:
    """Shows the links once; they are nowhere to be read again."""
    base = runtime.settings.base_url
    try:
        with runtime.store.write() as connection:
            made = [(u, links.make(connection, "reset" if u.has_password else "invite", u.id, me(), now(), base)) for u in chosen]
    except Problems as found:
        return render_template("people/links.html", made=[], problems=found.problems), 422
    return render_template("people/links.html", made=made, problems=())


def _set_active(runtime: Runtime, uid: str, active: bool) -> Response:
    try:
        with runtime.store.write() as connection:
            user = _existing(connection, uid)
            (users.activate if active else users.deactivate)(connection, user.id)
    except Problems as found:
        flash(" ".join(by_field(found).values()))
        return redirect(url_for("people.edit", uid=uid), 303)
    name = user.person.name
    text = _("%(name)s is back.", name=name) if active else _("%(name)s has left and is signed out everywhere.", name=name)
    flash({"text": text, "undo": "" if active else url_for("people.come_back", uid=uid)})  # type: ignore[arg-type]
    return redirect(url_for("people.all_people"), 303)


def _form(runtime: Runtime, user: User | None, person: Person, held: set[tuple[str, str]], faults: Mapping[str, str] | None = None) -> str:
    with runtime.store.read() as connection:
        parts = _parts(connection)
        asked, addresses = personal.asked(connection), personal.kept(connection, user.id) if user else {}
        managers = [(u.id, u.person.name) for u in users.everyone(connection) if u.active or u.id == person.manager]
    others = [(id, name) for id, name in managers if user is None or id != user.id]
    return render_template(
        "people/person.html", user=user, person=person, held=held, faults=faults or {}, managers=others, offered=_offered(runtime),
        languages=[("", _("As the browser")), *((id, label.in_(g.locale)) for id, label in LANGUAGES.items())], **parts,
        asked=asked, addresses={**addresses, **addresses_entered()},
    )


def _paste_page(runtime: Runtime, text: str, found: Problems | None = None) -> str:
    with runtime.store.read() as connection:
        asked = [name.in_(g.locale) for name in personal.asked(connection).values()]
    return render_template("people/paste.html", text=text, problems=found.problems if found else (), asked=asked)


def _parts(connection: Connection) -> dict[str, Any]:
    """Names of teams and people, for lists and choices."""
    return {
        "teams": [(t.id, t.name) for t in teams.all_teams(connection)],
        "names": {u.id: u.person.name for u in users.everyone(connection)},
    }


def _offered(runtime: Runtime) -> list[tuple[str, list[tuple[tuple[str, str], str]]]]:
    """Per app its roles with their names; the workspace's own first."""
    found = [(_("Workspace"), [(_ADMINISTRATOR, _("Administrator"))])]
    for app in runtime.workspace().apps.values():
        found.append((app.name.in_(g.locale), [((app.id, role.id), role.name.in_(g.locale)) for role in app.roles.values()]))
    return found


def _chosen(runtime: Runtime) -> set[tuple[str, str]]:
    ticked = set(request.form.getlist("role"))
    return {pair for _app, shown in _offered(runtime) for pair, _label in shown if ".".join(pair) in ticked}


def _entered() -> Person:
    texts: dict[str, Any] = {name: request.form.get(name, "") for name in ("name", "email", "phone", "login", "region", "title")}
    return Person(**texts, manager=number("manager"), team=number("team"), language=request.form.get("language", ""))


def number(name: str) -> int | None:
    """A chosen id; what is no id stands for one that doesn't exist."""
    raw = request.form.get(name, "")
    if not raw:
        return None
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 18 else 0


def _existing(connection: Connection, uid: str) -> User:
    return users.by_uid(connection, uid) or abort(404)


def _matches(person: Person, words: str) -> bool:
    text = f"{person.name} {person.phone} {person.email} {person.title} {person.region}".casefold()
    return all(word in text for word in words.casefold().split())
