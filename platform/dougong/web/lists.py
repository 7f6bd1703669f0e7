"""A form's records: views, filters, search, sorting, pages, and the filtered list as a file (FACE 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from dougong.context import Ctx
from dougong.fields.base import field_types
from dougong.people import arrangements
from dougong.problems import Problems
from dougong.records import query, references, rights
from dougong.spec.app import View
from dougong.spec.form import Field, Form
from dougong.web import addresses, cells, columns, exports, here, list_state, session
from dougong.web.list_state import State

page = Blueprint("lists", __name__)
PAGE_ROWS = 50


@dataclass(frozen=True)
class Row:
    uid: str
    url: str
    name: str
    marked: Markup
    cells: tuple[cells.Cell, ...]
    late: datetime | None


@dataclass(frozen=True)
class Column:
    """`sort` is the address that sorts by it ('' where that can't be), `order` what `aria-sort` says."""

    field: Field | None
    name: str
    css: str
    sort: str = ""
    order: str = ""


@page.get("/a/<app>/<id>")
def show(app: str, id: str) -> str | tuple[str, int] | Response:
    form = here.form(app, id)
    state = state_of(form, request.args)
    found: query.Page | None = None
    faults: tuple[str, ...] = ()
    try:
        found = query.page(here.ctx(), query_of(here.ctx(), state, PAGE_ROWS))
    except Problems as problems:
        faults = tuple(p.sentence(g.locale) for p in problems)
    words = _page(form, state, found, faults)
    template = "list/body.html" if here.partial("list") else "list/list.html"
    answer = make_response(render_template(template, **words), 422 if faults else 200)
    answer.vary.add("HX-Target")
    return answer


@page.get("/a/<app>/<id>/count")
def count(app: str, id: str) -> str:
    """The hits of a filter that is being put together."""
    form = here.form(app, id)
    state = state_of(form, request.args)
    try:
        hits = query.count(here.ctx(), query_of(here.ctx(), state, 1))
    except Problems:
        return here.say("Show the list")
    return render_template("list/hits.html", hits=hits)


@page.get("/a/<app>/<id>/export.<any(csv, xlsx):kind>")
def export(app: str, id: str, kind: str) -> Response:
    """The list as it is filtered, in chunks; who may not export the form gets nothing, who does is noted."""
    form = here.form(app, id, "export")
    state = state_of(form, request.args)
    return exports.send(form, query_of(here.ctx(), state, exports.CHUNK), kind, exported(form, state))


def exported(form: Form, state: State) -> tuple[str, ...]:
    """The columns that a file gets: what the reader chose, with the title before it; else the view's."""
    title = columns.title_field(form)
    own = (*([title.id] if title else []), *state.columns) if state.columns else ()
    return own or (state.view.columns if state.view else ())


def state_of(form: Form, args: MultiDict[str, str]) -> State:
    """With the columns that the reader chose. A view of one's own opens without what is no more the reader's to ask for."""
    ctx = here.ctx()
    state = list_state.read(form, views_of(ctx, form), args)
    if not any(own.uid == state.own for own in _own(ctx, form)):
        state = replace(state, own="")
    if state.own:
        masked = rights.access(ctx, form.key).masked
        state = state.within({f.id for f in columns.readable(ctx, form) if not masked(f.id)})
    kept = arrangements.chosen(ctx.connection, session.me(), state.place) or ()
    return replace(state, columns=tuple(str(name) for name in kept))


def views_of(ctx: Ctx, form: Form) -> tuple[View, ...]:
    app = ctx.workspace.apps.get(form.app)
    return tuple(v for v in app.views.values() if v.form == form.key) if app else ()


def query_of(ctx: Ctx, state: State, limit: int) -> query.Query:
    me_uid = references.uid_of(ctx, "user", session.me())
    where = state.view.if_ if state.view else None
    return query.Query(state.form.key, state.filters(me_uid), where, state.search, state.sorts(), limit, state.after)


def rows_of(ctx: Ctx, form: Form, fields: Sequence[Field], found: Sequence[Mapping[str, Any]], search: str = "") -> tuple[Row, ...]:
    shared = cells.Page.of(ctx, form, fields, found)
    limits = cells.limits(ctx, form)
    out = []
    for row in found:
        name = shared.title(form, row) or here.say("Untitled")
        url = addresses.of_record(form.key, row["uid"])
        values = tuple(shared.cell(f, row) for f in fields)
        out.append(Row(row["uid"], url, name, cells.marked(name, search), values, cells.late_since(ctx, limits, row)))
    return tuple(out)


def _page(form: Form, state: State, found: query.Page | None, faults: tuple[str, ...]) -> dict[str, Any]:
    ctx = here.ctx()
    allowed = rights.access(ctx, form.key)
    fields = columns.shown(ctx, form, state.view, state.columns)
    hits = query.count(ctx, query_of(ctx, state, 1)) if found else query.Count(0, True)
    return {
        "form": form,
        "state": state,
        "faults": faults,
        "hits": hits,
        "columns": _columns(ctx, form, fields, state),
        "rows": rows_of(ctx, form, fields, found.rows, state.search) if found else (),
        "here": addresses.with_args(addresses.of_form(form.key), state.args),
        "next": _with(state, after=found.next) if found and found.next else "",
        "first": _with(state) if state.after else "",
        "chips": _chips(ctx, form, state),
        "active": tuple(_active(ctx, form, state)),
        "filters": columns.filterable(ctx, form),
        "may_add": allowed.may("add"),
        "new": addresses.of_new(form.key),
        "import_": addresses.of_form(form.key) + "/import" if allowed.may("import") else "",
        "export": addresses.with_args(addresses.of_form(form.key) + "/export.xlsx", state.args) if allowed.may("export") else "",
        "clear": addresses.of_form(form.key, view=state.view.id if state.view else ""),
        "types": field_types,
        "picker": addresses.of_picker,
        "chosen": _chosen(ctx, form, state),
        "offered": _offered(ctx, form, fields),
        "query": addresses.with_args("", state.args).removeprefix("?"),
        "path": addresses.of_form(form.key),
        "own": next((v for v in _own(ctx, form) if v.uid == state.own), None),
        "roles": [(role.id, role.name.in_(g.locale)) for role in ctx.workspace.apps[form.app].roles.values()],
    }


def _offered(ctx: Ctx, form: Form, shown: Sequence[Field]) -> tuple[tuple[Field, bool], ...]:
    """All columns that one may choose, those that stand there first, in their order."""
    rest = [f for f in columns.offered(ctx, form) if f not in shown]
    return tuple([(f, True) for f in shown] + [(f, False) for f in rest])


def _own(ctx: Ctx, form: Form) -> Sequence[arrangements.OwnView]:
    return arrangements.views(ctx.connection, session.me(), ctx.actor.roles, form.key)


def _columns(ctx: Ctx, form: Form, fields: Sequence[Field], state: State) -> tuple[Column, ...]:
    """The title first; on the phone the first amount stands beside it and two facts below."""
    title = columns.title_field(form)
    able = columns.sortable(ctx, form, [*fields, *([title] if title else [])])
    out = [_column(title, title.name.in_(g.locale) if title else form.name.in_(g.locale), "name", able, state)]
    amount = next((f for f in fields if f.value.unit == "money"), None)
    facts = sorted((f for f in fields if not cells.is_number(f)), key=rank)[:2]
    for field in fields:
        css = "amount" if field is amount else "fact" if field in facts else "rest num" if cells.is_number(field) else "rest"
        out.append(_column(field, field.name.in_(g.locale), css, able, state))
    return tuple(out)


def rank(field: Field) -> int:
    """What tells most in one word comes first: a state, a choice, another record; then text, times last."""
    if field.value.kind == "choice":
        return 0 if columns.is_state(field) else 1
    return {"record": 2, "text": 3, "list": 4, "date": 5}.get(field.value.kind, 6)


def _column(field: Field | None, name: str, css: str, able: frozenset[str], state: State) -> Column:
    if field is None or field.id not in able:
        return Column(field, name, css)
    now = next((s for s in state.sorts()[:1] if s.field == field.id), None)
    order = "" if now is None else "descending" if now.descending else "ascending"
    return Column(field, name, css, _with(state, sort=f"-{field.id}" if order == "ascending" else field.id), order)


def _with(state: State, **changes: Any) -> str:
    return addresses.with_args(addresses.of_form(state.form.key), {**state.args, **changes})


def _chips(ctx: Ctx, form: Form, state: State) -> list[dict[str, Any]]:
    """All, mine, and the app's views; the chip one stands on is marked."""
    plain = state.view is None and not state.own
    mine = plain and state.given == (("f.owner.is", (list_state.ME,)),)
    base = addresses.of_form(form.key)
    chips: list[dict[str, Any]] = [{"label": here.say("All"), "url": base, "current": plain and not mine}]
    if any(f.id == "owner" for f in columns.filterable(ctx, form)):
        chips.append({"label": here.say("Mine"), "url": addresses.with_args(base, {"f.owner.is": list_state.ME}), "current": mine})
    for view in views_of(ctx, form):
        if view.kind == "list":
            here_ = state.view == view and not state.own
            chips.append({"label": view.name.in_(g.locale), "url": addresses.with_args(base, {"view": view.id}), "current": here_})
    for own in _own(ctx, form):
        url = f"{base}?own={own.uid}&{own.args}".rstrip("&")
        chips.append({"label": own.name, "url": url, "current": state.own == own.uid})
    return chips


def _active(ctx: Ctx, form: Form, state: State) -> Iterator[dict[str, str]]:
    """The filters in words, each with the address without it."""
    words = {
        "lt": "<",
        "le": "≤",
        "gt": ">",
        "ge": "≥",
        "not": "≠",
        "has": here.say("contains"),
        "empty": here.say("is empty"),
        "filled": here.say("is not empty"),
    }
    chosen = _chosen(ctx, form, state)
    for name, values in state.given:
        id, _, op = name.removeprefix("f.").rpartition(".")
        field = form.fields.get(id)
        if field is None:
            continue
        said = "" if op in ("empty", "filled") else here.listed(_said(field, v, chosen) for v in values)
        text = " ".join(filter(None, (field.name.in_(g.locale), words.get(op, ""), said)))
        yield {"text": text, "url": addresses.with_args(addresses.of_form(form.key), state.without(name).args)}


def _said(field: Field, written: str, chosen: Mapping[str, str]) -> str:
    if field.choices and written in field.choices:
        return field.choices[written].name.in_(g.locale)
    if field.value.kind == "yes_no":
        return here.say("yes") if written in ("1", "true") else here.say("no")
    return here.say("me") if written == list_state.ME else chosen.get(written, written)


def _chosen(ctx: Ctx, form: Form, state: State) -> dict[str, str]:
    """Titles of the records that filters name, by uid; one the reader may not see has none."""
    out: dict[str, str] = {}
    for name, values in state.given:
        field = form.fields.get(name.removeprefix("f.").rpartition(".")[0])
        target = cells.target_of(field.value) if field else ""
        for uid in values if target else ():
            if uid != list_state.ME and len(uid) == 36:
                out |= _title(ctx, target, uid)
    return out


def _title(ctx: Ctx, target: str, uid: str) -> dict[str, str]:
    try:
        row = query.get(ctx, target, uid=uid)
    except Problems:
        return {}
    shared = cells.Page.of(ctx, ctx.workspace.forms[target], (), [row])
    return {uid: shared.title(ctx.workspace.forms[target], row)}


def view_named(ctx: Ctx, app: str, id: str) -> View:
    found = ctx.workspace.apps.get(app)
    if found is None or id not in found.views:
        abort(404)
    return found.views[id]
