"""The start of a run: its record as it is then, whether it is still due, what else runs, and the condition (SEMANTICS 4 and 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select

from dougong.automation import axis, definitions
from dougong.automation.condition_values import condition_values
from dougong.automation.decide import TimeRule, plan
from dougong.automation.platform import Platform
from dougong.automation.runs import Run, all_switched_off, change, finish, note, others
from dougong.automation.scene import Scene
from dougong.context import Ctx
from dougong.events.images import decode_row
from dougong.events.outbox import Event, event_of, event_table
from dougong.problems import Problem
from dougong.records.source import RecordSource
from dougong.spec.app import Automation

QUEUE_PAUSE = timedelta(hours=1)
"""A queued run is woken when the one before it ends or lies down; this is for what never told."""
_EVENT = select(event_table).where(event_table.c.id == bindparam("this"))


def start(platform: Platform, ctx: Ctx, run: Run) -> Run:
    """The run started, queued, or ended with the reason why not. `ctx` acts as the run's app; the caller holds the run's row."""
    automation = definitions.find(platform, ctx, run)
    if not isinstance(automation, Automation):
        return finish(ctx, run, "definition_outdated", automation)
    current = plan(ctx.workspace).all.get(run.automation)
    if current is None or current.broken or not current.enabled or run.automation in all_switched_off(ctx.connection):
        return finish(ctx, run, "switched_off", Problem("run-switched-off"))
    scene = scene_of(platform, ctx, run, automation)
    if scene is None:
        return finish(ctx, run, "withdrawn", Problem("run-record-gone"))
    if problem := _not_due(ctx, run, scene):
        return finish(ctx, run, "no_longer_due", problem)
    if held_up := _beside_others(ctx, run, automation):
        return held_up
    holds, values = scene.holds(automation.if_), condition_values(scene, automation.if_)
    begun = change(ctx, run, state="running", started_at=ctx.now, trace=note(ctx, run, "condition", holds=holds, values=values))
    if not holds:
        timed = "since" in run.subject
        return finish(ctx, begun, "no_longer_due" if timed else "condition_false", Problem("run-condition-false"))
    return begun


def scene_of(platform: Platform, ctx: Ctx, run: Run, automation: Automation, known: Event | None = None) -> Scene | None:
    """The record as it is now; None where it is gone. A deleted record's own automation stands on it as it was.

    `known` is the event that set the run off, where it has been read before.
    """
    form = ctx.workspace.forms.get(run.form)
    event = known or event_of_run(ctx, run)
    old = decode_row(form, event.old) if event and event.old is not None and form and event.form == run.form else None
    source, row = RecordSource(ctx), None
    if form is not None and run.record is not None:
        row = old if automation.on.kind == "deleted" else source.record(form.key, run.record)
        if row is None or (automation.on.kind != "deleted" and row.get("deleted_at") is not None):
            return None
    names: dict[str, Any] = {"received": event.new} if event and event.kind == "received" else {}
    if form is not None and "at" in run.subject:
        names[form.id] = run.record  # a schedule's `for_each` is named by its form
    return Scene(platform, ctx, automation, form if row is not None else None, row, source, old, names, me=run.actor)


def event_of_run(ctx: Ctx, run: Run) -> Event | None:
    """What set it off, where an event did."""
    if run.event is None:
        return None
    found = ctx.connection.execute(_EVENT, {"this": run.event}).mappings().first()
    return event_of(found) if found else None


def _not_due(ctx: Ctx, run: Run, scene: Scene) -> Problem | None:
    """A time rule's record must still have the since value that was counted, and its time be up under today's duration."""
    if "since" not in run.subject or scene.row is None:
        return None
    rule = _rule(ctx, run)
    if rule is None:
        return None
    now_since = axis.encoded(rule, scene.row)
    if now_since != run.subject["since"]:
        return Problem("run-since-changed", {"was": run.subject["since"], "seen": now_since})
    if rule.stage and scene.row.get("stage") != rule.stage:
        return Problem("run-stage-changed", {"was": rule.stage, "seen": scene.row.get("stage")})
    if axis.due(rule, now_since, ctx.workspace.calendar) > ctx.now:
        return Problem("run-not-yet-due")
    return None


def _rule(ctx: Ctx, run: Run) -> TimeRule | None:
    rules = plan(ctx.workspace).timed.get(run.automation, ())
    return next((rule for rule in rules if rule.level.id == run.level), None)


def _beside_others(ctx: Ctx, run: Run, automation: Automation) -> Run | None:
    """`if_running`, per record. One that is at work this very moment is let finish first; what counts is one that waits."""
    if run.record is None or automation.if_running == "together":
        return None
    before = others(ctx, run)
    if not before:
        return None
    if automation.if_running == "restart":
        for other in before:
            finish(ctx, other, "restarted", Problem("run-restarted", {"by": run.uid}))
        return None
    if automation.if_running == "skip" and any(o.state == "waiting" or o.attempts for o in before):
        return finish(ctx, run, "skipped", Problem("run-beside-another", {"other": before[0].uid}))
    return change(ctx, run, state="queued", due=ctx.now + QUEUE_PAUSE, lease_until=None, lease_token=None)
