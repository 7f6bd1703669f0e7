"""Who sends this request: the cookie of a signed-in device, and what a request must show before it changes anything.

Read from the database at every request, so that an ended session, a taken role or a new password works at once (THREATS S17).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dougong.clock import Clock
from dougong.context import Actor
from dougong.people import credentials, roles, sessions
from dougong.people.company import LOCALES
from dougong.people.signin import Device
from dougong.problems import Problem
from dougong.settings import Settings
from dougong.spec.app import Workspace
from dougong.store.engine import Store
from dougong.web import language

COOKIE = "dougong"
GUEST_COOKIE = "dougong_guest"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_VIEW = TypeVar("_VIEW", bound=Callable[..., object])
_SYSTEMS = ("iPhone", "iPad", "Android", "HarmonyOS", "Windows", "Macintosh", "Linux")
_BROWSERS = {
    "DingTalk": "DingTalk", "wxwork": "WeCom", "MicroMessenger": "WeChat", "Lark": "Feishu",
    "Edg": "Edge", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari",
}


class Runtime(Protocol):
    """What sign-in needs of the running workspace."""

    @property
    def store(self) -> Store: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def settings(self) -> Settings: ...

    def workspace(self) -> Workspace: ...


def install(app: Flask, runtime: Runtime, own_doors: frozenset[str] = frozenset()) -> None:
    """Guards every page of the app. Blueprints in `own_doors` (the API, inbound webhooks) don't get the cookie: they ask for other proof.

    Sets g.session, g.actor (None for guests) and g.locale. Whoever is not signed in gets only the views marked `anybody`.
    """
    app.jinja_env.globals["csrf_token"] = csrf_token

    @app.before_request
    def open_() -> AnyResponse | None:
        g.now, g.session, g.actor, g.own_door = runtime.clock.now(), None, None, request.blueprint in own_doors
        if g.own_door or request.endpoint in (None, "static"):
            g.locale = language.choose(None, request.headers.get("Accept-Language", ""))
            return None
        _recognise(runtime)
        if g.actor is None and not getattr(current_app.view_functions[str(request.endpoint)], "anybody", False):
            return to_sign_in()  # also where the cookie is gone: nothing is done, and what was typed waits in the browser
        if request.method not in SAFE_METHODS and not _genuine(runtime.settings.base_url):
            abort(403, Problem("request-forged").sentence(g.locale))
        return None

    @app.after_request
    def close(response: Response) -> Response:
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
            response.vary.add("Cookie")
        if guest := g.get("new_guest"):
            _set(response, GUEST_COOKIE, guest, runtime.settings, lasts=False)
        if g.get("renewed"):
            remember(response, request.cookies[COOKIE], runtime.settings)
        return response


def anybody(view: _VIEW) -> _VIEW:
    """Marks a view that guests may open."""
    view.anybody = True  # type: ignore[attr-defined]
    return view


def require_administrator() -> None:
    """For `blueprint.before_request`."""
    if not actor().administrator:
        abort(403)


def actor() -> Actor:
    found: Actor | None = g.actor
    if found is None:
        abort(401)
    return found


def me() -> int:
    """The signed-in person's id."""
    found = actor().user
    if found is None:
        abort(401)
    return found


def now() -> datetime:
    at: datetime = g.now
    return at


def to_sign_in() -> AnyResponse:
    """A page comes back after signing in; a part of a page (htmx) makes the browser leave for it."""
    wanted = request.full_path.rstrip("?")
    if request.headers.get("HX-Request") or request.method not in SAFE_METHODS:
        shown = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
        wanted = shown.path + (f"?{shown.query}" if shown.query else "")
    address = url_for("signin.sign_in", next=local(wanted))
    return Response(status=401, headers={"HX-Redirect": address}) if request.headers.get("HX-Request") else redirect(address, 303)


def local(target: str) -> str:
    """The target if it is a path of ours, else the first page (THREATS S32)."""
    parts = urlsplit(target) if target.isprintable() else None
    ours = parts is not None and not parts.scheme and not parts.netloc and re.fullmatch(r"/(?![/\\])[^\\\s]*", target)
    return target if ours else "/"


def csrf_token() -> str:
    """Proves knowledge of the cookie without giving it away; a guest gets a cookie for it."""
    secret = request.cookies.get(COOKIE) or request.cookies.get(GUEST_COOKIE) or g.get("new_guest")
    if not secret:
        secret = g.new_guest = credentials.new()
    return credentials.derived(secret, "csrf")


def remember(response: AnyResponse, secret: str, settings: Settings) -> None:
    """Signs this browser in."""
    _set(response, COOKIE, secret, settings)
    response.delete_cookie(GUEST_COOKIE)


def forget(response: AnyResponse) -> None:
    response.delete_cookie(COOKIE)


def device() -> Device:
    """The address is the connection's own; headers that anybody can write don't count (THREATS S35)."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in _BROWSERS.items() if mark in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "").replace("Macintosh", "Mac")
    return Device(request.remote_addr or "", " · ".join(filter(None, (browser, system))))


def _recognise(runtime: Runtime) -> None:
    secret, own = request.cookies.get(COOKIE, ""), None
    with runtime.store.read() as connection:
        found = sessions.find(connection, secret, g.now) if secret else None
        if found is not None:
            g.session, g.actor, own = found, roles.actor_for(connection, found.user), LOCALES.get(found.language)
    if found is not None and found.stale(g.now):
        with runtime.store.write() as connection:
            sessions.seen(connection, found, g.now)
        g.renewed = True
    g.locale = own or language.choose(None, request.headers.get("Accept-Language", ""), runtime.workspace().locale)


def _genuine(base_url: str) -> bool:
    """Sent by a page of ours: same origin as far as the browser says, and the token of this very cookie (THREATS S33)."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is not None and origin not in (request.host_url.rstrip("/"), base_url or None):
        return False
    given = request.headers.get("X-CSRFToken") or request.form.get("csrf_token", "")
    known = request.cookies.get(COOKIE) or request.cookies.get(GUEST_COOKIE)
    return bool(known) and hmac.compare_digest(given.encode(), credentials.derived(known or "", "csrf").encode())


def _set(response: AnyResponse, name: str, value: str, settings: Settings, *, lasts: bool = True) -> None:
    secure = settings.base_url.startswith("https:") or request.is_secure
    age = int(sessions.IDLE.total_seconds()) if lasts else None
    response.set_cookie(name, value, max_age=age, httponly=True, samesite="Lax", secure=secure, path="/")
