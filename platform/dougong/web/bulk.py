"""What is done to many records at once from a list: each by itself on the one path, each refusal told by name (THREATS S40).

What was done is taken back by its entries in the history: they stand together, because one transaction wrote them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, abort, g, render_template, request
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from dougong.context import Ctx
from dougong.expr.values import decode
from dougong.fields.base import field_types
from dougong.problems import Problem, Problems
from dougong.records import entry, history, query, rights, save
from dougong.records.draft import Saved
from dougong.spec.form import Field, Form
from dougong.web import addresses, cells, columns, entering, exports, here, list_state, lists, record, session

page = Blueprint("bulk", __name__)
MOST = 1000
"""Records in one request; a save is not cheap, and somebody waits."""
Work = Callable[[Ctx, int], Saved]


@dataclass(frozen=True)
class Refused:
    name: str
    url: str
    why: str


@dataclass(frozen=True)
class Done:
    """`first` and `last` bound the entries in the history that this wrote."""

    count: int
    refused: tuple[Refused, ...]
    first: int
    last: int


@page.get("/a/<app>/<id>/bulk/sheet")
def sheet(app: str, id: str) -> str:
    """The sheet in which a field and its value are chosen; ?field= is already chosen, as `owner` is for handing on."""
    form = here.form(app, id, "edit")
    fields = settable(here.ctx(), form)
    chosen = next((f for f in fields if f.id == request.args.get("field")), None)
    back = urlsplit(request.headers.get("HX-Current-URL", ""))
    return render_template(
        "list/bulk_sheet.html",
        form=form,
        fields=fields,
        chosen=chosen,
        fixed=chosen is not None,
        control=_control(form, chosen) if chosen else None,
        count=request.args.get("count", ""),
        back=session.local(f"{back.path}?{back.query}") if back.path else addresses.of_form(form.key),
    )


@page.get("/a/<app>/<id>/bulk/control")
def control(app: str, id: str) -> str:
    form = here.form(app, id, "edit")
    chosen = next((f for f in settable(here.ctx(), form) if f.id == request.args.get("field")), None)
    return render_template("list/bulk_control.html", control=_control(form, chosen)) if chosen else ""


@page.post("/a/<app>/<id>/bulk/sums")
def sums(app: str, id: str) -> str:
    """How many are ticked, and the total of each number that the list shows."""
    form = here.form(app, id)
    ctx, asked, state = here.ctx(), _asked(form), _state(form)
    shown = [f for f in columns.shown(ctx, form, state.view, state.columns) if cells.is_number(f) and f.value.unit != "percent"]
    totals = query.sums(ctx, asked, shown)
    told = [(f.name.in_(g.locale), cells.Page.of(ctx, form, [f], []).cell(f, {f.id: totals[f.id]})) for f in shown if totals.get(f.id)]
    return render_template("list/sums.html", count=query.count(ctx, asked), totals=told)


@page.post("/a/<app>/<id>/bulk/export")
def export(app: str, id: str) -> Response:
    form = here.form(app, id, "export")
    return exports.send(form, replace(_asked(form), limit=exports.CHUNK), "xlsx", lists.exported(form, _state(form)))


@page.post("/a/<app>/<id>/bulk")
def do(app: str, id: str) -> AnyResponse | str:
    """One act on the ticked records: set a field, delete, press a button."""
    what = request.form.get("do", "")
    form = here.form(app, id, "delete" if what == "delete" else "edit")
    back = session.local(request.form.get("back", "")) if request.form.get("back") else addresses.of_form(form.key)
    try:
        done = here.write(lambda ctx: _all(ctx, form, _work(ctx, form, what)))
    except Problems as problems:
        here.tell(" ".join(p.sentence(g.locale) for p in problems))
        return here.go(back)
    undo = addresses.of_form(form.key) + f"/bulk/undo/{done.first}-{done.last}" if done.last and what != "press" else ""
    if not done.refused:
        here.tell(_told(what, done.count), undo=undo)
        return here.go(back)
    return render_template("list/report.html", form=form, told=_told(what, done.count), done=done, back=back, undo=undo)


@page.post("/a/<app>/<id>/bulk/undo/<int:first>-<int:last>")
def undo(app: str, id: str, first: int, last: int) -> AnyResponse:
    form = here.form(app, id)
    refused = here.write(lambda ctx: sum(not _back(ctx, form, head, values) for head, values in _entries(ctx, form, first, last)))
    here.tell(here.say("%(n)s could not be taken back: somebody has changed them since.", n=refused) if refused else here.say("Taken back"))
    return here.go(addresses.of_form(form.key))


def settable(ctx: Ctx, form: Form) -> tuple[Field, ...]:
    """Fields that may hold the same value in many records."""
    able = entering.writable(ctx, form, {})
    return tuple(f for f in able if not f.unique and f.type not in columns.LONG | {"checklist"} and f.value.kind not in ("file", "records"))


def buttons(ctx: Ctx, form: Form) -> tuple[str, ...]:
    """The words of the buttons that the app declares for many records."""
    return tuple(a.on.options["name"] for a in record.buttons(ctx, form) if a.on.options.get("bulk"))


def _work(ctx: Ctx, form: Form, what: str) -> Work:
    if what == "delete":
        return lambda ctx, id: save.delete(ctx, form.key, id)
    if what == "press":
        words = request.form.get("name", "")
        if words not in buttons(ctx, form):
            abort(404)
        return lambda ctx, id: record.press_one(ctx, form, id, words)
    chosen = next((f for f in settable(ctx, form) if f.id == request.form.get("field")), None)
    if what != "set" or chosen is None:
        abort(404)
    values = entry.parse(ctx, form, {chosen.id: _raw(form, chosen)})
    return lambda ctx, id: save.edit(ctx, form.key, id, values)


def _raw(form: Form, chosen: Field) -> Any:
    return entering.read(form, [chosen], request.form).get(chosen.id, "")


def _all(ctx: Ctx, form: Form, work: Work) -> Done:
    asked = _asked(form)
    ids = list(ctx.connection.execute(query.ids(ctx, asked).limit(MOST + 1)).scalars())
    if len(ids) > MOST:
        raise Problems([Problem("bulk-too-many", {"limit": MOST}, form=form.key)])
    before = ctx.connection.execute(select(func.max(history.history_table.c.id))).scalar() or 0
    faults = {id: found for id in sorted(ids) if (found := _one(ctx, work, id))}
    gone = len(asked.among) - len(ids) if asked.among is not None else 0
    first, last = _written(ctx, form, before)
    return Done(len(ids) - len(faults), tuple(_refusals(ctx, form, faults, gone)), first, last)


def _one(ctx: Ctx, work: Work, id: int) -> Problems | None:
    try:
        with ctx.connection.begin_nested():
            work(ctx, id)
    except Problems as problems:
        return problems
    return None


def _refusals(ctx: Ctx, form: Form, faults: Mapping[int, Problems], gone: int) -> Iterator[Refused]:
    for row in query.by_ids(ctx, form.key, list(faults)):
        name = cells.Page.of(ctx, form, (), [row]).title(form, row) or here.say("Untitled")
        why = " ".join(dict.fromkeys(p.sentence(ctx.locale) for p in faults[row["id"]]))
        yield Refused(name, addresses.of_record(form.key, row["uid"]), why)
    if gone:
        yield Refused(here.say("%(n)s records", n=gone), "", here.say("They were deleted meanwhile, or are no longer yours to see."))


def _written(ctx: Ctx, form: Form, before: int) -> tuple[int, int]:
    h = history.history_table.c
    mine = (h.id > before, h.form == form.key, h.actor == ctx.actor.user, h.at == ctx.now)
    first, last = ctx.connection.execute(select(func.min(h.id), func.max(h.id)).where(*mine)).one()
    return first or 0, last or 0


def _entries(ctx: Ctx, form: Form, first: int, last: int) -> list[tuple[Mapping[Any, Any], list[Mapping[Any, Any]]]]:
    """One's own entries of that act; others may stand between them."""
    h, v = history.history_table.c, history.value_table
    if last - first > MOST * 20:
        abort(404)
    mine = (h.id.between(first, last), h.form == form.key, h.actor == ctx.actor.user)
    heads = ctx.connection.execute(select(history.history_table).where(*mine).order_by(h.id.desc())).mappings().all()
    at = heads[0]["at"] if heads else None
    values: dict[int, list[Mapping[Any, Any]]] = {}
    for row in ctx.connection.execute(select(v).where(v.c.history.between(first, last))).mappings():
        values.setdefault(row["history"], []).append(cast(Mapping[Any, Any], row))
    return [(cast(Mapping[Any, Any], head), values.get(head["id"], [])) for head in heads if head["at"] == at]


def _back(ctx: Ctx, form: Form, head: Mapping[Any, Any], values: list[Mapping[Any, Any]]) -> bool:
    """False where the record went its own way since."""

    def work(ctx: Ctx, id: int) -> Saved:
        if head["kind"] == "delete":
            query.get(ctx, form.key, id=id, deleted=True)
            return save.restore(ctx, form.key, id)
        if head["kind"] != "edit":
            raise Problems([Problem("no-such-record", form=form.key)])
        query.get(ctx, form.key, id=id)
        able = {f.id: f for f in settable(ctx, form)}
        before = {v["field"]: decode(v["old"], able[v["field"]].value) for v in values if v["field"] in able}
        return save.edit(ctx, form.key, id, before, head["revision"])

    return _one(ctx, work, head["record"]) is None


def _asked(form: Form) -> query.Query:
    """The ticked records, or all that the list's address shows."""
    asked = lists.query_of(here.ctx(), _state(form), 1)
    return replace(asked, cursor="", among=None if request.form.get("all") else tuple(request.form.getlist("uid")[:MOST]))


def _state(form: Form) -> list_state.State:
    """Without a filter where single records were ticked: they may have left the list meanwhile."""
    given = parse_qsl(request.form.get("list", "")) if request.form.get("all") else []
    return lists.state_of(form, MultiDict(given))


def _control(form: Form, chosen: Field) -> entering.Control:
    ctx = here.ctx()
    kind = field_types[chosen.type]
    return entering.control(ctx, form, chosen, [] if kind.widget in ("links", "choices") else None, required=chosen.required)


def _told(what: str, count: int) -> str:
    if what == "delete":
        return here.say("%(n)s deleted", n=count)
    return here.say("Started for %(n)s", n=count) if what == "press" else here.say("%(n)s changed", n=count)


def may(ctx: Ctx, form: Form) -> Mapping[str, Any]:
    """What the list offers for ticked records; nothing ticks where nothing may be done."""
    allowed = rights.access(ctx, form.key)
    edit = allowed.may("edit")
    offers = {
        "set": edit,
        "assign": edit and any(f.id == "owner" for f in settable(ctx, form)),
        "delete": allowed.may("delete"),
        "export": allowed.may("export"),
        "buttons": buttons(ctx, form) if edit else (),
    }
    return {**offers, "any": any(offers.values())}
