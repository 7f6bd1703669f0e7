"""The generated form: a new record, an edit, one field where it stands (FACE 6)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, render_template, request
from sqlalchemy import select
from uuid6 import uuid7
from werkzeug.wrappers import Response

from dougong.context import Ctx
from dougong.expr.values import encode
from dougong.fields.base import Reference, Refused, field_types
from dougong.problems import Problem, Problems
from dougong.records import compute, entry, query, references, rights, save
from dougong.records.draft import Saved
from dougong.records.filters import Filter
from dougong.records.row import is_empty
from dougong.records.source import environment
from dougong.records.titles import display
from dougong.spec.app import Sort
from dougong.spec.form import Field, Form
from dougong.web import addresses, cells, entering, here, rules, session
from dougong.web.entering import Control

page = Blueprint("form", __name__)


@dataclass
class Entry:
    """What stands on the page. `values` are in their controls' shape; `origins` say where a prefilled one comes from."""

    form: Form
    fields: tuple[Field, ...]
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    row: Mapping[str, Any] | None = None
    parsed: Mapping[str, Any] = field(default_factory=dict)  # what stands in the controls, as values
    hidden: dict[str, str] = field(default_factory=dict)  # further values the form carries


@page.get("/a/<app>/<id>/new")
def new(app: str, id: str) -> str:
    form = here.form(app, id, "add")
    entry_ = Entry(form, entering.writable(here.ctx(), form))
    _prefill(here.ctx(), entry_)
    back = session.local(request.args["back"]) if request.args.get("back") else ""
    entry_.hidden = {"uid": str(uuid7()), "back": back, "chosen": request.args.get("chosen", "")[:120]}
    return _draw(entry_)


@page.post("/a/<app>/<id>/new")
def create(app: str, id: str) -> Response | tuple[str, int]:
    form = here.form(app, id, "add")
    fields = entering.writable(here.ctx(), form)
    raw = entering.read(form, fields, request.form)
    uid, back, chosen = (request.form.get(name, "") for name in ("uid", "back", "chosen"))

    def work(ctx: Ctx) -> Saved:
        if known := _known(ctx, form, uid):
            return known
        values = entry.parse(ctx, form, raw)
        saved = save.create(ctx, form.key, values, uid or None)
        entering.attach(ctx, form, saved.id, values)
        return saved

    try:
        saved = here.write(work)
    except Problems as problems:
        return _refused(Entry(form, fields, hidden={"uid": uid, "back": back, "chosen": chosen}), raw, problems)
    for warning in saved.warnings:
        flash(warning.sentence(g.locale))
    here.tell(here.say("Saved: %(form)s", form=here.name_in(form)), saved=_draft_key(form, None))
    return redirect(_onwards(session.local(back), chosen, saved.uid) if back else addresses.of_record(form.key, saved.uid), 303)


@page.get("/a/<app>/<id>/<uuid:uid>/edit")
def edit(app: str, id: str, uid: object) -> str:
    form, row = record(app, id, str(uid), "edit")
    return _draw(_editing(here.ctx(), form, row))


@page.post("/a/<app>/<id>/<uuid:uid>/edit")
def change(app: str, id: str, uid: object) -> Response | tuple[str, int]:
    form, row = record(app, id, str(uid), "edit")
    fields = entering.writable(here.ctx(), form, row)
    raw = {k: v for k, v in entering.read(form, fields, request.form).items() if request.form.get(f"keep.{k}") != "theirs"}
    try:
        saved = here.write(lambda ctx: _save(ctx, form, row["id"], raw, request.form))
    except Problems as problems:
        return _refused(_editing(here.ctx(), form, row), raw, problems)
    for warning in saved.warnings:
        flash(warning.sentence(g.locale))
    here.tell(here.say("Saved"), saved=_draft_key(form, row))
    return redirect(addresses.of_record(form.key, row["uid"]), 303)


@page.get("/a/<app>/<id>/<uuid:uid>/field/<name>")
def one(app: str, id: str, uid: object, name: str) -> str | tuple[str, int]:
    """The control of one field, to be edited where it stands; ?cancel=1 gives its value back."""
    form, row = record(app, id, str(uid), "edit")
    return _one(form, row, name) if not request.args.get("cancel") else _fact(form, row, name)


@page.post("/a/<app>/<id>/<uuid:uid>/field/<name>")
def change_one(app: str, id: str, uid: object, name: str) -> str | tuple[str, int]:
    form, row = record(app, id, str(uid), "edit")
    try:
        here.write(lambda ctx: save_one(ctx, form, row["id"], name))
    except Problems as problems:
        return _one(form, row, name, problems), 422
    return _fact(form, query.get(here.ctx(), form.key, uid=str(uid)), name)


def record(app: str, id: str, uid: str, verb: str = "see") -> tuple[Form, dict[str, Any]]:
    """The record of an address, as the person may read it; 404 the same for unknown and unseen."""
    form = here.form(app, id, verb)
    return form, query.get(here.ctx(), form.key, uid=uid)


def _save(ctx: Ctx, form: Form, id: int, raw: Mapping[str, Any], posted: Mapping[str, str]) -> Saved:
    """Only what the person changed is sent: what somebody else wrote meanwhile is not undone by an old page."""
    values = entry.parse(ctx, form, raw)
    seen = _seen(ctx, posted.get("seen", ""))
    sent = {k: v for k, v in values.items() if k not in seen or _differs(form.fields[k], v, raw[k], seen[k])}
    revision = posted.get("revision", "")
    saved = save.edit(ctx, form.key, id, sent, int(revision) if revision.isdecimal() and len(revision) < 10 else None)
    entering.attach(ctx, form, id, sent)
    return saved


def _differs(field_: Field, value: Any, raw: Any, seen: Any) -> bool:
    return encode(value, field_.value) != seen and not field_types[field_.type].unchanged(seen, raw)


def _onwards(back: str, chosen: str, uid: str) -> str:
    """Back to where the record was asked for; a form whose picker wanted it hears which one it is."""
    return f"{back}{'&' if '?' in back else '?'}{urlencode({'chosen': chosen, 'chosen.uid': uid})}" if chosen else back


def _known(ctx: Ctx, form: Form, uid: str) -> Saved | None:
    """The record that this very page has made already: sent twice, stored once (SEMANTICS 8)."""
    table = ctx.workspace.tables[form.key]
    found = ctx.connection.execute(select(table.c.id, table.c.creator, table.c.revision).where(table.c.uid == uid)).first() if uid else None
    if found is None:
        return None
    if found.creator != ctx.actor.user:
        raise Problems([Problem("id-in-use", form=form.key)])
    return Saved(found.id, uid, found.revision)


# --- what stands on the page -----------------------------------------------------------------------------------------


def _prefill(ctx: Ctx, entry_: Entry) -> None:
    """From the address (a child made from its parent), from the last entry, from the defaults."""
    form, values = entry_.form, _given(ctx, entry_)
    for name in values:
        entry_.origins[name] = here.say("filled in")
    last = _last(ctx, form)
    for field_ in entry_.fields:
        if last and field_.copy_last and field_.id not in values and not is_empty(last.get(field_.id)):
            values[field_.id] = last[field_.id]
            entry_.origins[field_.id] = here.say("as last time")
    env = environment(ctx, form.key, values, source=rights.reader_source(ctx))
    for name, value in compute.defaults(form, values, env).items():
        values[name] = value
        entry_.origins[name] = here.say("filled in")
    shared = cells.Page.of(ctx, form, entry_.fields, [values])
    entry_.values = {f.id: entering.shown_value(ctx, form, f, values[f.id], shared) for f in entry_.fields if f.id in values}
    entry_.parsed = values


def _given(ctx: Ctx, entry_: Entry) -> dict[str, Any]:
    """Values that the address brings: `?customer=<uid>`, `?text=` for the title; what can't be taken is left aside."""
    raw = {f.id: request.args[f.id] for f in entry_.fields if request.args.get(f.id)}
    if code := request.args.get("code"):
        coded = next((f for f in entry_.fields if f.type == "code"), None)
        raw |= {coded.id: code} if coded else {}
    if text := request.args.get("text"):
        first = next((f for f in entry_.fields if f.type == "text" and (f.search or f.required)), None)
        raw |= {first.id: text} if first and first.id not in raw else {}
    values, _ = entry.parse_leniently(ctx, entry_.form, raw)
    return {k: v for k, v in values.items() if not is_empty(v)}


def _last(ctx: Ctx, form: Form) -> Mapping[str, Any] | None:
    if not any(f.copy_last for f in form.fields.values()):
        return None
    mine = (Filter("creator", "==", references.uid_of(ctx, "user", session.me())),)
    return next(iter(query.page(ctx, query.Query(form.key, mine, sort=(Sort("created_at", True),), limit=1)).rows), None)


def _editing(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> Entry:
    fields = entering.writable(ctx, form, row)
    shared = cells.Page.of(ctx, form, fields, [row])
    values = {f.id: entering.shown_value(ctx, form, f, row.get(f.id), shared, row["id"]) for f in fields}
    hidden = {"record": row["uid"], "revision": str(row["revision"]), "seen": _seal(ctx, form, fields, row)}
    return Entry(form, fields, values, row=row, hidden=hidden)


def _seal(ctx: Ctx, form: Form, fields: tuple[Field, ...], row: Mapping[str, Any]) -> str:
    """The values as this page shows them, so that a save knows which of them its person changed. Signed: it comes back by the browser."""
    plain = {f.id: encode(entering.minute(row[f.id]), f.value) for f in fields if f.id in row and f.value.kind != "records"}
    body = json.dumps(plain, ensure_ascii=False)
    return hmac.new(ctx.workspace.key, body.encode(), hashlib.sha256).hexdigest() + body


def _seen(ctx: Ctx, sealed: str) -> Mapping[str, Any]:
    mark, body = sealed[:64], sealed[64:]
    good = hmac.compare_digest(mark.encode(), hmac.new(ctx.workspace.key, body.encode(), hashlib.sha256).hexdigest().encode())
    found: Mapping[str, Any] = json.loads(body) if good else {}
    return found


def _refused(entry_: Entry, raw: Mapping[str, Any], problems: Problems) -> tuple[str, int]:
    ctx = here.ctx()
    for name, value in raw.items():
        entry_.values[name] = entering.posted_value(ctx, entry_.form.fields[name], value)
    entry_.parsed, _ = entry.parse_leniently(ctx, entry_.form, raw)
    stale = {p.field: str(p.args.get("who", "")) for p in problems if p.code == "stale"}
    row = entry_.row or {}
    entry_.conflicts = {name: (who, display(ctx, entry_.form.fields[name], row.get(name))) for name, who in stale.items()}
    entry_.errors = entering.errors(entry_.form, [p for p in problems if p.code != "stale"], g.locale)
    taken = any(p.code == "id-in-use" for p in problems)
    return _draw(entry_, refused=True), 409 if stale or taken else 422


def _draw(entry_: Entry, refused: bool = False) -> str:
    ctx, form = here.ctx(), entry_.form
    first = rules.at_first(ctx, form, entry_.fields, {**(entry_.row or _plain(entry_)), **entry_.parsed})
    controls = {f.id: _control(ctx, entry_, f, *first[f.id]) for f in entry_.fields}
    sections = [(s.name.in_(g.locale), [controls.pop(n) for n in s.fields if n in controls]) for s in form.layout]
    sections.append((here.say("More") if form.layout else "", list(controls.values())))
    back = addresses.of_record(form.key, entry_.row["uid"]) if entry_.row else entry_.hidden.get("back") or addresses.of_form(form.key)
    known = {f.id for f in form.fields.values()}
    return render_template(
        "form/form.html",
        form=form,
        entry=entry_,
        sections=[(n, c) for n, c in sections if c],
        refused=refused,
        back=back,
        computed=rules.computed(ctx, form, {f.id: f for f in entry_.fields}),
        general=entry_.errors.get("", ""),
        key=_draft_key(form, entry_.row),
        rules=rules.of_form(ctx, form, entry_.fields, entry_.row or _plain(entry_)),
        unplaced=[
            words for name, words in entry_.errors.items() if name and (name not in known or name not in {f.id for f in entry_.fields})
        ],
    )


def _plain(entry_: Entry) -> Mapping[str, Any]:
    """What a new record holds beside its controls: everything is empty, the person is its owner."""
    return {"owner": session.me(), "creator": session.me()}


def _control(ctx: Ctx, entry_: Entry, field_: Field, shown: bool, required: bool) -> Control:
    return entering.control(
        ctx,
        entry_.form,
        field_,
        entry_.values.get(field_.id),
        error=entry_.errors.get(field_.id, ""),
        origin=entry_.origins.get(field_.id, ""),
        required=shown and required,
        conflict=entry_.conflicts.get(field_.id),
        hidden=not shown,
    )


def _draft_key(form: Form, row: Mapping[str, Any] | None) -> str:
    """Of one person: whoever signs in next on this device doesn't find what another one typed."""
    return f"{form.key}:{row['uid'] if row else 'new'}:{references.uid_of(here.ctx(), 'user', session.me())}"


def save_one(ctx: Ctx, form: Form, id: int, name: str) -> Saved:
    """Saves what was posted for one field. Raises Problems."""
    return _save(ctx, form, id, _posted(ctx, form, query.get(ctx, form.key, id=id), name), request.form)


def one_control(form: Form, row: Mapping[str, Any], name: str, problems: Problems | None) -> tuple[Control, dict[str, str]] | None:
    """The control of one field and the hidden values that go with it; after a refusal as it was posted. None where it isn't entered."""
    ctx = here.ctx()
    field_ = next((f for f in entering.writable(ctx, form, row) if f.id == name), None)
    if field_ is None:
        return None
    if problems is None:
        shared = cells.Page.of(ctx, form, [field_], [row])
        value = entering.shown_value(ctx, form, field_, row.get(name), shared, row["id"])
    else:
        value = entering.posted_value(ctx, field_, _posted(ctx, form, row, name).get(name))
    error = " ".join(entering.errors(form, problems, g.locale).values()) if problems else ""
    hidden = {"record": row["uid"], "revision": str(row["revision"]), "seen": _seal(ctx, form, (field_,), row)}
    return entering.control(ctx, form, field_, value, error=error), hidden


def _posted(ctx: Ctx, form: Form, row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return entering.read(form, [f for f in entering.writable(ctx, form, row) if f.id == name], request.form)


def _one(form: Form, row: Mapping[str, Any], name: str, problems: Problems | None = None) -> str:
    drawn = one_control(form, row, name, problems)
    if drawn is None:
        return _fact(form, row, name)
    control, hidden = drawn
    return render_template("form/one.html", control=control, hidden=hidden, url=addresses.of_record(form.key, row["uid"], f"field/{name}"))


def _fact(form: Form, row: Mapping[str, Any], name: str) -> str:
    ctx = here.ctx()
    field_ = query.field_of(form, name)
    shared = cells.Page.of(ctx, form, [field_], [row])
    may = any(f.id == name for f in entering.writable(ctx, form, row))
    return render_template(
        "record/fact.html", cell=shared.cell(field_, row), edit=addresses.of_record(form.key, row["uid"], f"field/{name}") if may else ""
    )


def parsed_link(ctx: Ctx, field_: Field, uid: str) -> int | None:
    """The id behind a uid in an address, with the reader's rights."""
    try:
        return references.look_up(ctx, field_, Reference(uid=uid))
    except Refused:
        return None


def widget_of(field_: Field) -> str:
    return field_types[field_.type].widget
