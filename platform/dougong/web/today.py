"""今日: what to do now, today's records, what stands still; declared by `home:` of the app, else worked out (FACE 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, render_template
from werkzeug.wrappers import Response

from dougong.context import Ctx
from dougong.notify import message
from dougong.problems import Problems
from dougong.records import ask_later, query, references, rights, save
from dougong.records.filters import Filter
from dougong.records.row import has_columns
from dougong.spec.app import App, Home, Sort, View
from dougong.spec.form import Field, Form
from dougong.web import addresses, cells, columns, here, inbox, lists, needs, session, shell

page = Blueprint("today", __name__)
AT_FIRST = 3
MOST = 20


@dataclass(frozen=True)
class Line:
    name: str
    facts: str = ""
    url: str = ""
    time: str = ""
    late: str = ""
    button: str = ""
    post: str = ""  # an address that the button posts to instead
    due: datetime | None = None


@dataclass(frozen=True)
class Strip:
    """Something of mine that has begun and not ended; its button ends it."""

    name: str
    what: str
    url: str
    since: datetime
    end: str


@dataclass(frozen=True)
class Card:
    """`more` counts what is not shown; `kind` is 'list', 'figures' or 'needs'."""

    title: str
    lines: tuple[Line, ...] = ()
    url: str = ""
    more: int = 0
    kind: str = "list"
    figures: tuple[Mapping[str, Any], ...] = ()
    empty: str = ""
    groups: tuple[needs.Group, ...] = ()


@page.get("/")
def show() -> str:
    ctx = here.ctx()
    found = shell.home_of(ctx)
    cards = list(_declared(ctx, *found)) if found and found[1].cards else list(_worked_out(ctx))
    left, right = _columns(cards)
    strips = tuple(_running(ctx, *found)) if found else ()
    return render_template("home/today.html", left=left, right=right, strips=strips, apps=ctx.workspace.apps)


@page.post("/running/<app>/<id>/<uuid:uid>/begin")
def begin(app: str, id: str, uid: object) -> Response:
    """What was planned begins, now; one that has begun already stays as it is."""
    form, spec, row = _runs(app, id, str(uid))
    url = addresses.of_record(form.key, row["uid"])
    try:
        if row.get(spec["since"]) is None:
            here.write(lambda ctx: save.edit(ctx, form.key, row["id"], {spec["since"]: ctx.now}))
    except Problems as problems:
        flash(" ".join(p.sentence(g.locale) for p in problems))
    return here.go(url)


def _runs(app: str, id: str, uid: str) -> tuple[Form, Mapping[str, str], Mapping[str, Any]]:
    ctx = here.ctx()
    form, found = here.form(app, id, "edit"), shell.home_of(ctx)
    spec = next((s for f, s in _started(ctx, *found) if f == form), None) if found else None
    return (form, spec, query.get(ctx, form.key, uid=uid)) if spec else abort(404)


@page.post("/running/<app>/<id>/<uuid:uid>/end")
def end(app: str, id: str, uid: object) -> Response:
    """Ends what runs, now; then on to what is still to be said about it, where something is."""
    form, spec, row = _runs(app, id, str(uid))
    try:
        here.write(lambda ctx: save.edit(ctx, form.key, row["id"], {spec["until"]: ctx.now}))
    except Problems as problems:
        flash(" ".join(p.sentence(g.locale) for p in problems))
        return here.go(addresses.of_record(form.key, row["uid"]))
    owed = any(ask_later.missing(form, rule, row) for rule in form.ask_later if rule.since == spec["until"])
    return here.go(addresses.of_record(form.key, row["uid"], "edit" if owed else ""))


def _columns(cards: Sequence[Card]) -> tuple[Sequence[Card], Sequence[Card]]:
    """Two columns at the desk, about as long as each other; on the phone the declared order stays."""
    at = min(range(1, len(cards) + 1), key=lambda n: abs(_height(cards[:n]) - _height(cards[n:])), default=0)
    return (cards[:at], cards[at:]) if len(cards) > 2 else (cards, ())


def _height(cards: Sequence[Card]) -> int:
    return sum(2 + max(1, len(c.lines) + sum(1 + len(group.open) + len(group.done) for group in c.groups)) for c in cards)


def _started(ctx: Ctx, app: App, home: Home) -> Iterator[tuple[Form, Mapping[str, str]]]:
    """What the home declares to be running while `since` is past and `until` is empty."""
    for item in home.cards:
        spec = item.get("running") if isinstance(item, Mapping) else None
        form = app.forms.get(spec["form"]) if spec else None
        if spec and form and rights.access(ctx, form.key).may("edit"):
            yield form, spec


def _running(ctx: Ctx, app: App, home: Home) -> Iterator[Strip]:
    for form, spec in _started(ctx, app, home):
        # conditions are asked by the minute: what began within this one has begun
        by_now = (ctx.now + timedelta(minutes=1)).astimezone(ctx.workspace.calendar.zone).strftime("%Y-%m-%d %H:%M")
        mine = Filter("owner", "==", references.uid_of(ctx, "user", session.me()))
        going = (mine, Filter(spec["since"], "<=", by_now), Filter(spec["until"], "is empty"))
        for row in query.page(ctx, query.Query(form.key, going, sort=(Sort(spec["since"], True),), limit=2)).rows:
            url = addresses.of_record(form.key, row["uid"])
            name = cells.Page.of(ctx, form, (), [row]).title(form, row)
            yield Strip(name, form.name.in_(g.locale), url, row[spec["since"]], f"/running/{form.app}/{form.id}/{row['uid']}/end")


def _declared(ctx: Ctx, app: App, home: Home) -> Iterator[Card]:
    cards, runs = home.cards, {form.key: spec for form, spec in _started(ctx, app, home)}
    for item in cards:
        if item == "do_now":
            yield _do_now(ctx)
        elif isinstance(item, Mapping) and item.get("view") in app.views:
            view = app.views[item["view"]]
            if card := _view(ctx, view, int(item.get("top", AT_FIRST)), runs.get(view.form)):
                yield card
        elif isinstance(item, Mapping) and item.get("figures"):
            yield _figures(ctx, app, item["figures"])
        elif isinstance(item, Mapping) and "needs_me" in item:
            groups = needs.groups(ctx, needs.views_of(ctx))
            yield Card(here.say("Needs you"), kind="needs", groups=groups)
        elif item == "today":
            yield from _today(ctx)
        elif item == "stuck":
            yield from _stuck(ctx)


def _worked_out(ctx: Ctx) -> Iterator[Card]:
    """For an app that says nothing about its home."""
    yield _do_now(ctx)
    yield from _today(ctx)
    yield from _stuck(ctx)
    for app in ctx.workspace.apps.values():
        views = [v for v in app.views.values() if v.kind == "list"]
        yield from (card for v in views[:2] if (card := _view(ctx, v, AT_FIRST)) and card.lines)
        for form in shell.menu_forms(ctx, app)[:2]:
            yield _newest(ctx, form)


def _do_now(ctx: Ctx) -> Card:
    """At most three, by time left: pop-ups that wait for a word, and fields that are due."""
    lines = sorted([*_popups(ctx), *_demands(ctx)], key=lambda line: line.due or ctx.now)
    return Card(
        here.say("To do now"), tuple(lines[:AT_FIRST]), "", max(0, len(lines) - AT_FIRST), empty=here.say("Nothing is waiting for you.")
    )


def _popups(ctx: Ctx) -> Iterator[Line]:
    for one in message.popups(ctx, session.me()):
        url = inbox.url_of(ctx, one["form"], one["record"])
        name = _title(ctx, one["form"], one["record"]) if url else one["title"]
        yield Line(
            name, one["title"] if url else one["body"], url, button=here.say("Seen"), post=f"/popups/{one['uid']}/seen", due=one["at"]
        )


def _demands(ctx: Ctx) -> Iterator[Line]:
    """My records in which a field that is asked for later is still empty."""
    for demand in ask_later.demands(ctx):
        title = cells.Page.of(ctx, demand.form, (), [demand.row]).title(demand.form, demand.row)
        fill = here.say("Fill in: %(fields)s", fields=here.listed(f.name.in_(g.locale) for f in demand.missing))
        over = here.say("due %(time)s", time=here.due_words(demand.due))
        late = demand.due <= ctx.now
        url = addresses.of_record(demand.form.key, demand.row["uid"], "edit")
        facts = fill if late else f"{fill} · {over}"
        yield Line(title, facts, url, late=over if late else "", button=here.say("Fill in"), due=demand.due)


def _today(ctx: Ctx) -> Iterator[Card]:
    """Per form with a date of its own: my records of this day, along the clock."""
    for app in ctx.workspace.apps.values():
        for form in shell.menu_forms(ctx, app):
            field = _day_field(ctx, form)
            if field and (card := _of_today(ctx, form, field)):
                yield card


def _of_today(ctx: Ctx, form: Form, field: Field) -> Card | None:
    day = ctx.workspace.calendar.day_of(ctx.now).isoformat()
    edges = [f"{day} 00:00", f"{day} 23:59"] if field.value.kind == "datetime" else [day, day]
    mine = (Filter("owner", "==", references.uid_of(ctx, "user", session.me())), Filter(field.id, "between", edges))
    rows = query.page(ctx, query.Query(form.key, mine, sort=(Sort(field.id),), limit=MOST)).rows
    shown = tuple(f for f in columns.shown(ctx, form, None) if f.id != field.id)[:2]
    lines = []
    for row, found in zip(rows, lists.rows_of(ctx, form, shown, rows), strict=True):
        at = row[field.id]
        lines.append(Line(found.name, _facts(found), found.url, time=here.clock(at) if isinstance(at, datetime) else ""))
    title = here.say("Today: %(form)s", form=here.name_in(form))
    return Card(title, tuple(lines), addresses.of_form(form.key, **{f"f.{field.id}.ge": day, f"f.{field.id}.le": day})) if lines else None


def _stuck(ctx: Ctx) -> Iterator[Card]:
    """Per form with an `inactive` rule: what has stood still longest, beyond the rule's first level."""
    for app in ctx.workspace.apps.values():
        for form in shell.menu_forms(ctx, app):
            allowed = rights.access(ctx, form.key)
            for since, after in cells.limits(ctx, form)[:1]:
                if since not in form.fields or allowed.masked(since) or not has_columns(form.fields[since]):
                    continue
                edge = ctx.workspace.calendar.plus(ctx.now, -after).astimezone(ctx.workspace.calendar.zone)
                asked = query.Query(form.key, (Filter(since, "<=", edge.strftime("%Y-%m-%d %H:%M")),), sort=(Sort(since),), limit=AT_FIRST)
                rows = query.page(ctx, asked).rows
                if not rows:
                    continue
                lines = [_still(r) for r in lists.rows_of(ctx, form, columns.shown(ctx, form, None)[:2], rows)]
                hits = query.count(ctx, asked, 999).number
                url = addresses.of_form(form.key, **{f"f.{since}.le": edge.strftime("%Y-%m-%d %H:%M"), "sort": since})
                yield Card(here.say("Standing still: %(form)s", form=here.name_in(form)), tuple(lines), url, max(0, hits - len(lines)))


def _still(row: lists.Row) -> Line:
    return Line(row.name, _facts(row), row.url, late=here.still(row.late) if row.late else "")


def _view(ctx: Ctx, view: View, top: int, runs: Mapping[str, str] | None = None) -> Card | None:
    """`runs` names the fields by which the form's records begin and end: what is only planned has a button that begins it."""
    form = ctx.workspace.forms[view.form]
    if not rights.access(ctx, form.key).may("see"):
        return None
    asked = query.Query(form.key, where=view.if_, sort=view.sort, limit=max(1, min(top, MOST)))
    rows = query.page(ctx, asked).rows
    clock = next((o.field for o in view.sort[:1] if form.fields[o.field].value.kind == "datetime"), "")
    shown = columns.shown(ctx, form, view)
    found = zip(rows, lists.rows_of(ctx, form, shown[:3], rows), strict=True)
    lines = tuple(_beginning(_timed(r, clock, _clock_today(ctx, row.get(clock))), form, row, runs) for row, r in found)
    more = max(0, query.count(ctx, asked, 999).number - len(lines))
    return Card(view.name.in_(g.locale), lines, addresses.of_form(form.key, view=view.id), more, empty=here.say("Nothing here today."))


def _figures(ctx: Ctx, app: App, items: Sequence[Any]) -> Card:
    """Each figure is a view's count and opens that view; `of` is its aim: a number, or another view."""
    out = []
    for item in items:
        spec = item if isinstance(item, Mapping) else {"view": str(item)}
        view, aim = app.views.get(str(spec.get("view"))), spec.get("of")
        if view and rights.access(ctx, view.form).may("see"):
            of = _count(ctx, app.views[str(aim)]) if str(aim) in app.views else str(aim or "")
            url = addresses.of_form(view.form, view=view.id)
            out.append({"value": _count(ctx, view), "of": of, "label": view.name.in_(g.locale), "url": url})
    return Card(here.say("In figures"), kind="figures", figures=tuple(out))


def _count(ctx: Ctx, view: View) -> str:
    hits = query.count(ctx, query.Query(view.form, where=view.if_))
    return f"{hits.number}{'' if hits.exact else '+'}"


def _newest(ctx: Ctx, form: Form) -> Card:
    rows = query.page(ctx, query.Query(form.key, sort=(Sort("touched_at", True),), limit=5)).rows
    lines = tuple(_still(r) for r in lists.rows_of(ctx, form, columns.shown(ctx, form, None)[:2], rows))
    return Card(
        here.say("Last touched: %(form)s", form=here.name_in(form)),
        lines,
        addresses.of_form(form.key),
        empty=here.say("There is no %(form)s yet.", form=here.name_in(form)),
    )


def _day_field(ctx: Ctx, form: Form) -> Field | None:
    allowed = rights.access(ctx, form.key)
    own = (f for f in form.fields.values() if not f.system and not f.computed and f.value.kind in ("date", "datetime"))
    return next((f for f in own if has_columns(f) and not allowed.masked(f.id)), None)


def _title(ctx: Ctx, form_key: str, record: int) -> str:
    form = ctx.workspace.forms[form_key]
    row = query.get(ctx, form_key, id=record)
    return cells.Page.of(ctx, form, (), [row]).title(form, row)


def _facts(row: lists.Row, clock: str = "") -> str:
    """What the line doesn't say yet: beside "stands still" no times, no part of the name, not me as the owner, not its own clock."""
    me = here.ctx().actor.name
    told = (c for c in row.cells if c.text and c.text not in row.name and not (c.field.id == "owner" and c.text == me))
    return " · ".join(here.plain(c) for c in told if not (row.late and c.kind in ("ago", "moment")) and not (clock and c.field.id == clock))


def _timed(row: lists.Row, field: str, clock: str) -> Line:
    return replace(_still(row), time=clock, facts=_facts(row, field)) if clock else _still(row)


def _beginning(line: Line, form: Form, row: Mapping[str, Any], runs: Mapping[str, str] | None) -> Line:
    if not runs or any(row.get(runs[edge]) is not None for edge in ("since", "until")):
        return line
    return replace(line, button=here.say("Begin"), post=f"/running/{form.app}/{form.id}/{row['uid']}/begin")


def _clock_today(ctx: Ctx, at: Any) -> str:
    """14:05 for an instant of this day."""
    day_of = ctx.workspace.calendar.day_of
    return here.clock(at) if isinstance(at, datetime) and day_of(at) == day_of(ctx.now) else ""


def _instant(ctx: Ctx, value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else ctx.workspace.calendar.start_of(value)
