"""The room around every page: the phone's bar, the desk's rail, and 我的, where all the rest is (FACE 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, g, render_template, request

from dougong.context import Ctx
from dougong.notify import message
from dougong.records import rights
from dougong.spec.app import App, Home, View
from dougong.spec.form import Form
from dougong.web import addresses, here

page = Blueprint("shell", __name__)
TODAY, INBOX, ME = "today", "inbox", "me"
PLAIN_ICON = "folder"


@dataclass(frozen=True)
class Place:
    url: str
    label: str
    icon: str
    current: bool = False
    badge: int = 0
    middle: bool = False


@dataclass(frozen=True)
class Group:
    name: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Shell:
    workspace: str = "Dougong"
    me: str = ""
    home: str = "/"
    search: str = "/search"
    bar: tuple[Place, ...] = ()
    rail: tuple[Group, ...] = ()
    foot: tuple[Place, ...] = ()
    popups: bool = field(default=False)


@page.get("/me")
def mine() -> str:
    """Everything, one level down: all forms of all apps, one's account, the workspace."""
    return render_template("settings/mine.html", groups=_groups(here.ctx()), own=_own(), foot=_foot(), name=here.ctx().actor.name)


def build() -> Shell:
    """For the templates; a guest has only the workspace's name."""
    name = here.runtime().workspace().name or "Dougong"
    if g.get("actor") is None:
        return Shell(name)
    ctx = here.ctx()
    unread = message.unread(ctx, ctx.actor.user or 0)
    first = Group("", (_today(), _inbox(unread)))
    return Shell(name, ctx.actor.name, bar=bar(ctx), rail=(first, *_groups(ctx)), foot=(*_foot(), _me()), popups=True)


def home_of(ctx: Ctx) -> tuple[App, Home] | None:
    """The first home that one of the person's roles has."""
    for app in ctx.workspace.apps.values():
        for home in app.homes:
            if f"{app.id}.{home.role}" in ctx.actor.roles:
                return app, home
    return None


def bar(ctx: Ctx) -> tuple[Place, ...]:
    """At most five places: what the template says, else today, the first forms, and the most likely entry in the middle."""
    if (found := home_of(ctx)) and found[1].bar:
        return tuple(p for item in found[1].bar if (p := _item(ctx, found[0], item)))[:5]
    forms = [form for app in ctx.workspace.apps.values() for form in menu_forms(ctx, app)]
    able = [f for f in forms if rights.access(ctx, f.key).may("add")]
    create = next(
        (f for f in able if any(x.target for x in f.fields.values() if not x.system and x.value.kind == "record")),
        able[0] if able else None,
    )
    places = [
        _today(),
        *(_form_place(f) for f in forms[:1]),
        *([_create(create)] if create else []),
        *(_form_place(f) for f in forms[1:2]),
        _me(),
    ]
    if len(places) < 5:
        places.insert(-1, _inbox(message.unread(ctx, ctx.actor.user or 0)))
    return tuple(places)


def menu_forms(ctx: Ctx, app: App) -> tuple[Form, ...]:
    """The forms of the app's menu that the person may see; without a menu all that have pages."""
    named = [app.forms[id] for id in app.menu if id in app.forms] or list(app.forms.values())
    return tuple(f for f in named if addresses.has_page(f) and rights.access(ctx, f.key).may("see"))


def icon_of(form: Form) -> str:
    return form.icon or PLAIN_ICON


def _groups(ctx: Ctx) -> tuple[Group, ...]:
    groups = (Group(app.name.in_(g.locale), tuple(_menu(ctx, app))) for app in ctx.workspace.apps.values())
    return tuple(group for group in groups if group.places)


def _menu(ctx: Ctx, app: App) -> Iterator[Place]:
    for id in app.menu or [f.id for f in app.forms.values() if addresses.has_page(f)]:
        if place := _item(ctx, app, id):
            yield place


def _item(ctx: Ctx, app: App, item: Any) -> Place | None:
    """One entry of a `bar` or `menu`: today, inbox, me, a form, a view, `{create: form}`, `{view: id}`."""
    if isinstance(item, Mapping):
        if form := _seen(ctx, app, item.get("create"), "add"):
            return _create(form)
        item = item.get("view") or item.get("form")
    if item == TODAY:
        return _today()
    if item == INBOX:
        return _inbox(message.unread(ctx, ctx.actor.user or 0))
    if item == ME:
        return _me()
    if form := _seen(ctx, app, item):
        return _form_place(form)
    view = app.views.get(str(item))
    return _view_place(ctx, view) if view and _seen(ctx, app, view.form.partition(".")[2]) else None


def _seen(ctx: Ctx, app: App, id: Any, verb: str = "see") -> Form | None:
    form = app.forms.get(str(id))
    return form if form and addresses.has_page(form) and rights.access(ctx, form.key).may(verb) else None


def _form_place(form: Form) -> Place:
    url = addresses.of_form(form.key)
    on = request.path == url or (request.path.startswith(url + "/") and not request.path.endswith("/new"))
    return Place(url, form.name.in_(g.locale), icon_of(form), on and not request.args.get("view"))


def _view_place(ctx: Ctx, view: View) -> Place:
    url = addresses.of_form(view.form, view=view.id)
    on = request.path == addresses.of_form(view.form) and request.args.get("view") == view.id
    return Place(url, view.name.in_(g.locale), icon_of(ctx.workspace.forms[view.form]), on)


def _create(form: Form) -> Place:
    label = here.say("Add %(form)s", form=here.name_in(form))
    return Place(addresses.of_new(form.key), label, "plus", middle=True)


def _today() -> Place:
    return Place("/", here.say("My day"), "sun", request.path == "/")


def _inbox(unread: int) -> Place:
    return Place("/inbox", here.say("Inbox"), "inbox", request.path == "/inbox", unread)


def _me() -> Place:
    return Place("/me", here.say("Me"), "circle-user", request.path.startswith("/me"))


def _foot() -> tuple[Place, ...]:
    """What belongs to the workspace; most of it is the administrator's."""
    rows: Iterable[tuple[str, str, str, bool]] = (
        ("/runs", here.say("Rules"), "activity", True),
        ("/people", here.say("People"), "users", here.ctx().actor.administrator),
        ("/apps", here.say("Apps"), "layout-grid", here.ctx().actor.administrator),
        ("/settings", here.say("Settings"), "settings", here.ctx().actor.administrator),
    )
    return tuple(Place(url, label, icon, request.path.startswith(url)) for url, label, icon, shown in rows if shown)


def _own() -> Sequence[Place]:
    return (
        _inbox(message.unread(here.ctx(), here.ctx().actor.user or 0)),
        Place("/me/profile", here.say("My details, language, messages"), "id-card"),
        Place("/me/devices", here.say("Password and devices"), "key-round"),
        Place("/me/tokens", here.say("API tokens"), "link"),
    )
