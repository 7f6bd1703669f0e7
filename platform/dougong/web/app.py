"""The pages as one WSGI application."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterable

from flask import Blueprint, Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from dougong.files.storage import Disk
from dougong.notify import delivery
from dougong.problems import Problem, Problems
from dougong.runtime import Runtime
from dougong.web import (
    account,
    bulk,
    bundle,
    cell_edit,
    cells,
    columns,
    connections_page,
    files,
    form,
    gallery,
    here,
    hooks,
    importing,
    inbox,
    language,
    line_defaults,
    lists,
    needs,
    own_views,
    people_pages,
    pick,
    public,
    record,
    runs,
    search,
    session,
    settings_page,
    setup,
    shell,
    signin,
    stages,
    stuck,
    team_pages,
    today,
    waiting,
)

MOST_BYTES = 128 << 20  # a video; each field has its own, smaller limit
MOST_FORM_BYTES = 2 << 20
MOST_FORM_PARTS = 5_000
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(self), payment=(), usb=()",
}
NOT_FOUND = frozenset({"no-such-form", "no-such-record", "no-such-comment", "page-not-found"})
"""Problems that mean: there is nothing here, or nothing for you; both look the same."""
NO_ROOM = frozenset({"disk-full", "no-room-for-files"})
log = logging.getLogger("dougong.web")


def create_app(runtime: Runtime, doors: Iterable[Blueprint] = ()) -> Flask:
    """`doors` are blueprints with proof of their own (the API): they don't know the pages' cookie."""
    app = Flask(__name__)
    app.secret_key = hmac.new(runtime.workspace().key, b"flash", hashlib.sha256).digest()
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_FORM_BYTES,
        MAX_FORM_PARTS=MOST_FORM_PARTS,
        SESSION_COOKIE_NAME="dougong_words",
        SESSION_COOKIE_SAMESITE="Lax",
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
    )
    if proxies := runtime.settings.trusted_proxies:  # else nobody is believed who says where a request came from (THREATS S35)
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    app.extensions[here.EXTENSION] = runtime
    app.extensions[files.EXTENSION] = Disk(runtime.settings.home / "files")
    outside = [*doors, public.page, hooks.page]
    app.before_request(_bound)  # first of all: checking the token reads the body
    session.install(app, runtime, frozenset(b.name for b in outside))
    language.install(app, here.reader)
    bundle.install(app)
    app.jinja_env.globals.update(
        choices_of=_choices, target_of=cells.target_of, form_icon=shell.icon_of, named=_named, title_field=columns.title_field,
        notices_of=waiting.notices, why_of=delivery.why,
        cell_editable=lambda form, field: cell_edit.editable(here.ctx(), form, field),
        bulk_offers=lambda form: bulk.may(here.ctx(), form), rail_folded=lambda: request.cookies.get("dougong_rail") == "folded",
    )  # fmt: skip
    app.jinja_env.filters["span"] = here.span
    app.context_processor(lambda: {"shell": shell.build()})
    app.teardown_request(here.close)
    app.after_request(_protect)
    daily = (shell, today, needs, lists, bulk, cell_edit, own_views, form, line_defaults, stages, record, inbox, pick, files, search)
    inside = (*daily, runs, gallery, settings_page, stuck, connections_page, importing)
    own = [module.page for module in inside]
    theirs = [module.blueprint(runtime) for module in (signin, setup, account, people_pages, team_pages)]
    for blueprint in (*own, *theirs, *outside):
        app.register_blueprint(blueprint)
    app.register_error_handler(Problems, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failed)
    return app


def _bound() -> None:
    """Only an upload may be large."""
    if request.endpoint not in ("files.upload", "importing.upload"):
        request.max_content_length = MOST_FORM_BYTES * 2


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if frames := g.get("frames"):  # sites that a public form is declared for
        response.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join(frames)}")
    return response


def _refused(problems: Exception) -> tuple[Response | str, int]:
    assert isinstance(problems, Problems)
    if any(p.code in NOT_FOUND for p in problems):
        return _page(404, [record.gone() or Problem("page-not-found")])
    return _page(507 if any(p.code in NO_ROOM for p in problems) else 422, list(problems))


def _http(error: Exception) -> Response | tuple[Response | str, int]:
    assert isinstance(error, HTTPException)
    status = error.code or 500
    if status < 400:
        return Response(error.get_body(), status, dict(error.get_headers()))
    codes = {401: "page-not-found", 403: "page-forbidden", 404: "page-not-found", 413: "page-too-large"}
    own = error.description if status in (403, 404) and not isinstance(error.description, type(None)) and _is_ours(error) else ""
    return _page(status, [Problem(codes.get(status, "page-refused"), message=own or "")])


def _is_ours(error: HTTPException) -> bool:
    """Whether the words are a page's own and not Werkzeug's English."""
    return error.description != type(error).description


def _failed(error: Exception) -> tuple[Response | str, int]:
    """Never a stack trace for the reader; all of it for the log."""
    at = here.runtime().clock.now()
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    return _page(500, [Problem("page-failed", {"at": at.isoformat(timespec="seconds")})])


def _page(status: int, problems: list[Problem]) -> tuple[Response | str, int]:
    here.close()
    locale = g.get("locale", "zh-CN")
    if request.accept_mimetypes.best == "application/json":
        return jsonify(
            {"message": " ".join(p.sentence(locale) for p in problems), "problems": [p.as_json(locale) for p in problems]}
        ), status
    if request.headers.get("HX-Request"):  # a part of a page gets its sentence where it would have stood
        return render_template("error_part.html", problems=problems), status
    guest = g.get("actor") is None or status >= 500
    return render_template("error.html", problems=problems, status=status, layout="bare.html" if guest else "base.html"), status


def _choices(field: object) -> list[tuple[str, str]]:
    """A choice's options as the pages' own controls want them."""
    return [(option.id, option.name.in_(g.locale)) for option in getattr(field, "choices", {}).values()]


def _named(uids: Iterable[str], titles: dict[str, str]) -> list[tuple[str, str]]:
    """Chosen records of a filter with their titles; 'me' is whoever reads."""
    return [(uid, here.say("me") if uid == "me" else titles.get(uid, "")) for uid in uids if uid == "me" or uid in titles]
