"""Schedules: instants that no record decides, each run once, those missed in a downtime by the rule's own word (R10).

A schedule's mark is the last instant that is done with; with `for_each` also the last record of the one in progress.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from dougong.automation import axis
from dougong.automation.decide import direct_levels, plan, rule_key
from dougong.automation.marks import SCHEDULE, Mark, standing
from dougong.automation.platform import Platform
from dougong.automation.runs import acting, all_switched_off, ended, enlist, row_for
from dougong.automation.tables import mark_table
from dougong.automation.triggers.base import ScheduleTrigger, triggers
from dougong.context import Ctx
from dougong.events.once import insert_once
from dougong.expr.types import DATETIME
from dougong.expr.values import decode, encode
from dougong.problems import Problem
from dougong.spec.app import Automation, Workspace

CHUNK = 1000
LATE = timedelta(minutes=15)
"""With `overdue: skip`, an instant that passed longer ago than this is missed."""


def tick(platform: Platform, automation: Automation) -> int:
    """Until nothing is due; how many runs were enlisted."""
    total = 0
    while True:
        with platform.transaction(acting(automation), "automation") as ctx:
            made, more = _advance(ctx, automation)
        total += made
        if not more:
            return total


def upcoming(ctx: Ctx, known: Mapping[str, Mark], off: Collection[str]) -> dict[str, datetime]:
    """The next instant of each schedule that is on, by automation."""
    out: dict[str, datetime] = {}
    for automation in plan(ctx.workspace).scheduled:
        mark = known.get(_key(automation))
        if automation.key in off:
            continue
        after = decode(mark.at, DATETIME) if mark else ctx.now
        following = after if mark and mark.record < axis.END else _following(ctx, automation, after)
        if following:
            out[automation.key] = following
    return out


def in_step(workspace: Workspace, known: Mapping[str, Mark], off: Collection[str]) -> bool:
    """Whether `install` would have nothing to do."""
    wanted = {_key(a): (_axis(a), a.key not in off) for a in plan(workspace).scheduled}
    found = {key: (known[key].axis, known[key].active) for key in wanted if key in known}
    return found == wanted and not _gone(workspace, known)


def _gone(workspace: Workspace, known: Mapping[str, Mark]) -> list[str]:
    """Schedules that are no more, or not for now: brought back, they begin then."""
    there = {_key(automation) for automation in plan(workspace).scheduled}
    return [key for key, mark in known.items() if key not in there and mark.active and mark.axis.startswith(SCHEDULE)]


def install(ctx: Ctx) -> None:
    """A schedule that is new or switched on begins now."""
    off = all_switched_off(ctx.connection)
    for automation in plan(ctx.workspace).scheduled:
        wanted = automation.key not in off
        row = {
            "rule": _key(automation), "axis": _axis(automation), "at": encode(ctx.now, DATETIME), "record": axis.END, "offset": "",
            "active": wanted,
        }
        if insert_once(ctx.connection, mark_table, [row], mark_table.c.rule):
            continue
        m = mark_table.c
        stale = (m.active != wanted) | (m.axis != row["axis"])
        values = {name: row[name] for name in ("at", "record", "active", "axis")}
        ctx.connection.execute(update(mark_table).where(m.rule == row["rule"], stale).values(values))
    if gone := _gone(ctx.workspace, standing(ctx.connection)):
        ctx.connection.execute(update(mark_table).where(mark_table.c.rule.in_(gone)).values(active=False))


def _advance(ctx: Ctx, automation: Automation) -> tuple[int, bool]:
    """One step: one instant, or one chunk of its records. (runs made, whether there is more)"""
    query = select(mark_table).where(mark_table.c.rule == _key(automation)).with_for_update()
    mark = ctx.connection.execute(query).mappings().first()
    if mark is None or not mark["active"]:
        return 0, False
    in_progress = mark["record"] < axis.END
    at = decode(mark["at"], DATETIME)
    instant = at if in_progress else _following(ctx, automation, at)
    if instant is None or instant > ctx.now:
        return 0, False
    missed = _missed(ctx, automation, instant)
    ids: Sequence[int | None] = [None]
    if automation.on.form and not missed:
        ids = _records(ctx, automation.on.form, mark["record"] if in_progress else 0)
    made = enlist(ctx, [row for id in ids for row in _rows(ctx, automation, instant, id, missed)])
    whole = len(ids) < CHUNK
    values = {"at": encode(instant, DATETIME), "record": axis.END if whole else ids[-1]}
    ctx.connection.execute(update(mark_table).where(mark_table.c.rule == mark["rule"]).values(values))
    return len(made), True


def _rows(ctx: Ctx, automation: Automation, instant: datetime, record: int | None, missed: bool) -> list[dict[str, Any]]:
    rows = []
    for level in direct_levels(automation):
        at = encode(instant, DATETIME)
        form = automation.on.form if record is not None else ""
        row = row_for(ctx, automation, level, f"{rule_key(automation, level)}@{record or ''}@{at}", form, record, subject={"at": at})
        rows.append(ended(ctx, row, "missed", Problem("run-missed", {"at": at})) if missed else row)
    return rows


def _missed(ctx: Ctx, automation: Automation, instant: datetime) -> bool:
    if automation.overdue == "skip" and ctx.now - instant > LATE:
        return True
    if automation.catch_up == "last":
        later = _following(ctx, automation, instant)
        return later is not None and later <= ctx.now
    return False


def _records(ctx: Ctx, form: str, after: int) -> list[int]:
    table = ctx.workspace.tables[form]
    query = select(table.c.id).where(table.c.deleted_at.is_(None), table.c.id > after).order_by(table.c.id).limit(CHUNK)
    return list(ctx.connection.execute(query).scalars())


def _following(ctx: Ctx, automation: Automation, after: datetime) -> datetime | None:
    kind = triggers[automation.on.kind]
    assert isinstance(kind, ScheduleTrigger)
    return kind.following(automation.on, after, ctx.workspace.calendar)


def _key(automation: Automation) -> str:
    return f"{automation.key}/"


def _axis(automation: Automation) -> str:
    options = {k: v for k, v in sorted(automation.on.options.items()) if isinstance(v, str)}
    return f"{SCHEDULE}{automation.on.kind} {options}"
