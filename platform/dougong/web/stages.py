"""The stage bar, what is missing for the next stage, and moving on with exactly that (FACE 5 and 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, g, render_template, request
from werkzeug.wrappers import Response

from dougong.context import Ctx
from dougong.problems import Problems
from dougong.records import entry, rights
from dougong.records.draft import Saved
from dougong.spec.app import Stage
from dougong.spec.form import Field, Form
from dougong.web import addresses, cells, entering, here
from dougong.web import form as form_pages
from dougong.workflow import service
from dougong.workflow.machine import Decision, Missing

page = Blueprint("stages", __name__)


@dataclass(frozen=True)
class Target:
    """A stage to which the record may be moved, or what is in the way. `controls` are the fields that would do it."""

    stage: Stage
    back: bool
    reasons: tuple[str, ...]
    controls: tuple[entering.Control, ...]
    open: bool
    comment: bool = False


@dataclass(frozen=True)
class Bar:
    stages: tuple[Mapping[str, str], ...]
    next: Target | None
    others: tuple[Target, ...]
    missing: tuple[str, ...]  # names of what the next stage wants
    since: datetime | None
    late: bool
    may_move: bool


def bar(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> Bar | None:
    """None for a form without a workflow."""
    if not form.workflow:
        return None
    outlook = service.outlook(ctx, form.key, row["id"])
    order = [s.id for s in outlook.workflow.stages]
    here_ = outlook.stage
    stages = tuple(
        {"name": s.name.in_(g.locale), "state": _state(s, here_, order)} for s in outlook.workflow.stages if not s.from_any or s.id == here_
    )
    may = rights.access(ctx, form.key).may("edit")
    targets = {
        id: _target(ctx, form, row, outlook.workflow.stages[order.index(id)], d, outlook.workflow.back_comment)
        for id, d in outlook.decisions.items()
    }
    following = targets.get(outlook.next.id) if outlook.next else None
    others = tuple(t for t in targets.values() if t is not following and _offered(t, outlook.decisions[t.stage.id]))
    wanted = tuple(c.label for c in following.controls if c.demanded) + following.reasons if following else ()
    stage = next((s for s in outlook.workflow.stages if s.id == here_), None)
    late = bool(stage and stage.expected and outlook.since and ctx.workspace.calendar.plus(outlook.since, stage.expected) <= ctx.now)
    return Bar(stages, following, others, wanted, outlook.since, late, may)


@page.get("/a/<app>/<id>/<uuid:uid>/move")
def ask(app: str, id: str, uid: object) -> str:
    """The sheet for one stage, also as a page of its own."""
    form, row = form_pages.record(app, id, str(uid), "edit")
    return _sheet(form, row, request.args.get("to", ""), {}, {})


@page.post("/a/<app>/<id>/<uuid:uid>/move")
def move(app: str, id: str, uid: object) -> Response | tuple[str, int]:
    form, row = form_pages.record(app, id, str(uid), "edit")
    to = request.form.get("to", "")
    raw = entering.read(form, entering.writable(here.ctx(), form, row), request.form)

    def work(ctx: Ctx) -> Saved:
        values = entry.parse(ctx, form, raw)
        saved = service.move(ctx, form.key, row["id"], to, comment=request.form.get("comment", "")[:2000], values=values or None)
        entering.attach(ctx, form, row["id"], values)
        return saved

    try:
        here.write(work)
    except Problems as problems:
        return _sheet(form, row, to, raw, entering.errors(form, problems, g.locale)), 422
    stages = here.ctx().workspace.apps[form.app].workflows[form.workflow].stages
    name = next((s.name.in_(g.locale) for s in stages if s.id == to), "")
    flash(here.say("Now in “%(stage)s”", stage=name))
    return here.go(addresses.of_record(form.key, row["uid"]))


def _sheet(form: Form, row: Mapping[str, Any], to: str, raw: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    """What was typed before comes back; a field that was refused now joins the ones that were asked for."""
    ctx = here.ctx()
    found = bar(ctx, form, row)
    target = next((t for t in ((found.next, *found.others) if found else ()) if t and t.stage.id == to), None)
    if found is None or target is None:
        target = _blocked(ctx, form, row, to)
    controls = [_control(ctx, form, row, c.field, raw, errors.get(c.name, ""), c.demanded) for c in target.controls]
    asked = {c.name for c in target.controls}
    controls += [
        _control(ctx, form, row, form.fields[n], raw, words, True) for n, words in errors.items() if n in form.fields and n not in asked
    ]
    template = "record/move_sheet.html" if request.headers.get("HX-Request") else "record/move.html"
    return render_template(
        template,
        form=form,
        row=row,
        target=target,
        controls=controls,
        general=errors.get("", ""),
        comment=request.form.get("comment", ""),
        reasons=target.reasons if not errors else (),
        url=addresses.of_record(form.key, row["uid"], "move"),
        back=addresses.of_record(form.key, row["uid"]),
    )


def _blocked(ctx: Ctx, form: Form, row: Mapping[str, Any], to: str) -> Target:
    """A stage that can't be reached from here: the sheet says why, and where to go first."""
    outlook = service.outlook(ctx, form.key, row["id"])
    stage = next((s for s in outlook.workflow.stages if s.id == to), outlook.workflow.stages[0])
    decision = outlook.decisions.get(to)
    return _target(ctx, form, row, stage, decision, outlook.workflow.back_comment) if decision else Target(stage, False, (), (), False)


def _state(stage: Stage, at: str, order: list[str]) -> str:
    if stage.id == at:
        return "lost" if stage.final and stage.from_any else "now"
    return "done" if at in order and order.index(stage.id) < order.index(at) else "later"


def _offered(target: Target, decision: Decision) -> bool:
    """Stages behind, and those that may be entered from anywhere; those that would skip one are not offered."""
    return (decision.direction == "back" and target.open) or (
        not any(m.code == "stage-skipped" for m in decision.missing) and decision.direction == "forward"
    )


def _target(ctx: Ctx, form: Form, row: Mapping[str, Any], stage: Stage, decision: Decision, back_comment: bool) -> Target:
    able = {f.id: f for f in entering.writable(ctx, form, row)}
    fields = {m.field: True for m in decision.missing if m.field in able}
    for guard in (stage.entry, _leaving(ctx, form, row)) if any(m.code == "stage-condition" for m in decision.missing) else ():
        reads = guard.if_.reads if guard and guard.if_ else frozenset()
        fields |= {path[0]: fields.get(path[0], False) for path in sorted(reads) if len(path) == 1 and path[0] in able}
    controls = tuple(_control(ctx, form, row, able[name], {}, "", demanded) for name, demanded in fields.items())
    reasons = tuple(dict.fromkeys(_reason(ctx, form, m) for m in decision.missing if m.field not in able))
    refused = any(m.code in ("stage-skipped", "may-not-push-back", "no-such-stage") for m in decision.missing)
    return Target(stage, decision.direction == "back", reasons, controls, not refused, decision.direction == "back" and back_comment)


def _leaving(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> Any:
    stages = ctx.workspace.apps[form.app].workflows[form.workflow].stages
    return next((s.exit for s in stages if s.id == row.get("stage")), None)


def _control(
    ctx: Ctx, form: Form, row: Mapping[str, Any], field: Field, raw: Mapping[str, Any], error: str, demanded: bool
) -> entering.Control:
    shared = cells.Page.of(ctx, form, [field], [row])
    value = (
        entering.posted_value(ctx, field, raw[field.id])
        if field.id in raw
        else entering.shown_value(ctx, form, field, row.get(field.id), shared, row["id"])
    )
    return entering.control(ctx, form, field, value, error=error, required=demanded or field.required, demanded=demanded)


def _reason(ctx: Ctx, form: Form, missing: Missing) -> str:
    stages = ctx.workspace.apps[form.app].workflows[form.workflow]
    if missing.message:
        return missing.message.in_(g.locale)
    return service.problem_of(form, stages, missing.stage, missing).sentence(g.locale)
