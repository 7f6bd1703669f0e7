"""What is due, and when what comes next: a few indexed reads, so that a quiet minute writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dougong.automation import axis, marks, runs, schedules, time_rules
from dougong.automation.decide import TimeRule, plan
from dougong.automation.marks import Mark
from dougong.context import Ctx
from dougong.jobs import timers

LAG = timedelta(minutes=1)
"""A mark with nothing between it and now is moved this seldom. What is written meanwhile lies ahead of it, where the tick finds it."""


@dataclass(frozen=True)
class Outlook:
    """`rules` and `schedules` by automation, `timers` as a whole: the earliest instant of each.

    `in_step` is False where `install` has something to do; `lagging` are rules whose marks are to be moved.
    """

    now: datetime
    in_step: bool
    timers: datetime | None
    rules: Mapping[str, datetime]
    schedules: Mapping[str, datetime]
    lagging: tuple[TimeRule, ...]

    @property
    def earliest(self) -> datetime | None:
        found = (self.timers, *self.rules.values(), *self.schedules.values())
        return min((at for at in found if at is not None), default=None)

    def due(self, at: datetime | None) -> bool:
        return at is not None and at <= self.now


def look(ctx: Ctx) -> Outlook:
    known, off = marks.standing(ctx.connection), runs.all_switched_off(ctx.connection)
    moving = [rule for of_one in plan(ctx.workspace).timed.values() for rule in of_one if rule.key in known and known[rule.key].active]
    return Outlook(
        now=ctx.now,
        in_step=marks.in_step(ctx.workspace, known, off) and schedules.in_step(ctx.workspace, known, off),
        timers=timers.next_due(ctx.connection),
        rules=_rules(ctx, moving, known),
        schedules=schedules.upcoming(ctx, known, off),
        lagging=tuple(rule for rule in moving if _lags(ctx, rule, known[rule.key])),
    )


def _rules(ctx: Ctx, rules: Sequence[TimeRule], known: Mapping[str, Mark]) -> dict[str, datetime]:
    """When the first record ahead of a mark is due; its condition is read then."""
    out: dict[str, datetime] = {}
    firsts = time_rules.first_ahead(ctx, rules, known)
    for rule in rules:
        if firsts[rule.key]:
            at = axis.due(rule, firsts[rule.key], ctx.workspace.calendar)
            out[rule.automation.key] = min(at, out.get(rule.automation.key, at))
    return out


def _lags(ctx: Ctx, rule: TimeRule, mark: Mark) -> bool:
    calendar = ctx.workspace.calendar
    if mark.at and axis.due(rule, mark.at, calendar) + LAG > ctx.now:
        return False
    return axis.reached(rule, ctx.now, calendar) > mark.at
