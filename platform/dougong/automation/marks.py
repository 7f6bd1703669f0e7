"""Marks: how far each time rule has come on its axis. A mark's row is the rule's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from dougong.automation import axis
from dougong.automation.decide import TimeRule, plan
from dougong.automation.runs import switched_off
from dougong.automation.tables import mark_table
from dougong.context import Ctx
from dougong.events.once import insert_once
from dougong.expr.types import Calendar
from dougong.jobs import timers


@dataclass(frozen=True)
class Mark:
    """Everything at or before (`at`, `record`) is done with. `at` '' is before all."""

    rule: str
    axis: str
    at: str
    record: int
    offset: str
    active: bool


def lock_marks(ctx: Ctx, rules: Sequence[TimeRule]) -> dict[str, Mark]:
    """For the tick: nobody else reads or moves them until its transaction ends."""
    query = select(mark_table).where(mark_table.c.rule.in_([r.key for r in rules])).order_by(mark_table.c.rule).with_for_update()
    return {row["rule"]: Mark(**row) for row in ctx.connection.execute(query).mappings()}


def share(ctx: Ctx, rules: Sequence[TimeRule]) -> dict[str, Mark]:
    """For the dispatcher: no tick moves them until its transaction ends."""
    query = select(mark_table).where(mark_table.c.rule.in_([r.key for r in rules])).order_by(mark_table.c.rule)
    return {row["rule"]: Mark(**row) for row in ctx.connection.execute(query.with_for_update(read=True)).mappings()}


def move(ctx: Ctx, rule: str, at: str, record: int) -> None:
    ctx.connection.execute(update(mark_table).where(mark_table.c.rule == rule).values(at=at, record=record))


def install(ctx: Ctx) -> None:
    """Brings marks and timers in step with the definitions and the calendar. Called when apps change, and by each tick.

    A rule that is new, switched on, or given another since column begins where time is now: records already past are
    skipped (`take_up_past` takes them). Changing duration, condition, actions or name keeps the mark (SEMANTICS 4).
    """
    rules = {rule.key: rule for of_one in plan(ctx.workspace).timed.values() for rule in of_one}
    off = switched_off(ctx.connection, {rule.automation.key for rule in rules.values()})
    known = {row["rule"]: Mark(**row) for row in ctx.connection.execute(select(mark_table)).mappings()}
    for key, rule in rules.items():
        wanted, mark = rule.automation.key not in off, known.get(key)
        if mark is None or mark.axis != _axis(rule) or (wanted and not mark.active):
            _begin(ctx, rule, wanted)
        elif mark.active != wanted:
            ctx.connection.execute(update(mark_table).where(mark_table.c.rule == key).values(active=wanted))
        elif mark.offset != _offset(rule, ctx.workspace.calendar):
            _set_timers_again(ctx, rule)
    gone = [key for key, mark in known.items() if key not in rules and mark.active and not mark.axis.startswith("schedule")]
    if gone:
        ctx.connection.execute(update(mark_table).where(mark_table.c.rule.in_(gone)).values(active=False))


def take_up_past(ctx: Ctx, rules: Iterable[TimeRule]) -> None:
    """`overdue: now` offered at plan, import or switching on: the mark goes back to the beginning. What fired, fires no more."""
    for rule in rules:
        move(ctx, rule.key, "", 0)


def _begin(ctx: Ctx, rule: TimeRule, active: bool) -> None:
    values = {
        "axis": _axis(rule), "at": axis.reached(rule, ctx.now, ctx.workspace.calendar), "record": axis.END,
        "offset": _offset(rule, ctx.workspace.calendar), "active": active,
    }
    if not insert_once(ctx.connection, mark_table, [{"rule": rule.key, **values}], mark_table.c.rule):
        ctx.connection.execute(update(mark_table).where(mark_table.c.rule == rule.key).values(values))
        timers.cancel_all(ctx.connection, "rule", rule.key)


def _set_timers_again(ctx: Ctx, rule: TimeRule) -> None:
    """Timers keep their base; duration and calendar may have changed."""
    for timer in timers.of_owner(ctx.connection, "rule", rule.key):
        due = axis.due(rule, timer["payload"]["at"], ctx.workspace.calendar)
        timers.put(ctx.connection, timers.Timer(timer["key"], "rule", due, timer["payload"], rule.key))
    offset = _offset(rule, ctx.workspace.calendar)
    ctx.connection.execute(update(mark_table).where(mark_table.c.rule == rule.key).values(offset=offset))


def _axis(rule: TimeRule) -> str:
    return f"{rule.form.key}.{rule.since}"


def _offset(rule: TimeRule, calendar: Calendar) -> str:
    span = rule.offset
    days = [",".join(sorted(d.isoformat() for d in some)) for some in (calendar.holidays, calendar.make_up_days)]
    return f"{span.millis}ms {span.days}d {span.workdays}w {calendar.zone.key} {calendar.week} {days}"


