"""What is connected, for administrators: robots, DingTalk, mail and webhooks out; webhooks and public forms in.

A secret is never shown again: what stands here is masked, and a control left empty keeps what there is. Trying a connection
puts a message on its way like any other (nobody waits on the network here); how it went is shown as soon as it is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Blueprint, abort, g, render_template, request, url_for
from sqlalchemy import RowMapping, select
from werkzeug.wrappers import Response

from dougong.context import Ctx
from dougong.notify import connections, inbound
from dougong.notify.connections import Connected
from dougong.notify.delivery import delivery_table, post_to
from dougong.problems import Problem, Problems
from dougong.records import public
from dougong.spec.form import Form
from dougong.web import here, session
from dougong.web.words import by_field

page = Blueprint("connections", __name__, url_prefix="/settings/connections")
page.before_request(session.require_administrator)

_NAME = re.compile(r"[\w.-]{1,40}")
MASK = "••••••"


@dataclass(frozen=True)
class Option:
    """`key`: the English words of its label. A secret one is masked."""

    id: str
    key: str
    secret: bool = False
    required: bool = True
    address: bool = False


@dataclass(frozen=True)
class Kind:
    """`channel` carries the trial; `to_me`: to the administrator in person, else to the connection."""

    id: str
    key: str
    about: str
    options: tuple[Option, ...]
    channel: str
    to_me: bool = False


KINDS: Mapping[str, Kind] = {
    kind.id: kind
    for kind in (
        Kind(
            "dingtalk_robot", "DingTalk robot", "Posts into one group.",
            (
                Option("url", "Webhook address", secret=True, address=True),
                Option("secret", "Signing secret (SEC…)", secret=True, required=False),
            ),
            "dingtalk_robot",
        ),
        Kind(
            "dingtalk", "DingTalk", "Work notices and to-dos, through the company's own app.",
            (Option("app_key", "AppKey"), Option("app_secret", "AppSecret", secret=True), Option("agent_id", "AgentId")),
            "dingtalk_notice", to_me=True,
        ),
        Kind(
            "webhook", "Webhook", "Sends signed JSON to an address.",
            (Option("url", "Address", address=True), Option("secret", "Signing secret", secret=True, required=False)),
            "webhook",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One connection as the list shows it; `trial` is the last message sent through it to try it out."""

    name: str
    kind: Kind
    facts: str
    trial: RowMapping | None = None


@dataclass(frozen=True)
class Door:
    """A webhook or a public form that comes in. `open`: it takes what is sent."""

    key: str
    name: str
    address: str
    open: bool
    act: str
    facts: str = ""


@dataclass(frozen=True)
class Draft:
    kind: Kind
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()  # secrets there are
    faults: Mapping[str, str] = field(default_factory=dict)


@page.get("")
def show() -> str:
    return _page()


@page.get("/new/<kind>")
def new(kind: str) -> str:
    return _form(Draft(KINDS.get(kind) or abort(404)))


@page.get("/edit/<name>")
def edit(name: str) -> str:
    return _form(_draft(_existing(here.ctx(), name)))


@page.post("/new/<kind>")
def add(kind: str) -> Response | tuple[str, int]:
    return _save(KINDS.get(kind) or abort(404), None)


@page.post("/edit/<name>")
def change(name: str) -> Response | tuple[str, int]:
    old = _existing(here.ctx(), name)
    return _save(KINDS[old.kind], old)


@page.post("/remove/<name>")
def remove(name: str) -> Response:
    here.write(lambda ctx: connections.disconnect(ctx.connection, _existing(ctx, name).name))
    here.tell(here.say("%(name)s is no longer connected.", name=name))
    return here.go(url_for("connections.show"))


@page.post("/try/<name>")
def try_out(name: str) -> Response:
    kind = KINDS[_existing(here.ctx(), name).kind]
    here.write(lambda ctx: _send(ctx, kind.channel, name, session.me() if kind.to_me else None))
    return here.go(url_for("connections.show"))


@page.post("/try-mail")
def try_mail() -> Response:
    here.write(lambda ctx: _send(ctx, "mail", "", session.me()))
    return here.go(url_for("connections.show"))


@page.get("/trial/<int:id>")
def trial(id: int) -> str:
    """How a trial went; asks again by itself while it is on its way."""
    d = delivery_table
    found = here.ctx().connection.execute(select(d).where(d.c.id == id, d.c.run == _TRIAL)).mappings().first()
    return render_template("connections/trial.html", trial=found or abort(404))


@page.post("/hooks/<app>/<id>")
def make_secret(app: str, id: str) -> str:
    hook = _hook(app, id)
    return _page(secret=(hook, here.write(lambda ctx: inbound.renew(ctx.connection, hook))))


@page.post("/hooks/<app>/<id>/close")
def close_hook(app: str, id: str) -> Response:
    hook = _hook(app, id)
    here.write(lambda ctx: inbound.close(ctx.connection, hook))
    return here.go(url_for("connections.show"))


@page.post("/forms/<app>/<id>")
def turn_form(app: str, id: str) -> Response:
    form = here.ctx().workspace.forms.get(f"{app}.{id}")
    if form is None or form.public is None:
        abort(404)
    found, closed = form, request.form.get("closed") == "1"
    here.write(lambda ctx: public.close(ctx, found, closed))
    return here.go(url_for("connections.show"))


# --- what stands on the page -----------------------------------------------------------------------------------------

_TRIAL = "trial"


def _page(secret: tuple[str, str] | None = None) -> str:
    ctx = here.ctx()
    return render_template(
        "connections/list.html",
        lines=[_line(ctx, found) for found in connections.connected(ctx.connection).values() if found.kind in KINDS],
        kinds=KINDS.values(),
        mail=bool(here.runtime().settings.smtp_url),
        mail_trial=_last(ctx, "mail", ""),
        hooks=[_hook_door(ctx, key, name) for key, name in inbound.declared(ctx.workspace).items()],
        forms=[_form_door(ctx, form) for form in ctx.workspace.forms.values() if form.public],
        secret=secret,
    )


def _line(ctx: Ctx, found: Connected) -> Line:
    kind = KINDS[found.kind]
    told = [_masked(option, str(found.options.get(option.id, ""))) for option in kind.options]
    return Line(found.name, kind, " · ".join([here.say(kind.key), *filter(None, told)]), _last(ctx, kind.channel, found.name))


def _masked(option: Option, value: str) -> str:
    """Of an address with a token in it the host stays; of any other secret nothing."""
    if not option.secret or not value:
        return value
    return f"{urlsplit(value).hostname or ''}/{MASK}" if option.address else MASK


def _hook_door(ctx: Ctx, key: str, name: str) -> Door:
    path = "/hooks/" + key.replace(".", "/")
    open_ = bool(inbound.secret_of(ctx.connection, key))
    return Door(key, name, _full(path), open_, f"{page.url_prefix}{path}", "" if open_ else here.say("no secret yet: nothing is taken"))


def _form_door(ctx: Ctx, form: Form) -> Door:
    assert form.public is not None
    path, closed = "/f/" + form.key.replace(".", "/"), public.closed(ctx, form)
    facts = here.say("closed") if closed else ""
    act = f"{page.url_prefix}/forms/{form.key.replace('.', '/')}"
    return Door(form.key, form.public.title.in_(g.locale), _full(path), not closed, act, facts)


def _full(path: str) -> str:
    """With the configured address only; what a browser says of itself may be anybody's (THREATS S31)."""
    return here.runtime().settings.base_url + path


def _last(ctx: Ctx, channel: str, name: str) -> RowMapping | None:
    d = delivery_table
    query = select(d).where(d.c.run == _TRIAL, d.c.channel == channel, d.c.title == _title(name)).order_by(d.c.id.desc()).limit(1)
    return ctx.connection.execute(query).mappings().first()


def _send(ctx: Ctx, channel: str, name: str, user: int | None) -> None:
    post_to(ctx, channel, title=_title(name), body=here.say("It works."), target="" if user else name, user=user, run=_TRIAL)


def _title(name: str) -> str:
    return f"Dougong · {name}" if name else "Dougong"


# --- saving ----------------------------------------------------------------------------------------------------------


def _existing(ctx: Ctx, name: str) -> Connected:
    found = connections.connected(ctx.connection).get(name)
    if found is None or found.kind not in KINDS:
        abort(404)
    return found


def _hook(app: str, id: str) -> str:
    key = f"{app}.{id}"
    if key not in inbound.declared(here.ctx().workspace):
        abort(404)
    return key


def _draft(found: Connected) -> Draft:
    kind = KINDS[found.kind]
    values = {o.id: str(found.options.get(o.id, "")) for o in kind.options if not o.secret}
    return Draft(kind, found.name, values, frozenset(o.id for o in kind.options if o.secret and found.options.get(o.id)))


def _form(draft: Draft) -> str:
    return render_template("connections/form.html", draft=draft, mask=MASK, back=url_for("connections.show"))


def _save(kind: Kind, old: Connected | None) -> Response | tuple[str, int]:
    name = old.name if old else request.form.get("name", "").strip()
    entered = {o.id: request.form.get(o.id, "").strip()[:2000] for o in kind.options}
    options = {o.id: entered[o.id] or (str(old.options.get(o.id, "")) if old and o.secret else "") for o in kind.options}
    taken = old is None and name in connections.connected(here.ctx().connection)
    if problems := [*_name_faults(name, taken), *_faults(kind.options, options)]:
        kept = _draft(old).kept if old else frozenset()
        shown = {o.id: entered[o.id] for o in kind.options if not o.secret}
        return _form(Draft(kind, name, shown, kept, by_field(Problems(problems)))), 422
    further = {k: v for k, v in old.options.items() if k not in options} if old else {}
    made = Connected(name, kind.id, {**further, **{k: v for k, v in options.items() if v}})
    here.write(lambda ctx: connections.connect(ctx.connection, made))
    here.tell(here.say("%(name)s is connected.", name=name))
    return here.go(url_for("connections.show"))


def _name_faults(name: str, taken: bool) -> Sequence[Problem]:
    if not _NAME.fullmatch(name):
        return [Problem("connection-name", field="name")]
    return [Problem("connection-taken", {"name": name}, field="name")] if taken else []


def _faults(options: Sequence[Option], values: Mapping[str, str]) -> Sequence[Problem]:
    out = []
    for option in options:
        value = values[option.id]
        if option.required and not value:
            out.append(Problem("connection-missing", field=option.id))
        elif option.address and value and not _is_address(value):
            out.append(Problem("connection-address", field=option.id))
    return out


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    plain = value.isprintable() and " " not in value
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
