"""需要你: what rules and views bring before somebody about other people's records, by person; urged, handed on, taken over (FACE 9)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from dougong.context import Ctx
from dougong.notify import cases, message
from dougong.notify.cases import Reaction
from dougong.problems import Problem, Problems
from dougong.records import query, save
from dougong.records.present import covered
from dougong.records.titles import titles
from dougong.spec.app import View
from dougong.web import addresses, cells, here, language, session, shell

page = Blueprint("needs", __name__)
MOST = 100
TOLD_SINCE = timedelta(days=30)
QUIET = {"urged": timedelta(days=1), "noted": timedelta(days=7), "taken": timedelta(0), "handed": timedelta(days=3)}
"""How long a reaction keeps a case away (handed on: in sight, as done) unless a rule speaks again."""
ALIKE = 4
Key = tuple[str, int]


@dataclass(frozen=True)
class Case:
    """`value` names it in a request. `why` is what the rule said, `because` the record's own blocker, `done` what was done already."""

    value: str
    name: str
    url: str
    why: str
    because: str
    done: str = ""


@dataclass(frozen=True)
class Group:
    person: str
    open: tuple[Case, ...]
    done: tuple[Case, ...]


@page.post("/needs/<any(urged, taken, noted):what>")
def react(what: str) -> AnyResponse:
    return _answer(what, _all(what, request.form.getlist("case"), None))


@page.get("/needs/hand")
def hand() -> str:
    """The sheet that asks to whom."""
    return render_template("home/hand.html", cases=request.args.getlist("case"))


@page.post("/needs/handed")
def handed() -> AnyResponse:
    try:
        whom = query.get(here.ctx(), "user", uid=request.form.get("to", ""))
    except Problems:
        here.tell(here.say("Choose who takes it."))
        return here.go("/")
    return _answer("handed", _all("handed", request.form.getlist("case"), whom["id"]))


@page.post("/needs/undo/<uuid:batch>")
def undo(batch: object) -> AnyResponse:
    """Takes back the reaction: the message, if nobody has read it, and whose record it is."""

    def work(ctx: Ctx) -> None:
        for one in cases.take_back(ctx, str(batch)):
            message.withdraw(ctx, {_key(one.batch, one.form, one.record)})
            if one.kind in ("handed", "taken") and one.before is not None:
                query.get(ctx, one.form, id=one.record)
                save.edit(ctx, one.form, one.record, {"owner": one.before})

    here.write(work)
    return here.go("/")


def groups(ctx: Ctx, views: Sequence[View]) -> tuple[Group, ...]:
    """By the person whose turn it is; who has most first."""
    told = _told(ctx)
    found = {**_rows_told(ctx, told), **_rows_of(ctx, views)}
    reactions = cases.since(ctx, ctx.now - TOLD_SINCE)
    names = titles(ctx, "user", {row["owner"] for row in found.values()} | {r.whom for r in reactions.values() if r.whom})
    by_person: dict[int, list[Case]] = {}
    for key, row in found.items():
        reaction, last = reactions.get(key), told.get(key)
        if reaction and last and last["at"] > reaction.at:
            reaction = None
        if reaction and reaction.at <= ctx.now - QUIET[reaction.kind]:
            reaction = None
        if row["owner"] != ctx.actor.user and (reaction is None or reaction.kind == "handed"):
            by_person.setdefault(row["owner"], []).append(_case(ctx, key[0], row, last, reaction, names))
    out = [
        Group(names.get(id, ""), tuple(c for c in all_ if not c.done), tuple(c for c in all_ if c.done)) for id, all_ in by_person.items()
    ]
    return tuple(sorted(out, key=lambda group: -len(group.open)))


def card(ctx: Ctx) -> str:
    """The card anew, after something was done in it."""
    return render_template("home/needs.html", groups=groups(ctx, views_of(ctx)))


def views_of(ctx: Ctx) -> tuple[View, ...]:
    """The views that the reader's home names for it: `{needs_me: [view, …]}`."""
    found = shell.home_of(ctx)
    named = [item["needs_me"] for item in found[1].cards if isinstance(item, Mapping) and "needs_me" in item] if found else []
    return tuple(found[0].views[name] for names in named for name in names if name in found[0].views) if found else ()


def _told(ctx: Ctx) -> dict[Key, Mapping[str, Any]]:
    out: dict[Key, Mapping[str, Any]] = {}
    for one in message.about(ctx, session.me(), ctx.now - TOLD_SINCE):
        out.setdefault((one["form"], one["record"]), one)
    return out


def _rows_told(ctx: Ctx, told: Mapping[Key, Mapping[str, Any]]) -> dict[Key, Mapping[str, Any]]:
    """Records that nobody has touched since the rule spoke; those that the reader may not see are not there."""
    out: dict[Key, Mapping[str, Any]] = {}
    for key in dict.fromkeys(form for form, _ in told):
        form = ctx.workspace.forms.get(key)
        if form is None or not addresses.has_page(form):
            continue
        try:
            rows = query.by_ids(ctx, key, [id for one, id in told if one == key])
        except Problems:
            continue
        out |= {(key, r["id"]): r for r in rows if r.get("owner") and r["touched_at"] <= told[key, r["id"]]["at"]}
    return out


def _rows_of(ctx: Ctx, views: Sequence[View]) -> dict[Key, Mapping[str, Any]]:
    out: dict[Key, Mapping[str, Any]] = {}
    for view in views:
        try:
            rows = query.page(ctx, query.Query(view.form, where=view.if_, sort=view.sort, limit=MOST)).rows
        except Problems:
            continue
        out |= {(view.form, r["id"]): r for r in rows if r.get("owner")}
    return out


def _case(
    ctx: Ctx, key: str, row: Mapping[str, Any], last: Mapping[str, Any] | None, reaction: Reaction | None, names: Mapping[int, str]
) -> Case:
    form = ctx.workspace.forms[key]
    shared = cells.Page.of(ctx, form, (), [row])
    name = shared.title(form, row) or here.say("Untitled")
    since = cells.late_since(ctx, cells.limits(ctx, form), row)
    said = _shortened((last["body"] or last["title"]).partition("\n")[0], name) if last else ""
    blocker = form.fields.get(form.face.blocker)
    because = shared.cell(blocker, row).text if blocker and not covered(ctx, form, blocker) else ""
    done = here.say("handed to %(who)s", who=names.get(reaction.whom or 0, "…")) if reaction else ""
    url = addresses.of_record(key, row["uid"])
    return Case(f"{key}:{row['uid']}", name, url, said or (here.still(since) if since else ""), because, done)


def _shortened(said: str, name: str) -> str:
    """The rule's words without the name that stands above them, also where they begin alike."""
    alike = next((n for n, (a, b) in enumerate(zip(said, name, strict=False)) if a != b), min(len(said), len(name)))
    return (said[alike:] if alike >= ALIKE else said).lstrip(" 的：:，,").strip()


def _all(what: str, values: Sequence[str], whom: int | None) -> tuple[str, int, list[str]]:
    """(batch, how many, why others were refused), each case by itself."""
    chosen = list(dict.fromkeys(values))[:MOST]

    def work(ctx: Ctx) -> tuple[str, int, list[str]]:
        batch, refused = cases.begin(), list[str]()
        for value in chosen:
            try:
                with ctx.connection.begin_nested():
                    _one(ctx, batch, what, value, whom)
            except Problems as problems:
                refused += [p.sentence(ctx.locale) for p in problems]
        return batch, len(chosen) - len(refused), refused

    return here.write(work)


def _one(ctx: Ctx, batch: str, what: str, value: str, whom: int | None) -> None:
    key, _, uid = value.partition(":")
    form = ctx.workspace.forms.get(key)
    if form is None or not addresses.has_page(form):
        raise Problems([Problem("no-such-record")])
    row = query.get(ctx, key, uid=uid)
    owner = row["owner"]
    title = cells.Page.of(ctx, form, (), [row]).title(form, row)
    theirs = ctx.workspace.locale  # who reads it is not who writes it
    if what == "urged":
        text = language.say(theirs, "%(who)s asks you to go on with “%(name)s”", who=ctx.actor.name, name=title)
        message.tell(ctx, message.Message(_key(batch, key, row["id"]), owner, text, "", key, row["id"]))
        cases.note(ctx, batch, "urged", key, row["id"], owner, owner)
    elif what == "noted":
        cases.note(ctx, batch, "noted", key, row["id"], None, owner)
    else:
        to = whom if what == "handed" else ctx.actor.user
        save.edit(ctx, key, row["id"], {"owner": to})
        if what == "handed" and to is not None:
            text = language.say(theirs, "%(who)s handed “%(name)s” to you", who=ctx.actor.name, name=title)
            message.tell(ctx, message.Message(_key(batch, key, row["id"]), to, text, "", key, row["id"]))
        cases.note(ctx, batch, "handed" if what == "handed" else "taken", key, row["id"], to, owner)


def _key(batch: str, form: str, record: int) -> str:
    return f"reaction:{batch}:{form}:{record}"


def _answer(what: str, done: tuple[str, int, list[str]]) -> AnyResponse:
    """The card anew with a word about it; a whole page goes back to where it stands."""
    batch, count, refused = done
    words = {
        "urged": here.say("Urged: %(n)s", n=count),
        "handed": here.say("Handed on: %(n)s", n=count),
        "taken": here.say("Now yours: %(n)s", n=count),
        "noted": here.say("Noted: %(n)s", n=count),
    }
    text = " ".join([*([words[what]] if count else []), *dict.fromkeys(refused)]) or here.say("Tick something first.")
    undo = f"/needs/undo/{batch}" if count else ""
    if not request.headers.get("HX-Request"):
        here.tell(text, undo=undo)
        return here.go("/")
    answer: Response = make_response(card(here.ctx()))
    answer.headers["HX-Trigger"] = json.dumps({"toast": {"text": text, "undo": undo}})
    return answer

