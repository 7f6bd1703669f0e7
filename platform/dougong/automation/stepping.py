"""One step of a run inside one transaction: its effect and its completion together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong.automation import calling, definitions, runs, steps, tally
from dougong.automation.actions import actions
from dougong.automation.actions.base import OutsideAction
from dougong.automation.calling import Sending
from dougong.automation.flow import FLOW, Done, Next, Place, next_step
from dougong.automation.platform import Platform
from dougong.automation.runs import Run
from dougong.automation.scene import Scene
from dougong.automation.starting import event_of_run, scene_of, start
from dougong.context import Ctx
from dougong.events.outbox import Event
from dougong.problems import Problem, Problems
from dougong.spec.app import Automation

MOST_ITEMS = 10_000


class StepFailed(Exception):
    """Which step it was; the error itself is the cause."""

    def __init__(self, step: Next) -> None:
        self.step = step
        super().__init__(step.place.step)


@dataclass(frozen=True)
class Turn:
    """Whether the run goes on at once, the call to be made before it does, and the run as it is in our hand."""

    go_on: bool
    sending: Sending | None = None
    run: Run | None = None


def turn(platform: Platform, ctx: Ctx, taken: Run, most: int = 1, event: Event | None = None) -> Turn:
    """Does the next steps, up to `most` of them, or ends the run. Raises StepFailed."""
    run = runs.held(ctx, taken)
    if run is None:
        return Turn(False)
    if run.state in ("open", "queued"):
        run = start(platform, ctx, run)
    if run.state in ("done", "queued"):
        return Turn(False)
    automation = definitions.find(platform, ctx, run)
    if not isinstance(automation, Automation):
        runs.finish(ctx, run, "definition_outdated", automation)
    else:
        return replace(_steps(platform, ctx, run, automation, most, event or event_of_run(ctx, run)), run=run)
    return Turn(False)


def _steps(platform: Platform, ctx: Ctx, run: Run, automation: Automation, most: int, event: Event | None) -> Turn:
    """One after the other, each on the record as it is then."""
    done = steps.done(ctx.connection, run)
    for _ in range(most):
        scene = scene_of(platform, ctx, run, automation, event)
        if scene is None:
            runs.finish(ctx, run, "withdrawn", Problem("run-record-gone"))
            return Turn(False)
        made = _next(ctx, run, scene, automation, done)
        if not made.go_on or made.sending is not None:
            return made
    return Turn(True)


def _next(ctx: Ctx, run: Run, scene: Scene, automation: Automation, done: dict[Place, Done]) -> Turn:
    """`done` are the steps so far, and in the end this one too."""
    level = definitions.level_of(automation, run.level)
    step = next_step(level.do, done) if level else None
    if step is None:
        runs.finish(ctx, run, "finished")
        tally.count(ctx, run, scene)
        return Turn(False)
    there = _standing(scene, run, step, done)
    if there is None:
        steps.store(ctx, run, step, "skipped", {"gone": list(step.on or ())}, done=done)
        return Turn(True)
    try:
        return _do(ctx, run, there, step, done)
    except Exception as error:
        raise StepFailed(step) from error


def _standing(scene: Scene, run: Run, step: Next, done: Mapping[Place, Done]) -> Scene | None:
    """On the record of the innermost for_each; None where that is gone."""
    answers = [row.result["body"] for row in done.values() if isinstance(row.result, dict) and "status" in row.result]
    names = {**scene.names, "response": answers[-1]} if answers else scene.names
    scene = replace(scene, names=names, place=(run.uid, step.place.step, step.place.item))
    if step.on is None:
        return scene
    form, row = scene.ctx.workspace.forms.get(step.on[0]), scene.source.record(*step.on)
    return scene.on(form, row) if form and row and row.get("deleted_at") is None else None


def _do(ctx: Ctx, run: Run, scene: Scene, step: Next, done: dict[Place, Done]) -> Turn:
    if step.step.action in FLOW:
        return _flow(ctx, run, scene, step, done)
    action = actions[step.step.action]
    if isinstance(action, OutsideAction):
        sending = calling.begin(ctx, run, scene, step, action, done.get(step.place))
        return Turn(sending is not None, sending)
    steps.store(ctx, run, step, "done", action.run(scene, step.step.options), done=done)
    if run.attempts:
        runs.change(ctx, run, attempts=0)
    return Turn(True)


def _flow(ctx: Ctx, run: Run, scene: Scene, step: Next, done: dict[Place, Done]) -> Turn:
    options, known = step.step.options, done.get(step.place)
    match step.step.action:
        case "if":
            branch = "do" if scene.holds(options["if"]) else "else"
            steps.store(ctx, run, step, "done", {"branch": branch if branch in options else ""}, done=done)
        case "for_each":
            steps.store(ctx, run, step, "done", _items(scene, options), done=done)
        case "wait" if known is None:
            until = ctx.workspace.calendar.plus(ctx.now, options["wait"])
            steps.store(ctx, run, step, "waiting", {"until": until.isoformat()}, done=done)
            runs.wake_queued(ctx, runs.change(ctx, run, state="waiting", due=until, lease_until=None, lease_token=None))
            return Turn(False)
        case "wait":
            steps.store(ctx, run, step, "done", known.result if known else None, done=done)
            runs.change(ctx, run, state="running")
        case _:
            return _stop(ctx, run, scene, step, done)
    return Turn(True)


def _stop(ctx: Ctx, run: Run, scene: Scene, step: Next, done: dict[Place, Done]) -> Turn:
    options = step.step.options
    if not scene.holds(options.get("if")):
        steps.store(ctx, run, step, "done", done=done)
        return Turn(True)
    steps.store(ctx, run, step, "done", {"stopped": True}, done=done)
    why = options["stop"] if isinstance(options["stop"], str) else ""
    runs.finish(ctx, run, "stopped", Problem("run-stopped", message=why) if why else None)
    return Turn(False)


def _items(scene: Scene, options: Mapping[str, Any]) -> dict[str, Any]:
    """The ids are fixed here, once."""
    key = options["for_each"].type.form
    form = scene.ctx.workspace.forms[key]
    ids = [row["id"] for row in scene.value(options["for_each"]) if scene.on(form, row).holds(options.get("if"))]
    if len(ids) > MOST_ITEMS:
        raise Problems([Problem("run-too-many-items", {"count": len(ids), "most": MOST_ITEMS})])
    return {"form": key, "ids": ids}
