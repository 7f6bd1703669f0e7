"""Moving a record from stage to stage: gathers the facts, asks the machine, writes, and keeps the time spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Index, RowMapping, Table, Text, insert, select, update

from dougong.context import Ctx
from dougong.expr.to_python import evaluate
from dougong.problems import Problem, Problems
from dougong.records import ask_later, people_path, rights, save
from dougong.records.draft import Saved
from dougong.records.query import get
from dougong.records.row import from_row, is_empty
from dougong.records.source import RecordSource, environment
from dougong.spec.app import Stage, Workflow
from dougong.spec.form import Form
from dougong.sqltypes import Id, Instant
from dougong.store.system import metadata
from dougong.workflow import machine

stage_table = Table(
    "dg_stage_time",
    metadata,
    Column("id", Id, primary_key=True),
    Column("form", Text, nullable=False),
    Column("record", Id, nullable=False),
    Column("stage", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("left_at", Instant),
    Column("by", Id),
    Column("direction", Text, nullable=False),
    Column("comment", Text),
)
Index("dg_stage_time_record", stage_table.c.form, stage_table.c.record, stage_table.c.id)


@dataclass(frozen=True)
class Outlook:
    """What the stage bar shows: where the record stands and what each other stage still wants."""

    workflow: Workflow
    stage: str
    since: datetime | None
    decisions: Mapping[str, machine.Decision]
    next: Stage | None


def move(ctx: Ctx, form_key: str, id: int, to: str, *, comment: str = "", values: Mapping[str, Any] | None = None) -> Saved:
    """Moves one record; `values` fill what was missing, in the same transaction. Raises Problems with everything in the way."""
    form, workflow = _workflow(ctx, form_key)
    if not ctx.actor.system and not ctx.actor.app:
        get(ctx, form_key, id=id)  # who can't see it learns nothing of it
    if values:
        save.edit(ctx, form_key, id, values)
    row = _row(ctx, form, id)
    facts = _facts(ctx, form, workflow, row, comment)
    decision = _asked(form, row, machine.decide(workflow, to, facts))
    if decision.missing:
        raise Problems(problem_of(form, workflow, to, m) for m in decision.missing)
    if decision.direction == "same":
        return save.edit(ctx, form_key, id, {})
    return _write(ctx, form, workflow, id, decision, comment)


def outlook(ctx: Ctx, form_key: str, id: int) -> Outlook:
    """For the stage bar and the board; asked once, when a card is lifted or a record opened."""
    form, workflow = _workflow(ctx, form_key)
    row = _row(ctx, form, id, lock=False)
    facts = _facts(ctx, form, workflow, row, comment="?")
    decisions = {d.to: _asked(form, row, d) for d in machine.reachable(workflow, facts)}
    return Outlook(workflow, facts.stage, row.get("stage_since"), decisions, machine.following(workflow, facts.stage))


def times(ctx: Ctx, form_key: str, id: int) -> list[RowMapping]:
    """The stages the record went through, oldest first."""
    t = stage_table
    return list(ctx.connection.execute(select(t).where(t.c.form == form_key, t.c.record == id).order_by(t.c.id)).mappings())


def _write(ctx: Ctx, form: Form, workflow: Workflow, id: int, decision: machine.Decision, comment: str) -> Saved:
    stage = next(s for s in workflow.stages if s.id == decision.to)
    values: dict[str, Any] = {"stage": stage.id, "stage_since": ctx.now}
    row = _row(ctx, form, id)
    if (chance := form.fields.get("probability")) and stage.probability is not None:
        scale = chance.value.scale
        values["probability"] = stage.probability if scale == 0 else _share(stage.probability, scale)
    _record_time(ctx, form.key, id, row, stage.id, decision.direction, comment)
    return save.edit(ctx.as_(ctx.actor, "workflow"), form.key, id, values)


def _asked(form: Form, row: Mapping[str, Any], decision: machine.Decision) -> machine.Decision:
    """`ask_later` with this stage as its `before`: what it asks for must be there."""
    rules = [rule for rule in form.ask_later if rule.before == decision.to and decision.direction == "forward"]
    lacking = (machine.Missing(field=f.id, message=rule.message) for rule in rules for f in ask_later.missing(form, rule, row))
    return replace(decision, missing=(*decision.missing, *lacking))


def _record_time(ctx: Ctx, form: str, id: int, row: Mapping[str, Any], to: str, direction: str, comment: str) -> None:
    t = stage_table
    here = (t.c.form == form, t.c.record == id, t.c.left_at.is_(None))
    if ctx.connection.execute(update(t).where(*here).values(left_at=ctx.now)).rowcount == 0 and row.get("stage"):
        began = row["stage_since"] or row["created_at"]
        first = {"form": form, "record": id, "stage": row["stage"], "entered_at": began, "left_at": ctx.now}
        ctx.connection.execute(insert(t).values(first | {"by": row.get("creator"), "direction": "forward"}))
    entry = {"form": form, "record": id, "stage": to, "entered_at": ctx.now, "by": ctx.actor.user, "direction": direction}
    ctx.connection.execute(insert(t).values(entry | {"comment": comment or None}))


def _facts(ctx: Ctx, form: Form, workflow: Workflow, row: Mapping[str, Any], comment: str) -> machine.Facts:
    source = RecordSource(ctx)
    env = environment(ctx, form.key, row, source=source)
    pushers = {u for path in workflow.back_by for u in people_path.resolve(ctx, path, form, row, source)}
    return machine.Facts(
        stage=str(row.get("stage") or ""),
        holds=lambda formula: bool(evaluate(formula, env)),
        filled=lambda name: not is_empty(row.get(name)),
        may_push_back=ctx.actor.system or bool(ctx.actor.app) or ctx.actor.user in pushers,
        comment=comment,
    )


def _row(ctx: Ctx, form: Form, id: int, lock: bool = True) -> Mapping[str, Any]:
    table = ctx.workspace.tables[form.key]
    query = select(table).where(table.c.id == id, table.c.deleted_at.is_(None))
    found = ctx.connection.execute(query.with_for_update(key_share=True) if lock else query).first()
    if found is None:
        raise Problems([Problem("no-such-record", form=form.key)])
    return from_row(form, dict(zip(table.c.keys(), found, strict=True)))


def _workflow(ctx: Ctx, form_key: str) -> tuple[Form, Workflow]:
    form = ctx.workspace.forms.get(form_key)
    if form is None or not form.workflow or not rights.access(ctx, form_key).may("see"):
        raise Problems([Problem("no-such-form", {"form": form_key})])
    return form, ctx.workspace.apps[form.app].workflows[form.workflow]


def problem_of(form: Form, workflow: Workflow, to: str, missing: machine.Missing) -> Problem:
    """What is in the way, as every door reports it."""
    names = {s.id: {"zh": s.name.in_("zh"), "en": s.name.in_("en")} for s in workflow.stages}
    args: dict[str, Any] = {"stage": names.get(to, to), "first": names.get(missing.stage, missing.stage)}
    if missing.field:
        field = form.fields[missing.field]
        args["field"] = {"zh": field.name.in_("zh"), "en": field.name.in_("en")}
        return Problem("stage-field-missing", args, form=form.key, field=missing.field, message=missing.message.text)
    return Problem(missing.code, args, form=form.key, message=missing.message.text)


def _share(percent: int, scale: int) -> Any:
    return (Decimal(percent) / 100).quantize(Decimal(1).scaleb(-scale))
