"""Why a rule ran for a record, or why it did not: from its runs, its mark and its condition, with the values seen.

Worked out when asked (SEMANTICS 4); nothing is written while nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dougong.automation import axis, tally, time_rules
from dougong.automation.condition_values import condition_values
from dougong.automation.decide import TimeRule, plan
from dougong.automation.platform import Platform
from dougong.automation.runs import from_json
from dougong.automation.scene import Scene
from dougong.automation.tables import mark_table, run_table, switch_table
from dougong.context import Ctx
from dougong.expr.types import DATE, DATETIME, SPAN
from dougong.fields.show import show
from dougong.problems import LOCALES, Problem
from dougong.records.source import RecordSource
from dougong.spec.app import Automation

LATELY = 10


def why(platform: Platform, ctx: Ctx, automation: str, record: int) -> list[Problem]:
    """Sentences, as problems: the switch, the last runs, and what stands in the way now. `ctx` acts as the app or the system;
    what a reader may not see is the caller's to leave out."""
    found = plan(ctx.workspace).all.get(automation)
    if found is None:
        return [Problem("why-no-rule", {"rule": automation})]
    out = [*_switch(ctx, found), *_runs(ctx, found, record)]
    form = ctx.workspace.forms.get(found.on.form)
    row = RecordSource(ctx).record(form.key, record) if form else None
    if form is None or row is None or row.get("deleted_at") is not None:
        return [*out, Problem("why-no-record")]
    scene = Scene(platform, ctx, found, form, row, RecordSource(ctx))
    for rule in plan(ctx.workspace).timed.get(automation, ()):
        out += _time(ctx, rule, row, record)
    return [*out, *_condition(scene), *_tallies(ctx, found)]


def _switch(ctx: Ctx, automation: Automation) -> Iterator[Problem]:
    if automation.broken:
        yield Problem("why-broken", {"why": _both(automation.broken[0])})
    s = switch_table.c
    row = ctx.connection.execute(select(s.on, s.reason).where(s.automation == automation.key)).first()
    if (row is not None and not row.on) or (not automation.enabled and not automation.broken):
        reason = from_json(row.reason) if row is not None else None
        yield Problem("why-off-because", {"why": _both(reason)}) if reason else Problem("why-switched-off")


def _runs(ctx: Ctx, automation: Automation, record: int) -> Iterator[Problem]:
    """Newest first."""
    r = run_table.c
    query = select(run_table).where(r.form == automation.on.form, r.record == record, r.automation == automation.key)
    rows = ctx.connection.execute(query.order_by(r.id.desc()).limit(LATELY)).mappings().all()
    if not rows:
        yield Problem("why-never")
    for row in rows:
        reason = from_json(row["problem"])
        level = f" {row['level']}" if row["level"] else ""
        outcome = _both(Problem(f"outcome-{row['outcome'] or row['state']}"))
        at = _instant(ctx, row["finished_at"] or row["started_at"] or row["created_at"])
        args = {"at": at, "level": level, "outcome": outcome, "why": _both(reason) if reason else ""}
        yield Problem("why-ran-because" if reason else "why-ran", args)


def _time(ctx: Ctx, rule: TimeRule, row: Mapping[str, Any], record: int) -> list[Problem]:
    """Where the record stands on the rule's axis."""
    field, at = rule.form.fields[rule.since], axis.encoded(rule, row)
    if not at:
        return [Problem("why-no-since", {"field": {code: field.name.in_(code) for code in LOCALES}})]
    if rule.stage and row.get("stage") != rule.stage:
        return [Problem("why-other-since-stage", {"seen": row.get("stage"), "wanted": rule.stage})]
    due = axis.due(rule, at, ctx.workspace.calendar)
    args = {"since": _since(ctx, rule, at), "due": _instant(ctx, due), "after": _span(ctx, rule)}
    if due > ctx.now:
        return [Problem("why-not-yet", args)]
    ran = select(run_table.c.id).where(run_table.c.key == time_rules.run_key(rule, record, at))
    if ctx.connection.execute(ran).first() is not None:
        return []
    mark = ctx.connection.execute(select(mark_table.c.at, mark_table.c.record).where(mark_table.c.rule == rule.key)).first()
    behind = mark is None or (at, record) <= (mark.at, mark.record)
    return [Problem("why-past-mark" if behind else "why-waiting-tick", args)]


def _condition(scene: Scene) -> Iterator[Problem]:
    condition = scene.automation.if_
    if condition is not None:
        values = ", ".join(f"{path} = {'—' if value is None else value}" for path, value in condition_values(scene, condition).items())
        code = "why-condition-true" if scene.holds(condition) else "why-condition-false"
        yield Problem(code, {"condition": condition.source, "values": values})


def _tallies(ctx: Ctx, automation: Automation) -> Iterator[Problem]:
    for times, count in tally.counting(ctx, automation).items():
        yield Problem("why-counting", {"count": count, "times": times})


def _both(problem: Problem | None) -> dict[str, str]:
    return {code: problem.sentence(code) if problem else "" for code in LOCALES}


def _instant(ctx: Ctx, at: datetime) -> dict[str, str]:
    return {code: show(at, DATETIME, code, ctx.workspace.calendar) for code in LOCALES}


def _since(ctx: Ctx, rule: TimeRule, at: str) -> dict[str, str]:
    type_ = DATE if axis.is_date(rule) else DATETIME
    return {code: show(axis.decoded(rule, at), type_, code, ctx.workspace.calendar) for code in LOCALES}


def _span(ctx: Ctx, rule: TimeRule) -> dict[str, str]:
    return {code: show(rule.offset, SPAN, code, ctx.workspace.calendar) for code in LOCALES}
