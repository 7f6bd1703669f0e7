"""Public forms: a page that anybody may fill in, as far as the app opens it (THREATS S36, S37).

It is a door of its own: no cookie is read or set. Its proof is the nonce in the page; what is refused comes back with what was typed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeVar, cast

from flask import Blueprint, abort, g, jsonify, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from dougong.context import Ctx
from dougong.fields.attached import Attached
from dougong.fields.base import field_types
from dougong.files import attachments
from dougong.files.attachments import Limits
from dougong.people import attempts
from dougong.problems import Problem, Problems
from dougong.records import compute, entry, public, rights
from dougong.records.source import environment
from dougong.spec.form import Field, Form
from dougong.web import cells, entering, files, here, language, rules, session

T = TypeVar("T")
page = Blueprint("public", __name__)
TRAP = "your-website"
"""A control that people don't see and programs fill in; no field can have this id."""
SENDS, UPLOADS, UPLOADS_OF_ALL = 60, 30, 300
"""At most within fifteen minutes: entries and files of one address to one form, files of everybody to one form."""
LARGEST_UPLOAD = 10 << 20
STATUS = {"public-form-closed": 410, "public-form-full": 429, "too-many-attempts": 429, "public-form-sent": 409}


@dataclass(frozen=True)
class Sheet:
    """What stands on the page: values in their controls' shape."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    nonce: str = ""
    refused: bool = False


@page.before_request
def speak() -> None:
    """The visitor's language: ?lang=, what the browser asks for, the workspace's."""
    wanted = {"zh": "zh-CN"}.get(request.args.get("lang", ""), request.args.get("lang"))
    g.locale = language.choose(wanted, request.headers.get("Accept-Language", ""), here.runtime().workspace().locale)


@page.after_request
def no_cookie(response: FlaskResponse) -> FlaskResponse:
    g.pop("new_guest", None)
    return response


@page.get("/f/<app>/<id>")
def show(app: str, id: str) -> str | tuple[str, int]:
    form = _form(app, id)
    if public.closed(here.ctx(), form):
        return _told(form, Problem("public-form-closed"))
    return _draw(form, Sheet(_defaults(here.ctx(), form)))


@page.post("/f/<app>/<id>")
def send(app: str, id: str) -> Response | str | tuple[str, int]:
    form = _form(app, id)
    after = url_for("public.thanks", app=app, id=id, lang=request.args.get("lang"))
    if request.form.get(TRAP):
        return redirect(after, 303)
    raw, nonce = entering.read(form, fields_of(form), request.form), request.form.get("nonce", "")
    try:
        _check(form, nonce)
        _write(form, lambda ctx: public.submit(ctx, form, entry.parse(ctx, form, raw), nonce))
    except Problems as problems:
        return _refused(form, raw, problems)
    return redirect(after, 303)


@page.get("/f/<app>/<id>/thanks")
def thanks(app: str, id: str) -> str:
    form = _form(app, id)
    assert form.public is not None
    return render_template("public/told.html", form=form, words=form.public.thanks.in_(g.locale) or here.say("Sent. Thank you."), sent=True)


@page.post("/f/<app>/<id>/upload")
def upload(app: str, id: str) -> tuple[FlaskResponse, int]:
    """A `file` for a `field`, kept a day for the entry that names it; nobody can fetch it before (S37)."""
    form = _form(app, id)
    request.max_content_length = LARGEST_UPLOAD + (1 << 16)
    if not public.genuine(here.ctx().workspace.key, form.key, request.args.get("nonce", ""), g.now):
        abort(403)
    field_ = next((f for f in fields_of(form) if f.id == request.form.get("field", "")), None)
    kind, sent = field_types[field_.type] if field_ else None, request.files.get("file")
    if field_ is None or sent is None or not isinstance(kind, Attached):
        abort(400)
    limits = Limits(kind.kinds, min(kind.largest(field_.options), LARGEST_UPLOAD))
    try:
        _limit({f"upload:{form.key}:{_address()}": UPLOADS, f"upload:{form.key}": UPLOADS_OF_ALL})
        received = attachments.receive(files.storage(), cast(BinaryIO, sent.stream), sent.filename or "", limits, g.now, _watermark(field_))
        kept = _write(form, lambda ctx: attachments.keep(ctx.connection, received, None, ctx.now))
    except Problems as problems:
        return jsonify({"message": " ".join(p.sentence(g.locale) for p in problems)}), STATUS.get(problems.problems[0].code, 422)
    return jsonify({"uid": kept.uid, "name": kept.name, "url": "", "thumb": ""}), 201


def fields_of(form: Form) -> tuple[Field, ...]:
    return tuple(form.fields[name] for name in form.public.fields) if form.public else ()


def _form(app: str, id: str) -> Form:
    """404 where the app opens no such form; what follows sees nothing but that form."""
    form = here.runtime().workspace().forms.get(f"{app}.{id}")
    if form is None or form.public is None:
        abort(404)
    here.enter(public.visitor(form))
    g.frames = form.public.embed
    return form


def _check(form: Form, nonce: str) -> None:
    """Raises Problems: too many from there, a page that isn't ours or too old, something the form doesn't have."""
    _limit({f"public:{form.key}:{_address()}": SENDS})
    if not public.genuine(here.ctx().workspace.key, form.key, nonce, g.now):
        raise Problems([Problem("public-form-stale")])
    known = {f.id for f in fields_of(form)}
    names = {*request.form, *request.files} - {"nonce", TRAP, "csrf_token"}
    if any(name.partition("-")[0] not in known for name in names):
        raise Problems([Problem("public-form-strange")])


def _write(form: Form, work: Callable[[Ctx], T]) -> T:
    here.close()
    return here.runtime().write(public.visitor(form), work, "public", g.locale)


def _limit(limits: Mapping[str, int]) -> None:
    with here.runtime().store.write() as connection:
        allowed = attempts.take(connection, g.now, limits)
    if not allowed:
        raise attempts.too_many()


def _address() -> str:
    """The connection's own; of IPv6 the network, since one house has billions of them."""
    try:
        ip = ipaddress.ip_address(session.device().address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)


def _defaults(ctx: Ctx, form: Form) -> dict[str, Any]:
    fields = fields_of(form)
    found = compute.defaults(form, {}, environment(ctx, form.key, {}, source=rights.reader_source(ctx)))
    shared = cells.Page.of(ctx, form, fields, [found])
    return {f.id: entering.shown_value(ctx, form, f, found[f.id], shared) for f in fields if f.id in found}


def _refused(form: Form, raw: Mapping[str, Any], problems: Problems) -> str | tuple[str, int]:
    here.enter(public.visitor(form))
    final = next((p for p in problems if p.code in STATUS), None)
    if final is not None and final.code != "too-many-attempts":
        return _told(form, final)
    ctx, nonce = here.ctx(), request.form.get("nonce", "")
    values = {f.id: _typed(ctx, f, raw[f.id]) for f in fields_of(form) if f.id in raw}
    good = public.genuine(ctx.workspace.key, form.key, nonce, g.now)
    sheet = Sheet(values, entering.errors(form, problems, g.locale), nonce if good else "", refused=True)
    return _draw(form, sheet), STATUS[final.code] if final else 422


def _typed(ctx: Ctx, field_: Field, raw: Any) -> Any:
    """Once more in its control; of files only those that wait for an entry from outside."""
    if cells.kind_of(field_, None) != "files":
        return entering.posted_value(ctx, field_, raw)
    uids = [str(uid) for uid in (raw if isinstance(raw, list) else [raw]) if uid]
    found = attachments.named(ctx.connection, uids)
    waiting = [found[uid] for uid in uids if uid in found and not found[uid].form and found[uid].creator is None]
    return [{"uid": a.uid, "name": a.name, "url": "", "thumb": ""} for a in waiting]


def _draw(form: Form, sheet: Sheet) -> str:
    assert form.public is not None
    ctx, fields = here.ctx(), fields_of(form)
    controls = [entering.control(ctx, form, f, sheet.values.get(f.id), error=sheet.errors.get(f.id, "")) for f in fields]
    nonce = sheet.nonce or public.nonce(ctx.workspace.key, form.key, g.now)
    app, _, id = form.key.partition(".")
    return render_template(
        "public/form.html",
        form=form,
        title=form.public.title.in_(g.locale),
        controls=controls,
        sheet=sheet,
        nonce=nonce,
        trap=TRAP,
        upload=url_for("public.upload", app=app, id=id, nonce=nonce),
        rules=rules.of_form(ctx, form, fields, {}),
        general=[words for name, words in sheet.errors.items() if name not in form.public.fields],
    )


def _told(form: Form, problem: Problem) -> tuple[str, int]:
    return render_template("public/told.html", form=form, words=problem.sentence(g.locale), sent=False), STATUS[problem.code]


def _watermark(field_: Field) -> tuple[str, ...]:
    """The time, as far as the field asks for it; who and where are not known of people outside."""
    at = g.now.astimezone(here.runtime().workspace().calendar.zone).strftime("%Y-%m-%d %H:%M")
    return (at,) if "time" in field_.options.get("watermark", ()) else ()
