"""What another definition of an app does to its rules at work: told with the plan, before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from dougong.automation import axis
from dougong.automation.decide import TimeRule, plan, rule_key
from dougong.automation.marks import Mark, begins, standing
from dougong.automation.runs import all_switched_off
from dougong.automation.tables import run_table, unfinished
from dougong.automation.time_rules import past
from dougong.context import Ctx
from dougong.jobs.timers import timer_table
from dougong.problems import LOCALES, Problem
from dougong.records.row import column_of
from dougong.spec.app import App, Automation
from dougong.store.changes.base import figure


def impact(ctx: Ctx, app: str, after: App | None) -> list[Problem]:
    """Rules of `app` that go, come or change, each with the records that wait for it and its runs under way."""
    here = {key: a for key, a in plan(ctx.workspace).all.items() if a.app == app}
    then = {a.key: a for a in after.automations.values()} if after else {}
    declared = set(ctx.workspace.apps[app].automations) if app in ctx.workspace.apps else set()
    running, marks = _running(ctx), standing(ctx.connection)
    out: list[Problem] = []
    for key, automation in sorted(here.items(), key=lambda item: (-running.get(item[0], 0), item[0])):
        waiting = _waiting(ctx, automation, marks)
        told = {"rule": _name(automation), "waiting": figure(waiting), "running": figure(running.get(key, 0))}
        kept = then.get(key)
        if kept is None and (automation.id in declared or after is None):
            out.append(Problem("plan-rule-gone", told))
        elif kept is not None and kept.digest != automation.digest:
            out.append(Problem("plan-rule-changed", told))
    if app in ctx.workspace.apps:
        out += [Problem("plan-rule-new", {"rule": _name(then[key])}) for key in sorted(then.keys() - here.keys())]
    return out + (_past(ctx, after, marks) if after else [])


def _past(ctx: Ctx, after: App, marks: Mapping[str, Mark]) -> list[Problem]:
    """Time rules that would begin now, each with the records whose time is up already: they are left unless somebody takes them up."""
    workspace, off = replace(ctx.workspace, apps={**ctx.workspace.apps, after.id: after}), all_switched_off(ctx.connection)
    out: list[Problem] = []
    for key, rules in plan(workspace).timed.items():
        stored = [r for r in rules if r.form.app == after.id and r.since in r.form.fields and key not in off]
        new = [r for r in stored if begins(r, marks.get(r.key))]
        counts = [select(func.count()).select_from(past(ctx, r, ctx.now).subquery()) for r in new]
        if count := max((int(ctx.connection.execute(query).scalar_one()) for query in counts), default=0):
            out.append(Problem("plan-rule-past", {"rule": _name(rules[0].automation), "key": key, "count": figure(count)}))
    return out


def _running(ctx: Ctx) -> Mapping[str, int]:
    r = run_table.c
    query = select(r.automation, func.count()).where(unfinished).group_by(r.automation)
    return {automation: count for automation, count in ctx.connection.execute(query)}


def _waiting(ctx: Ctx, automation: Automation, marks: Mapping[str, Mark]) -> int:
    """Records with a since value that is counted now: ahead of the mark, or behind it with a timer."""
    counts = [_ahead(ctx, rule, marks.get(rule.key)) for rule in plan(ctx.workspace).timed.get(automation.key, ())]
    owners = [rule_key(automation, level) for level in automation.levels]
    timers = select(func.count()).where(timer_table.c.kind == "rule", timer_table.c.owner.in_(owners))
    return max(counts, default=0) + int(ctx.connection.execute(timers).scalar_one())


def _ahead(ctx: Ctx, rule: TimeRule, mark: Mark | None) -> int:
    if mark is None or not mark.active:
        return 0
    table: Any = ctx.workspace.tables[rule.form.key]
    since = column_of(rule.form, table, rule.since)
    further = since > axis.decoded(rule, mark.at) if mark.at else since.is_not(None)
    return int(ctx.connection.execute(select(func.count()).select_from(table).where(table.c.deleted_at.is_(None), further)).scalar_one())


def _name(automation: Automation) -> dict[str, str]:
    return {locale: automation.name.in_(locale) or automation.id for locale in LOCALES}
