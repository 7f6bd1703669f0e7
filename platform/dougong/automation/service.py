"""What the runtime calls: dispatch, tick, work until quiet, and when to come again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from dougong.automation import behind_mark, marks, running, runs, schedules, time_rules
from dougong.automation.decide import plan
from dougong.automation.dispatch import Dispatched, dispatch
from dougong.automation.outlook import Outlook, look
from dougong.automation.platform import Platform
from dougong.context import SYSTEM, Ctx
from dougong.events import outbox
from dougong.jobs import timers
from dougong.notify import delivery

MOST_ROUNDS = 10_000
TICK_AT_LEAST = 50
"""Rounds of a worker that never comes to rest."""
TIMERS = {"rule": behind_mark.ring}
_FIRST = select(*outbox.FIRST, *runs.FIRST)


def install(ctx: Ctx) -> None:
    """After apps or the calendar changed, in that transaction: marks begin, timers move. A tick that finds them out of step does it too."""
    marks.install(ctx)
    schedules.install(ctx)


def tick(platform: Platform) -> int:
    """Everything that time has brought: time rules, timers, schedules. How many records, timers and instants it took."""
    with platform.read(SYSTEM) as ctx:
        seen = look(ctx)
    return _tick(platform, seen)


def work(platform: Platform) -> int:
    """Dispatch, tick and run until quiet; how much was done. What is due later stays for later."""
    return round_of(platform, MOST_ROUNDS)[0]


def round_of(
    platform: Platform, most: int, ticking: bool = True, first: tuple[bool, bool] | None = None
) -> tuple[int, bool]:
    """The same, dispatching `most` times at most: how much was done, and whether all is quiet.

    Without `ticking` it does not ask what the time has brought. `first` is what `due` has just said.
    """
    total = 0
    for number in range(1, most + 1):
        if first is None:
            with platform.read(SYSTEM) as ctx:
                first = due(ctx)
        events_due, runs_due, first = *first, None
        found = _events(platform) if events_due else Dispatched(0, (), more=False)
        done = found.claimed + (running.work(platform) if runs_due else 0)
        quiet = not (runs_due or found.begun or found.more)
        if ticking and (quiet or number % TICK_AT_LEAST == 0):  # who always has events still sees the time pass
            brought = tick(platform)
            done, quiet = done + brought, quiet and not brought
        total += done
        if quiet or not done:
            return total, True
    return total, False


def due(ctx: Ctx) -> tuple[bool, bool]:
    """Whether there are events to dispatch, and runs to go on with."""
    opened, given_back, open_runs, left = (at is not None and at <= ctx.now for at in ctx.connection.execute(_FIRST).one())
    return opened or given_back, open_runs or left


def _events(platform: Platform) -> Dispatched:
    """Dispatches what waits, and goes on at once with the runs that it began."""
    found = dispatch(platform)
    for run, event in found.begun:
        running.advance(platform, run, event)
    return found


def next_due(ctx: Ctx) -> datetime | None:
    """The earliest instant at which anything here is due: rule, timer, schedule, wait, retry, event, delivery. For the virtual clock."""
    found = (look(ctx).earliest, outbox.next_due(ctx.connection), runs.next_due(ctx.connection), delivery.next_due(ctx.connection))
    return min((at for at in found if at is not None), default=None)


def _tick(platform: Platform, seen: Outlook) -> int:
    """Only what is due is touched; a mark with nothing to find is moved once in a while, all of them in one transaction."""
    if not seen.in_step:
        with platform.transaction(SYSTEM, "automation") as ctx:
            install(ctx)
            seen = look(ctx)
    now_due = {key for key, at in (*seen.rules.items(), *seen.schedules.items()) if seen.due(at)}
    if idle := [rule for rule in seen.lagging if rule.automation.key not in now_due]:
        with platform.transaction(SYSTEM, "automation") as ctx:
            time_rules.catch_up(ctx, idle)
    if not now_due and not seen.due(seen.timers):
        return 0
    now = plan(platform.workspace())
    taken = sum(time_rules.tick(platform, rules) for key, rules in now.timed.items() if key in now_due)
    if seen.due(seen.timers):
        taken += timers.ring(lambda: platform.transaction(SYSTEM, "automation"), TIMERS)
    return taken + sum(schedules.tick(platform, automation) for automation in now.scheduled if automation.key in now_due)


def take_up(ctx: Ctx, automation: str) -> None:
    """The offer of `past` is accepted, at a rule that is just begun or switched on in this transaction or an earlier one."""
    install(ctx)
    marks.take_up_past(ctx, plan(ctx.workspace).timed.get(automation, ()))


def past(ctx: Ctx, automation: str) -> dict[str, int]:
    """Level → how many live records are past already: plan, import and switching on print it and offer `overdue: now`."""
    rules = plan(ctx.workspace).timed.get(automation, ())
    counted = {r.level.id: select(func.count()).select_from(time_rules.past(ctx, r, ctx.now).subquery()) for r in rules}
    return {level: int(ctx.connection.execute(query).scalar_one()) for level, query in counted.items()}
