"""Runs on their way: step after step until the end, a wait, a retry or a person's decision."""

from __future__ import annotations

import logging
from datetime import timedelta

from dougong.automation import calling, runs, steps
from dougong.automation.calling import PASSING
from dougong.automation.flow import Next
from dougong.automation.platform import Platform
from dougong.automation.runs import Run
from dougong.automation.stepping import StepFailed, Turn, turn
from dougong.context import SYSTEM, Ctx
from dougong.events.outbox import Event
from dougong.problems import Problem, Problems

PAUSES = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200))
"""Between one try of a step and the next; after the last the run has failed, is listed, and a person may go on with it."""
TOGETHER = 20
"""Steps that one transaction does where none of them fails."""
log = logging.getLogger(__name__)


def work(platform: Platform, limit: int = 20) -> int:
    """Takes runs that are due and brings each as far as it goes; how many were taken."""
    with platform.transaction(SYSTEM, "automation") as ctx:
        taken = runs.take(ctx, limit)
    for run in taken:
        advance(platform, run)
    return len(taken)


def advance(platform: Platform, run: Run, event: Event | None = None) -> None:
    """As far as it goes. `run` comes with its lease, or in nobody's hand; `event` set it off, where that is known."""
    workspace, most = platform.workspace(), TOGETHER
    going: Run | None = run
    while going is not None:
        run, sending = going, False
        try:
            with platform.transaction(runs.acting_for(workspace, run), "automation", run.cause) as ctx:
                workspace, made = ctx.workspace, turn(platform, ctx, run, most, event)
            run, sending = made.run or run, made.sending is not None
            going = _call(platform, run, made) if sending else run if made.go_on else None
        except Exception as error:
            if most > 1 and not sending:  # all of them are undone: now each by itself, so that those before the failing one stay
                most, going = 1, run
            elif isinstance(error, StepFailed):
                going = _failed(platform, run, error.step, error.__cause__)
            else:  # the start: a condition that can't be read, a database that is away
                going = _failed(platform, run, None, error)


def _call(platform: Platform, run: Run, made: Turn) -> Run | None:
    """The run where it goes on."""
    sending = made.sending
    assert sending is not None
    try:
        result = calling.make(platform, sending)
    except Exception as error:
        return _failed(platform, run, sending.step, error, sending.call.uid)
    with platform.transaction(runs.acting_for(platform.workspace(), run), "automation", run.cause) as ctx:
        if not runs.held(ctx, run):
            return None
        steps.store(ctx, run, sending.step, "done", result, sending.call.uid)
        return runs.change(ctx, run, attempts=0)


def _failed(platform: Platform, run: Run, step: Next | None, error: BaseException | None, uid: str = "") -> Run | None:
    """The step's transaction is undone; what went wrong is kept. The run where it goes on nevertheless."""
    problem = _problem(error)
    if not isinstance(error, Problems):
        log.error("run %s: step failed", run.uid, exc_info=error)
    passing = problem.code in PASSING or not isinstance(error, Problems)
    on_error = step.step.on_error if step else "retry"
    with platform.transaction(runs.acting_for(platform.workspace(), run), "automation", run.cause) as ctx:
        now = runs.held(ctx, run)
        if now is None:
            return None
        trace = runs.note(ctx, now, "step_failed", step=step.place.step if step else "", problem=runs.as_json(problem))
        now = runs.change(ctx, now, trace=trace)
        if step is not None and on_error == "continue":
            steps.store(ctx, now, step, "failed", {"problem": runs.as_json(problem)}, uid)
            return now
        if passing and on_error == "retry" and now.attempts < len(PAUSES):
            _again_later(ctx, now, step, uid)
        else:
            if step is not None and uid:
                steps.store(ctx, now, step, "retry", uid=uid)
            runs.finish(ctx, now, "failed", problem)
    return None


def _again_later(ctx: Ctx, run: Run, step: Next | None, uid: str) -> None:
    if step is not None and uid:
        steps.store(ctx, run, step, "retry", uid=uid)  # the same delivery id next time
    due = ctx.now + PAUSES[run.attempts]
    runs.wake_queued(ctx, runs.change(ctx, run, attempts=run.attempts + 1, due=due, lease_until=None, lease_token=None))


def _problem(error: BaseException | None) -> Problem:
    if isinstance(error, Problems):
        return error.problems[0]
    return Problem("run-fault", {"why": f"{type(error).__name__}: {error}"[:500]})


def again(ctx: Ctx, id: int, *, arrived: bool = False) -> bool:
    """A person goes on with a failed or doubtful run at the step where it stopped; `arrived`: the doubtful call was received."""
    run = runs.load(ctx.connection, id)
    if run.outcome not in ("failed", "unknown"):
        return False
    steps.reopen(ctx, run, arrived=arrived)
    trace = runs.note(ctx, run, "again", by=ctx.actor.user)
    state = "running" if run.started_at else "open"
    runs.change(ctx, run, state=state, outcome=None, problem=None, finished_at=None, due=ctx.now, attempts=0, trace=trace)
    return True


def dead(ctx: Ctx, limit: int = 100) -> list[Run]:
    """Failed and doubtful runs, newest first."""
    return runs.with_outcome(ctx.connection, ("failed", "unknown"), limit)
