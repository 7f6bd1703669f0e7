"""Marks: how far each time rule has come on its axis. A mark's row is the rule's lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select, update

from dougong.automation import axis
from dougong.automation.decide import TimeRule, plan
from dougong.automation.runs import all_switched_off
from dougong.automation.tables import mark_table
from dougong.context import Ctx
from dougong.events.once import insert_once
from dougong.expr.types import Calendar
from dougong.jobs import timers
from dougong.spec.app import Workspace

SCHEDULE = "schedule "
"""How the axis of a schedule's mark begins; no table is called so."""


@dataclass(frozen=True)
class Mark:
    """Everything at or before (`at`, `record`) is done with. `at` '' is before all."""

    rule: str
    axis: str
    at: str
    record: int
    offset: str
    active: bool


_ALL = select(*(mark_table.c[name] for name in Mark.__dataclass_fields__))
_SHARED = (
    select(mark_table).where(mark_table.c.rule.in_(bindparam("rules", expanding=True))).order_by(mark_table.c.rule)
    .with_for_update(read=True)
)  # fmt: skip


def lock_marks(ctx: Ctx, rules: Sequence[TimeRule]) -> dict[str, Mark]:
    """For the tick: nobody else reads or moves them until its transaction ends."""
    query = select(mark_table).where(mark_table.c.rule.in_([r.key for r in rules])).order_by(mark_table.c.rule).with_for_update()
    return {row["rule"]: Mark(**row) for row in ctx.connection.execute(query).mappings()}


def share(ctx: Ctx, rules: Sequence[TimeRule]) -> dict[str, Mark]:
    """For the dispatcher: no tick moves them until its transaction ends."""
    return {row["rule"]: Mark(**row) for row in ctx.connection.execute(_SHARED, {"rules": [r.key for r in rules]}).mappings()}


def move(ctx: Ctx, rule: str, at: str, record: int) -> None:
    move_all(ctx, [(rule, at, record)])


def move_all(ctx: Ctx, places: Sequence[tuple[str, str, int]]) -> None:
    """(rule, at, record) each."""
    if places:
        rows = [{"of": rule, "at": at, "record": record} for rule, at, record in places]
        ctx.connection.execute(update(mark_table).where(mark_table.c.rule == bindparam("of")), rows)


def standing(connection: Connection) -> dict[str, Mark]:
    """All of them, those of schedules too, as they are committed."""
    return {row.rule: Mark(*row) for row in connection.execute(_ALL)}


def install(ctx: Ctx) -> None:
    """Brings marks and timers in step with the definitions and the calendar. Called when apps change, and by a tick that finds
    them out of step.

    A rule that is new, switched on, or given another since column begins where time is now: records already past are
    skipped (`take_up_past` takes them). Changing duration, condition, actions or name keeps the mark (SEMANTICS 4).
    """
    known, off = standing(ctx.connection), all_switched_off(ctx.connection)
    for rule in _rules(ctx.workspace):
        wanted, mark = rule.automation.key not in off, known.get(rule.key)
        if mark is None or mark.axis != _axis(rule) or (wanted and not mark.active):
            _begin(ctx, rule, wanted)
        elif mark.active != wanted:
            ctx.connection.execute(update(mark_table).where(mark_table.c.rule == rule.key).values(active=wanted))
        elif mark.offset != _offset(rule, ctx.workspace.calendar):
            _set_timers_again(ctx, rule)
    if gone := _gone(ctx.workspace, known):
        ctx.connection.execute(update(mark_table).where(mark_table.c.rule.in_(gone)).values(active=False))


def begins(rule: TimeRule, mark: Mark | None) -> bool:
    """Whether `install` would let the rule, which isn't switched off, begin where time is now."""
    return mark is None or mark.axis != _axis(rule) or not mark.active


def in_step(workspace: Workspace, known: Mapping[str, Mark], off: Collection[str]) -> bool:
    """Whether `install` would have nothing to do."""
    rules, calendar = _rules(workspace), workspace.calendar
    wanted = {r.key: (_axis(r), _offset(r, calendar), r.automation.key not in off) for r in rules}
    found = {key: (mark.axis, mark.offset, mark.active) for key, mark in known.items() if key in wanted}
    return found == wanted and not _gone(workspace, known)


def _rules(workspace: Workspace) -> list[TimeRule]:
    return [rule for of_one in plan(workspace).timed.values() for rule in of_one]


def _gone(workspace: Workspace, known: Mapping[str, Mark]) -> list[str]:
    there = {rule.key for rule in _rules(workspace)}
    return [key for key, mark in known.items() if key not in there and mark.active and not mark.axis.startswith(SCHEDULE)]


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
    """By the physical names: a form or field that is called differently now is still the same axis."""
    since = rule.form.fields[rule.since]
    return f"{rule.form.table}.{since.key} {since.value.kind}"


def _offset(rule: TimeRule, calendar: Calendar) -> str:
    span = rule.offset
    days = _free_days(calendar.holidays, calendar.make_up_days)
    return f"{span.millis}ms {span.days}d {span.workdays}w {calendar.zone.key} {calendar.week} {days}"


@lru_cache(maxsize=16)
def _free_days(*several: frozenset[date]) -> list[str]:
    return [",".join(sorted(day.isoformat() for day in some)) for some in several]
