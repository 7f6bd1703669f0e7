"""What the runtime calls: dispatch, tick, work until quiet, and when to come again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from dougong.automation import behind, marks, running, runs, schedules, time_rules
from dougong.automation.decide import plan
from dougong.automation.dispatch import dispatch
from dougong.automation.outlook import Outlook, look
from dougong.automation.platform import Platform
from dougong.context import SYSTEM, Ctx
from dougong.events import outbox
from dougong.jobs import timers
from dougong.notify import delivery

MOST_ROUNDS = 10_000
TICK_AT_LEAST = 50
"""Rounds of a worker that never comes to rest."""
TIMERS = {"rule": behind.ring}


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
    total = 0
    for number in range(1, MOST_ROUNDS):
        with platform.read(SYSTEM) as ctx:
            first = (outbox.next_due(ctx.connection), runs.next_due(ctx.connection))
            events_due, runs_due = (at is not None and at <= ctx.now for at in first)
        done = dispatch(platform) if events_due else 0
        done += running.work(platform) if runs_due else 0
        if not done or number % TICK_AT_LEAST == 0:  # who always has events still sees the time pass
            done += tick(platform)
        if not done:
            break
        total += done
    return total


def next_due(ctx: Ctx) -> datetime | None:
    """The earliest instant at which anything here is due: rule, timer, schedule, wait, retry, event, delivery. For the virtual clock."""
    return min((at for at in (look(ctx).earliest, delivery.next_due(ctx.connection)) if at is not None), default=None)


def _tick(platform: Platform, seen: Outlook) -> int:
    """Only what is due is touched; a mark with nothing to find is moved once in a while, all of them in one transaction."""
    if not seen.in_step:
        with platform.transaction(SYSTEM, "automation") as ctx:
            install(ctx)
            seen = look(ctx)
    due = {key for key, at in (*seen.rules.items(), *seen.schedules.items()) if seen.due(at)}
    if idle := [rule for rule in seen.lagging if rule.automation.key not in due]:
        with platform.transaction(SYSTEM, "automation") as ctx:
            time_rules.catch_up(ctx, idle)
    now = plan(platform.workspace())
    taken = sum(time_rules.tick(platform, rules) for key, rules in now.timed.items() if key in due)
    if seen.due(seen.timers):
        taken += timers.ring(lambda: platform.transaction(SYSTEM, "automation"), TIMERS)
    return taken + sum(schedules.tick(platform, automation) for automation in now.scheduled if automation.key in due)


def past(ctx: Ctx, automation: str) -> dict[str, int]:
    """Level → how many live records are past already: plan, import and switching on print it and offer `overdue: now`."""
    rules = plan(ctx.workspace).timed.get(automation, ())
    counted = {r.level.id: select(func.count()).select_from(time_rules.past(ctx, r, ctx.now).subquery()) for r in rules}
    return {level: int(ctx.connection.execute(query).scalar_one()) for level, query in counted.items()}
