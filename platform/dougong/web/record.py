"""One record: who it is, where it stands, what happened, what is next (FACE 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dougong.context import Ctx
from dougong.events.images import encode_row
from dougong.events.outbox import Event, append
from dougong.expr.to_python import evaluate
from dougong.problems import Problem, Problems
from dougong.records import comments, compute, history, query, rights, save
from dougong.records.draft import Saved
from dougong.records.filters import Filter
from dougong.records.present import covered
from dougong.records.row import is_empty
from dougong.records.source import RecordSource, environment
from dougong.spec.app import Automation
from dougong.spec.form import Field, Form
from dougong.web import addresses, cells, columns, entering, formats, here, lists, stages, timeline
from dougong.web import form as form_pages

page = Blueprint("record", __name__)
RELATED_ROWS = 20
REACHED = frozenset({"phone", "email", "location"})
"""Types that have a button of their own under the head."""


@dataclass(frozen=True)
class Fact:
    cell: cells.Cell
    edit: str = ""
    why: str = ""


@dataclass(frozen=True)
class Section:
    name: str
    facts: tuple[Fact, ...]
    folded: bool = False


@dataclass(frozen=True)
class Related:
    form: Form
    name: str
    rows: tuple[lists.Row, ...]
    columns: tuple[Field, ...]
    count: query.Count
    all: str
    new: str


@dataclass(frozen=True)
class Head:
    title: str
    facts: tuple[cells.Cell, ...] = ()
    state: cells.Cell | None = None
    reach: tuple[Mapping[str, str], ...] = field(default=())


@page.get("/a/<app>/<id>/<uuid:uid>")
def show(app: str, id: str, uid: object) -> Response:
    """The page, or for a list the panel beside it (FACE 2)."""
    ctx = here.ctx()
    form, row = form_pages.record(app, id, str(uid))
    row = with_live(ctx, form, row)
    fields = columns.readable(ctx, form)
    shared = cells.Page.of(ctx, form, fields, [row])
    children = timeline.children_of(ctx, form)
    allowed = rights.access(ctx, form.key)
    able = entering.writable(ctx, form, row) if _may(ctx, form, row, "edit") else ()
    sections, empty = _sections(ctx, form, row, shared, {f.id for f in able})
    answer = make_response(render_template(
        "record/panel.html" if here.partial("panel") else "record/record.html",
        form=form,
        row=row,
        head=_head(ctx, form, row, fields, shared),
        bar=stages.bar(ctx, form, row),
        sections=sections,
        empty=empty,
        lines=tuple(_lines(ctx, form, row)),
        days=timeline.of(ctx, form, row, children),
        related=sorted((r for child, via in children if (r := _related(ctx, row, child, via, form))), key=lambda r: r.count.number == 0),
        buttons=tuple(a.on.options["name"] for a in buttons(ctx, form)),
        url=addresses.of_record(form.key, row["uid"]),
        list_url=addresses.of_form(form.key),
        may_edit=bool(able),
        may_delete=_may(ctx, form, row, "delete"),
        allowed=allowed,
        primary=_primary(ctx, form, row, children),
        runs=addresses.with_args("/runs", {"app": form.app, "record": row["uid"], "form": form.key}),
        blocker=_blocker(ctx, form, row, shared),
    ))
    answer.vary.add("HX-Target")
    return answer


@page.get("/a/<app>/<id>/<uuid:uid>/why/<name>")
def why(app: str, id: str, uid: object, name: str) -> str:
    """What a computed value follows from: each case with the values it read, in the template's own formulas."""
    ctx = here.ctx()
    form, row = form_pages.record(app, id, str(uid))
    field_ = form.fields.get(name)
    if field_ is None or not field_.computed or covered(ctx, form, field_):
        abort(404)
    row = with_live(ctx, form, row)
    shared = cells.Page.of(ctx, form, columns.readable(ctx, form), [row])
    template = "record/why_sheet.html" if request.headers.get("HX-Request") else "record/why.html"
    return render_template(
        template,
        form=form,
        cell=shared.cell(field_, row),
        cases=tuple(_cases(ctx, form, field_, row)),
        inputs=tuple(_inputs(ctx, form, field_, row, shared)),
        back=addresses.of_record(form.key, row["uid"]),
    )


@page.post("/a/<app>/<id>/<uuid:uid>/comments")
def comment(app: str, id: str, uid: object) -> Response:
    form, _ = form_pages.record(app, id, str(uid))
    try:
        here.write(lambda ctx: comments.add(ctx, form.key, str(uid), request.form.get("body", "")))
    except Problems as problems:
        flash(" ".join(p.sentence(g.locale) for p in problems))
    else:
        here.tell(here.say("Comment added"), saved=f"{form.key}:{uid}:comment")
    return redirect(addresses.of_record(form.key, str(uid)), 303)


@page.post("/a/<app>/<id>/<uuid:uid>/comments/<uuid:which>/<any(delete, restore):what>")
def change_comment(app: str, id: str, uid: object, which: object, what: str) -> Response:
    form, _ = form_pages.record(app, id, str(uid))
    here.write(lambda ctx: comments.set_deleted(ctx, form.key, str(uid), str(which), what == "delete"))
    url = addresses.of_record(form.key, str(uid))
    if what == "delete":
        here.tell(here.say("Comment taken back"), undo=f"{url}/comments/{which}/restore")
    return redirect(url, 303)


@page.post("/a/<app>/<id>/<uuid:uid>/delete")
def delete(app: str, id: str, uid: object) -> Response:
    form, row = form_pages.record(app, id, str(uid), "delete")
    title = cells.Page.of(here.ctx(), form, (), [row]).title(form, row)
    try:
        here.write(lambda ctx: save.delete(ctx, form.key, row["id"]))
    except Problems as problems:
        flash(" ".join(p.sentence(g.locale) for p in problems))
        return redirect(addresses.of_record(form.key, str(uid)), 303)
    here.tell(here.say("Deleted: %(title)s", title=title), undo=addresses.of_record(form.key, str(uid), "restore"))
    return redirect(addresses.of_form(form.key), 303)


@page.post("/a/<app>/<id>/<uuid:uid>/restore")
def restore(app: str, id: str, uid: object) -> Response:
    form = here.form(app, id)
    row = query.get(here.ctx(), form.key, uid=str(uid), deleted=True)
    here.write(lambda ctx: save.restore(ctx, form.key, row["id"]))
    return redirect(addresses.of_record(form.key, str(uid)), 303)


@page.post("/a/<app>/<id>/<uuid:uid>/press")
def press(app: str, id: str, uid: object) -> Response:
    """A button of an automation: who may change the record may press it; what it does is done by the automation."""
    form, row = form_pages.record(app, id, str(uid), "edit")
    words = request.form.get("name", "")
    here.write(lambda ctx: press_one(ctx, form, row["id"], words))
    flash(here.say("“%(button)s” is under way", button=words))
    return redirect(addresses.of_record(form.key, str(uid)), 303)


@page.get("/a/<app>/<id>/<uuid:uid>/since/<int:revision>")
def since(app: str, id: str, uid: object, revision: int) -> str:
    """What others did to the record while it stood open; '' where nothing happened."""
    form, row = form_pages.record(app, id, str(uid))
    ctx = here.ctx()
    seen = {f.id: f.name.in_(g.locale) for f in columns.readable(ctx, form) if not f.system or f.id in ("owner", "stage")}
    written = history.others_since(ctx, form.key, row["id"], revision) if row["revision"] > revision else {}
    told = {field: who for field, who in written.items() if field in seen}
    if not told:
        return ""
    who, names = here.listed(dict.fromkeys(told.values())), here.listed(seen[field] for field in told)
    return render_template("record/since.html", who=who, names=names, url=addresses.of_record(form.key, row["uid"]))


def gone() -> Problem | None:
    """For an address of a record that was deleted: by whom and when, if its reader could see it before."""
    given = request.view_args or {}
    ctx, key = here.ctx(), f"{given.get('app')}.{given.get('id')}"
    try:
        row = query.get(ctx, key, uid=str(given.get("uid", "")), deleted=True)
    except Problems:
        return None
    head = history.entries(ctx, key, row["id"])[0][0]
    return Problem("record-deleted", {"who": head["actor_name"], "at": formats.moment(head["at"], here.reader())})


def press_one(ctx: Ctx, form: Form, id: int, words: str) -> Saved:
    """Raises Problems for a button that is not there, or not this person's to press."""
    if not any(a.on.options["name"] == words for a in buttons(ctx, form)) or not _may(ctx, form, {"id": id}, "edit"):
        raise Problems([Problem("may-not-edit", {"form": form.name.in_(ctx.locale)}, form=form.key)])
    saved = save.edit(ctx, form.key, id, {})  # takes the row's lock, so that the event stands in order
    full = RecordSource(ctx).record(form.key, saved.id) or {}
    append(ctx, Event("pressed", form.key, saved.id, new=encode_row(form, full), name=words))
    return saved


def with_live(ctx: Ctx, form: Form, row: dict[str, Any]) -> dict[str, Any]:
    """The row with its live values, as far as the reader may see what they follow from."""
    full = RecordSource(ctx).record(form.key, row["id"]) or row
    live = compute.live_values(form, full, environment(ctx, form.key, full))
    return {**row, **{k: v for k, v in live.items() if not covered(ctx, form, form.fields[k])}}


def _may(ctx: Ctx, form: Form, row: Mapping[str, Any], verb: str) -> bool:
    full = RecordSource(ctx).record(form.key, row["id"])
    return full is not None and rights.access(ctx, form.key).may(verb) and rights.allows(ctx, form.key, full, verb, RecordSource(ctx))


def _head(ctx: Ctx, form: Form, row: Mapping[str, Any], fields: Sequence[Field], shared: cells.Page) -> Head:
    told = columns.title_fields(form)
    wanted = [f for name in form.face.facts for f in fields if f.id == name]
    if not wanted:
        short = [f for f in fields if f.id not in told and f.type not in columns.LONG and f.type not in REACHED and not f.system]
        wanted = sorted((f for f in short if f.value.kind in ("choice", "record", "text")), key=lists.rank)[:6]
    shown = [c for f in wanted if (c := shared.cell(f, row)) and c.kind != "state"][:3]
    states = [
        c
        for f in fields
        if f.id != "stage" and f.id == (form.face.state or f.id) and (c := shared.cell(f, row)) and c.kind == "state"
    ]
    return Head(
        shared.title(form, row) or here.say("Untitled"), tuple(shown), states[0] if states else None, tuple(_reach(ctx, form, row, fields))
    )


def _reach(ctx: Ctx, form: Form, row: Mapping[str, Any], fields: Sequence[Field]) -> Iterator[Mapping[str, str]]:
    """Only what really opens something; a masked number doesn't."""
    allowed = rights.access(ctx, form.key)
    seen: set[str] = set()
    for f in fields:
        value = row.get(f.id)
        if is_empty(value) or allowed.masked(f.id) or f.type in seen:
            continue
        seen.add(f.type)
        if f.type == "phone":
            yield {"label": here.say("Call"), "url": f"tel:{value}", "icon": "phone"}
            yield {"label": here.say("Text message"), "url": f"sms:{value}", "icon": "message-square"}
        elif f.type == "email":
            yield {"label": here.say("Mail"), "url": f"mailto:{quote(str(value), safe='@')}", "icon": "mail"}
        elif f.type == "location" and isinstance(value, Mapping):
            yield {"label": here.say("Navigate"), "url": f"geo:{value.get('lat')},{value.get('lng')}", "icon": "navigation"}


def _blocker(ctx: Ctx, form: Form, row: Mapping[str, Any], shared: cells.Page) -> Mapping[str, Any] | None:
    """What stands in the way, since when, and whose turn it is: the field that the template's `face` names (FACE 11)."""
    field_ = form.fields.get(form.face.blocker)
    if field_ is None or covered(ctx, form, field_) or not (cell := shared.cell(field_, row)):
        return None
    since = history.last_change(ctx, form.key, row["id"], field_.id) or row["created_at"]
    waits = shared.cell(form.fields["owner"], row).text
    return {"text": cell.text, "since": since, "who": waits, "edit": addresses.of_record(form.key, row["uid"], f"field/{field_.id}")}


def _sections(
    ctx: Ctx, form: Form, row: Mapping[str, Any], shared: cells.Page, able: set[str]
) -> tuple[tuple[Section, ...], tuple[Fact, ...]]:
    """Filled fields by section; the empty ones together, to be folded away."""
    left = {f.id: f for f in columns.readable(ctx, form) if f.value.kind != "records" and f.id != "stage_since"}
    plan = [(s.name.in_(g.locale), [left.pop(n) for n in s.fields if n in left]) for s in form.layout]
    own = [f for f in left.values() if not f.system]
    quiet = [f for f in left.values() if f.system and f.id != "owner"]
    plan += [
        (here.say("More") if plan and own else "", own),
        ("", [f for f in left.values() if f.id == "owner"]),
        (here.say("About this record"), quiet),
    ]
    sections, empty = [], []
    for name, fields in plan:
        facts = [_fact(form, row, shared, f, able) for f in fields]
        filled = tuple(f for f in facts if f.cell)
        empty += [f for f in facts if not f.cell and not f.cell.field.computed]
        if filled:
            sections.append(Section(name, filled, fields is quiet))
    return tuple(sections), tuple(empty)


def _fact(form: Form, row: Mapping[str, Any], shared: cells.Page, f: Field, able: set[str]) -> Fact:
    edit = addresses.of_record(form.key, row["uid"], f"field/{f.id}") if f.id in able else ""
    return Fact(shared.cell(f, row), edit, addresses.of_record(form.key, row["uid"], f"why/{f.id}") if f.computed else "")


def _lines(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for f in form.fields.values():
        child = ctx.workspace.forms.get(f.target)
        if child is None or not child.lines_of or covered(ctx, form, f):
            continue
        found = sorted(rights.reader_source(ctx).children(child.key, "parent", row["id"]), key=lambda r: (r.get("position") or 0, r["id"]))
        if found:
            shown = [c for c in child.fields.values() if not c.system and c.id != "parent" and c.value.kind != "records"]
            shared = cells.Page.of(ctx, child, shown, found)
            yield {"name": f.name.in_(g.locale), "columns": shown, "rows": [[shared.cell(c, r) for c in shown] for r in found]}


def _related(ctx: Ctx, row: Mapping[str, Any], child: Form, via: Field, form: Form) -> Related | None:
    asked = query.Query(child.key, (Filter(via.id, "==", row["uid"]),), limit=RELATED_ROWS)
    try:
        found, hits = query.page(ctx, asked), query.count(ctx, asked, 999)
    except Problems:
        return None
    shown = tuple(f for f in columns.shown(ctx, child, None) if f.id != via.id)[:3]
    here_ = addresses.of_record(form.key, row["uid"])
    may_add = rights.access(ctx, child.key).may("add")
    return Related(
        child,
        child.name.in_(g.locale),
        lists.rows_of(ctx, child, shown, found.rows),
        shown,
        hits,
        addresses.of_form(child.key, **{f"f.{via.id}.is": row["uid"]}),
        addresses.of_new(child.key, **{via.id: row["uid"], "back": here_}) if may_add else "",
    )


def _primary(ctx: Ctx, form: Form, row: Mapping[str, Any], children: Sequence[tuple[Form, Field]]) -> dict[str, str]:
    """The one big button: what the template names, else the first record that is made below this one."""
    able = [(c, via) for c, via in children if rights.access(ctx, c.key).may("add") and c.key == (form.face.adds or c.key)]
    if not able:
        return {}
    child, via = able[0]
    url = addresses.of_new(child.key, **{via.id: row["uid"], "back": addresses.of_record(form.key, row["uid"])})
    return {"label": here.say("Add %(form)s", form=here.name_in(child)), "url": url}


def buttons(ctx: Ctx, form: Form) -> list[Automation]:
    app = ctx.workspace.apps.get(form.app)
    rules = app.automations.values() if app else ()
    return [a for a in rules if a.on.kind == "pressed" and a.on.form == form.key and a.enabled and not a.broken]


def _cases(ctx: Ctx, form: Form, f: Field, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    full = RecordSource(ctx).record(form.key, row["id"]) or row
    env = environment(ctx, form.key, full)
    decided = False
    for case in f.cases:
        holds = case.if_ is None or bool(evaluate(case.if_, env))
        then = str(compute.value_of(case.then, env) or "")
        name = f.choices[then].name.in_(g.locale) if then in f.choices else then
        yield {"if": case.if_.source if case.if_ else "", "holds": holds and not decided, "skipped": decided, "then": name}
        decided = decided or holds


def _inputs(ctx: Ctx, form: Form, f: Field, row: Mapping[str, Any], shared: cells.Page) -> Iterator[cells.Cell]:
    """The record's own fields that the formula reads, with what stands in them now."""
    formulas = [f.formula, *(c.if_ for c in f.cases)]
    names = dict.fromkeys(path[0] for e in formulas if e is not None for path in sorted(e.reads) if path)
    for name in names:
        other = form.fields.get(name)
        if other is None or covered(ctx, form, other):
            continue
        if other.value.kind == "records" and other.via:
            number = len(rights.reader_source(ctx).children(other.target, other.via, row["id"]))
            yield replace(shared.cell(replace(other, value=replace(other.value, kind="text")), {}), text=str(number))
        else:
            yield shared.cell(other, row)
