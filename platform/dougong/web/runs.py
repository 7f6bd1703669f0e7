"""Rules and what they did: which are on, which are broken and why, each run with its trace in words; and why one did not fire."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from dougong.automation import decide, running, service
from dougong.automation.runs import from_json, switch
from dougong.automation.tables import Outcome, run_table, step_table, switch_table
from dougong.automation.why import why
from dougong.context import SYSTEM, Ctx
from dougong.expr.values import decode
from dougong.installed import VOCABULARY
from dougong.lang.explain.app import explain
from dougong.problems import Problems
from dougong.records import query
from dougong.records.present import covered
from dougong.records.titles import display
from dougong.spec.app import Automation
from dougong.spec.form import Form
from dougong.web import addresses, cells, here, session

page = Blueprint("runs", __name__)
PAGE_ROWS = 50
LOOKED_AT = 500
"""Runs that are looked through for those whose record the reader may see."""
OUTCOMES: Sequence[str] = Outcome.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Rule:
    automation: Automation
    app: str
    form: str
    on: bool
    reason: str
    last: datetime | None
    past: int = 0  # of a rule that is off: records that would be past already if it were switched on
    says: tuple[tuple[int, str], ...] = ()  # in sentences, by depth; none where they would name what the reader may not see


@dataclass(frozen=True)
class Line:
    """One run; `record` and `url` are '' where the reader may not see it."""

    uid: str
    at: datetime
    rule: str
    record: str
    url: str
    outcome: str
    words: str
    bad: bool


@dataclass(frozen=True)
class Said:
    """One line of a trace."""

    at: datetime | None
    text: str
    kind: str = ""
    values: tuple[tuple[str, str], ...] = ()


@page.get("/runs")
def show() -> str:
    ctx = here.ctx()
    rules = tuple(_rules(ctx))
    rule, outcome = request.args.get("rule", ""), request.args.get("outcome", "")
    about = _about(ctx)
    lines = tuple(_lines(ctx, rule, outcome, about))
    chips = [{"label": here.say("All"), "url": _url(rule, "", about), "current": not outcome}]
    chips += [
        {"label": _outcome(name), "url": _url(rule, name, about), "current": outcome == name}
        for name in ("finished", "failed", "condition_false", "no_longer_due", "unknown")
    ]
    answer = _why(ctx, rule, about) if about else ()
    return render_template(
        "runs/runs.html", rules=rules, lines=lines, chips=chips, rule=rule, about=about, answer=answer, may_switch=ctx.actor.administrator
    )


@page.get("/runs/<uuid:uid>")
def one(uid: object) -> str:
    ctx = here.ctx()
    row = ctx.connection.execute(select(run_table).where(run_table.c.uid == str(uid))).mappings().first()
    if row is None or not (line := _line(ctx, row, {})):
        abort(404)
    return render_template(
        "runs/run.html", line=line, trace=tuple(_trace(ctx, row)), steps=tuple(_steps(ctx, row)), row=row, may_retry=ctx.actor.administrator
    )


@page.post("/runs/<uuid:uid>/again")
def again(uid: object) -> Response:
    """Goes on with a failed run at the step where it stopped; `arrived` says that a doubtful call was received."""
    session.require_administrator()

    def work(ctx: Ctx) -> bool:
        id = ctx.connection.execute(select(run_table.c.id).where(run_table.c.uid == str(uid))).scalar()
        if id is None:
            abort(404)
        return running.again(ctx, id, arrived=bool(request.form.get("arrived")))

    flash(here.say("The run goes on") if here.write(work) else here.say("This run can't be repeated"))
    return redirect(f"/runs/{uid}", 303)


@page.post("/runs/switch")
def switch_rule() -> Response:
    session.require_administrator()
    key, on = request.form.get("rule", ""), request.form.get("on") == "1"
    if key not in decide.plan(here.ctx().workspace).all:
        abort(404)

    def work(ctx: Ctx) -> None:
        switch(ctx, key, on)
        if on and request.form.get("take_up"):
            service.take_up(ctx, key)

    here.write(work)
    flash(here.say("Switched on") if on else here.say("Switched off"))
    return redirect("/runs", 303)


def _rules(ctx: Ctx) -> Iterator[Rule]:
    """The rules of the apps in which the person has a role; an administrator sees all."""
    s = switch_table.c
    off = {row.automation: from_json(row.reason) for row in ctx.connection.execute(select(s.automation, s.reason).where(~s.on))}
    mine = {role.partition(".")[0] for role in ctx.actor.roles}
    told = dict(_in_words(ctx, ctx.workspace.apps if ctx.actor.administrator else mine))
    for key, automation in decide.plan(ctx.workspace).all.items():
        if automation.app not in mine and not ctx.actor.administrator:
            continue
        reason = " ".join(p.sentence(g.locale) for p in automation.broken)
        if not reason and (problem := off.get(key)):
            reason = problem.sentence(g.locale)
        last = ctx.connection.execute(
            select(run_table.c.created_at).where(run_table.c.automation == key).order_by(run_table.c.id.desc()).limit(1)
        ).scalar()
        form = ctx.workspace.forms.get(automation.on.form)
        on = automation.enabled and not automation.broken and key not in off
        says = told.get(key, ()) if form is None or ctx.actor.administrator or _open_to(ctx, form, automation) else ()
        app = ctx.workspace.apps[automation.app].name.in_(g.locale)
        past = max(service.past(ctx, key).values(), default=0) if ctx.actor.administrator and key in off else 0
        yield Rule(automation, app, form.name.in_(g.locale) if form else "", on, reason, last, past, says)


def _in_words(ctx: Ctx, apps: Collection[str]) -> Iterator[tuple[str, tuple[tuple[int, str], ...]]]:
    """Per rule of these apps what it does, in sentences."""
    for id in apps:
        app = ctx.workspace.apps.get(id)
        for section in explain(app, ctx.workspace.forms, VOCABULARY, g.locale, app.automations) if app and app.automations else ():
            if section.kind == "automation":
                yield f"{id}.{section.id}", section.lines


def _about(ctx: Ctx) -> dict[str, Any] | None:
    """The record that the page is about: ?form=app.form&record=uid."""
    form, uid = ctx.workspace.forms.get(request.args.get("form", "")), request.args.get("record", "")
    if form is None or not uid:
        return None
    row = query.get(ctx, form.key, uid=uid)
    return {
        "form": form,
        "row": row,
        "title": cells.Page.of(ctx, form, (), [row]).title(form, row),
        "url": addresses.of_record(form.key, uid),
    }


def _url(rule: str, outcome: str, about: Mapping[Any, Any] | None) -> str:
    record = {"form": about["form"].key, "record": about["row"]["uid"]} if about else {}
    return addresses.with_args("/runs", {"rule": rule, "outcome": outcome, **record})


def _lines(ctx: Ctx, rule: str, outcome: str, about: Mapping[Any, Any] | None) -> Iterator[Line]:
    r = run_table.c
    asked = select(run_table).order_by(r.id.desc()).limit(LOOKED_AT)
    if rule:
        asked = asked.where(r.automation == rule)
    if outcome in OUTCOMES:
        asked = asked.where(r.outcome == outcome)
    if about:
        asked = asked.where(r.form == about["form"].key, r.record == about["row"]["id"])
    known: dict[tuple[str, int], tuple[str, str] | None] = {}
    shown = 0
    for row in ctx.connection.execute(asked).mappings():
        if line := _line(ctx, row, known):
            yield line
            shown += 1
            if shown == PAGE_ROWS:
                return


def _line(ctx: Ctx, row: Mapping[Any, Any], known: dict[tuple[str, int], tuple[str, str] | None]) -> Line | None:
    """None where the run is about a record that the reader may not see; only an administrator learns that there was one."""
    automation = decide.plan(ctx.workspace).all.get(row["automation"])
    record = _record(ctx, row, known) if row["record"] is not None else None
    if record is None and not ctx.actor.administrator:
        return None
    name, url = record or ("", "")
    problem = from_json(row["problem"])
    outcome = row["outcome"] or row["state"]
    words = problem.sentence(g.locale) if problem and record is not None else ""
    rule = automation.name.in_(g.locale) if automation else row["automation"]
    return Line(
        row["uid"], row["started_at"] or row["created_at"], rule, name, url, _outcome(outcome), words, outcome in ("failed", "unknown")
    )


def _record(ctx: Ctx, row: Mapping[Any, Any], known: dict[tuple[str, int], tuple[str, str] | None]) -> tuple[str, str] | None:
    place = (row["form"], row["record"])
    if place not in known:
        known[place] = None
        form = ctx.workspace.forms.get(row["form"])
        try:
            found = query.get(ctx, row["form"], id=row["record"]) if form else None
        except Problems:
            found = None
        if form and found:
            known[place] = (cells.Page.of(ctx, form, (), [found]).title(form, found), addresses.of_record(form.key, found["uid"]))
    return known[place]


def _outcome(name: str) -> str:
    return here.problem(f"outcome-{name}")


def _trace(ctx: Ctx, row: Mapping[Any, Any]) -> Iterator[Said]:
    form = ctx.workspace.forms.get(row["form"])
    for note in row["trace"]:
        at = datetime.fromisoformat(note["at"])
        if note["what"] == "condition":
            values = tuple(_seen(ctx, form, note["values"]))
            yield Said(
                at,
                here.say("The condition holds") if note["holds"] else here.say("The condition does not hold"),
                "yes" if note["holds"] else "no",
                values,
            )
            continue
        problem = from_json(note.get("problem"))
        words = f"{'：' if here.reader().chinese else ': '}{problem.sentence(g.locale)}" if problem else ""
        if note["what"] == "step_failed":
            yield Said(at, here.say("Step %(step)s did not work", step=note.get("step") or "") + words, "no")
        elif note["what"] == "again":
            yield Said(at, here.say("Somebody started it again"))
        else:
            yield Said(at, _outcome(note["what"]) + words, "no" if note["what"] in ("failed", "unknown") else "")


def _seen(ctx: Ctx, form: Form | None, values: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """The values that a condition saw, as far as the reader may see them (SEMANTICS 11)."""
    for path, raw in values.items():
        first, _, rest = path.partition(".")
        field = form.fields.get(first) if form else None
        if form is None or field is None or covered(ctx, form, field) or rest:
            continue
        try:
            said = str(raw) if field.value.kind == "records" else display(ctx, field, decode(raw, field.value))
        except (ValueError, TypeError, ArithmeticError, AttributeError):
            said = ""
        yield field.name.in_(g.locale), said or here.say("nothing")


def _steps(ctx: Ctx, row: Mapping[Any, Any]) -> Iterator[Said]:
    s = step_table.c
    words = {
        "done": here.say("done"),
        "skipped": here.say("skipped"),
        "failed": here.say("failed"),
        "waiting": here.say("waiting"),
        "sending": here.say("on its way"),
        "unknown": here.say("arrival unknown"),
        "retry": here.say("to be tried again"),
    }
    for step in ctx.connection.execute(select(s.step, s.item, s.action, s.state, s.at).where(s.run == row["id"]).order_by(s.id)):
        where = step.step + (f" ({step.item})" if step.item else "")
        yield Said(
            step.at,
            f"{where} · {_action(step.action)} · {words.get(step.state, step.state)}",
            "yes" if step.state == "done" else "no" if step.state == "failed" else "",
        )


def _action(name: str) -> str:
    known = {
        "set": here.say("set fields"),
        "create": here.say("made a record"),
        "popup": here.say("showed a pop-up"),
        "notify": here.say("told somebody"),
        "task": here.say("made a task"),
        "assign": here.say("assigned it"),
        "move": here.say("moved the stage"),
        "webhook": here.say("called a webhook"),
        "update": here.say("changed related records"),
        "score": here.say("counted points"),
        "wait": here.say("waited"),
        "if": here.say("asked a condition"),
        "for_each": here.say("went through records"),
        "stop": here.say("stopped"),
    }
    return known.get(name, name)


def _why(ctx: Ctx, rule: str, about: Mapping[Any, Any] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Per rule on this form: did it fire for this record, and if not, because of what."""
    if about is None:
        return ()
    plan = decide.plan(ctx.workspace)
    asked = [a for key, a in plan.all.items() if a.on.form == about["form"].key and rule in ("", key)]
    return tuple((a.name.in_(g.locale), tuple(_reasons(ctx, about["form"], a, about["row"]["id"]))) for a in asked)


def _reasons(ctx: Ctx, form: Form, automation: Automation, record: int) -> Iterator[str]:
    """A condition's values are told only to who may read all that it reads."""
    open_ = _open_to(ctx, form, automation)
    for problem in why(here.runtime(), ctx.as_(SYSTEM), automation.key, record):
        if open_ or not problem.code.startswith("why-condition"):
            yield problem.sentence(g.locale)


def _open_to(ctx: Ctx, form: Form, automation: Automation) -> bool:
    reads = automation.if_.reads if automation.if_ else frozenset()
    return all(path[0] in form.fields and not covered(ctx, form, form.fields[path[0]]) for path in reads)
