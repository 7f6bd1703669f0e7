"""What the runtime calls: dispatch, tick, work until quiet, and when to come again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from dougong.automation import axis, behind, marks, running, runs, schedules, time_rules
from dougong.automation.decide import TimeRule, plan
from dougong.automation.dispatch import dispatch
from dougong.automation.platform import Platform
from dougong.automation.tables import mark_table
from dougong.context import SYSTEM, Ctx
from dougong.events import outbox
from dougong.jobs import timers
from dougong.notify import delivery

MOST_ROUNDS = 10_000
TIMERS = {"rule": behind.ring}


def install(ctx: Ctx) -> None:
    """After apps or the calendar changed, in that transaction: marks begin, timers move. Each tick does it too."""
    marks.install(ctx)
    schedules.install(ctx)


def tick(platform: Platform) -> int:
    """Everything that time has brought: time rules, timers, schedules. How many records, timers and instants it took."""
    with platform.transaction(SYSTEM, "automation") as ctx:
        install(ctx)
        now = plan(ctx.workspace)
    taken = sum(time_rules.tick(platform, rules) for rules in now.timed.values())
    taken += timers.ring(lambda: platform.transaction(SYSTEM, "automation"), TIMERS)
    return taken + sum(schedules.tick(platform, automation) for automation in now.scheduled)


def work(platform: Platform) -> int:
    """Dispatch, tick and run until quiet; how much was done. What is due later stays for later."""
    total = 0
    for _ in range(MOST_ROUNDS):
        done = dispatch(platform) + running.work(platform)
        if not done:
            done = tick(platform)
        if not done:
            break
        total += done
    return total


def next_due(ctx: Ctx) -> datetime | None:
    """The earliest instant at which anything here is due: rule, timer, schedule, wait, retry, event, delivery. For the virtual clock."""
    found = [
        outbox.next_due(ctx.connection), runs.next_due(ctx.connection), timers.next_due(ctx.connection), delivery.next_due(ctx.connection),
        *schedules.next_due(ctx), *(_rule_due(ctx, rule) for rules in plan(ctx.workspace).timed.values() for rule in rules),
    ]
    return min((at for at in found if at is not None), default=None)


def past(ctx: Ctx, automation: str) -> dict[str, int]:
    """Level → how many live records are past already: plan, import and switching on print it and offer `overdue: now`."""
    rules = plan(ctx.workspace).timed.get(automation, ())
    counted = {r.level.id: select(func.count()).select_from(time_rules.past(ctx, r, ctx.now).subquery()) for r in rules}
    return {level: int(ctx.connection.execute(query).scalar_one()) for level, query in counted.items()}


def _rule_due(ctx: Ctx, rule: TimeRule) -> datetime | None:
    """When the first record ahead of the mark is due; its condition is read then."""
    query = select(mark_table.c.at, mark_table.c.record).where(mark_table.c.rule == rule.key, mark_table.c.active)
    mark = ctx.connection.execute(query).first()
    if mark is None:
        return None
    table = ctx.workspace.tables[rule.form.key]
    column = table.c[rule.since]
    ahead = column.is_not(None) if not mark.at else column > axis.decoded(rule, mark.at)
    first = ctx.connection.execute(select(func.min(column)).where(ahead, table.c.deleted_at.is_(None))).scalar()
    if first is None:
        return None
    return axis.due(rule, axis.encoded(rule, {rule.since: first}), ctx.workspace.calendar)
