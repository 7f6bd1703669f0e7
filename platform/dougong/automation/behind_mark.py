"""Since values written behind a rule's mark: found by the dispatcher, for no tick will pass there again (SEMANTICS 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong.automation import axis, marks, time_rules
from dougong.automation.decide import TimeRule, plan
from dougong.automation.marks import Mark
from dougong.automation.runs import acting, ended, enlist, row_for
from dougong.automation.triggers.base import Happening
from dougong.context import Ctx
from dougong.jobs import timers
from dougong.problems import Problem
from dougong.records.source import RecordSource

SKIPPING = frozenset({"import", "upgrade", "demo"})
"""Origins of which what is past already stays past. Their records ahead of the mark are counted like all others."""


def lock(ctx: Ctx, happenings: Iterable[Happening]) -> dict[str, Mark]:
    """Shared locks on the marks of all rules whose since values the events set; to be had before the records are read."""
    rules = {rule.key: rule for happening in happenings for rule in rules_set(ctx, happening)}
    return marks.share(ctx, list(rules.values())) if rules else {}


def rules_set(ctx: Ctx, happening: Happening) -> list[TimeRule]:
    """Those that the event gave a new since value."""
    return [rule for rule in plan(ctx.workspace).by_form.get(happening.form, ()) if _sets(rule, happening)]


def look_behind(
    ctx: Ctx, happening: Happening, record: int, origin: str, locked: Mapping[str, Mark], source: RecordSource
) -> None:
    """For a committed event that set a since value: ahead of the mark → the tick finds it; behind and due → `overdue`
    decides; behind and not yet due → a timer. `source` reads what is committed, since `lock` gave the marks."""
    rules = rules_set(ctx, happening)
    row = source.record(happening.form, record) if rules else None
    if row is None:
        return
    for rule in rules:
        mark, at = locked.get(rule.key), axis.encoded(rule, row)
        if mark is None or not mark.active or not at or at != _at(rule, happening):
            continue
        if (at, record) > (mark.at, mark.record):
            continue
        due = axis.due(rule, at, ctx.workspace.calendar)
        if due > ctx.now:
            _set_timer(ctx, rule, record, at)
        elif origin in SKIPPING or rule.automation.overdue == "skip":
            _missed(ctx, rule, record, at)
        elif time_rules.holds(ctx.as_(acting(rule.automation)), rule, row):
            time_rules.fire(ctx, rule, record, at)


def ring(ctx: Ctx, payload: Mapping[str, Any]) -> None:
    """A timer of a rule: its time is up, so the condition is read now."""
    rule = next((r for of_one in plan(ctx.workspace).timed.values() for r in of_one if r.key == payload["rule"]), None)
    if rule is None or not (mark := marks.share(ctx, [rule]).get(rule.key)) or not mark.active:
        return
    row = time_rules.rows_of(ctx, rule, payload["record"])
    if row is None or axis.encoded(rule, row) != payload["at"]:
        return
    if axis.due(rule, payload["at"], ctx.workspace.calendar) > ctx.now:
        _set_timer(ctx, rule, payload["record"], payload["at"])
    elif time_rules.holds(ctx.as_(acting(rule.automation)), rule, row):
        time_rules.fire(ctx, rule, payload["record"], payload["at"])


def _sets(rule: TimeRule, happening: Happening) -> bool:
    """Whether the event set this rule's since value: a restored record brings its value back, a changed one must differ."""
    if happening.new is None or happening.kind not in ("created", "changed", "restored"):
        return False
    return happening.kind != "changed" or happening.new.get(rule.since) != (happening.old or {}).get(rule.since)


def _at(rule: TimeRule, happening: Happening) -> str:
    return axis.encoded(rule, happening.new or {})


def _set_timer(ctx: Ctx, rule: TimeRule, record: int, at: str) -> None:
    payload = {"rule": rule.key, "record": record, "at": at}
    due = axis.due(rule, at, ctx.workspace.calendar)
    timers.put(ctx.connection, timers.Timer(time_rules.run_key(rule, record, at), "rule", due, payload, rule.key))


def _missed(ctx: Ctx, rule: TimeRule, record: int, at: str) -> None:
    """Kept, so that `why` and the list of missed ones can show it. Imports are counted, not listed one by one."""
    if rule.automation.overdue == "skip":
        subject = {"since": at, "due": axis.due(rule, at, ctx.workspace.calendar).isoformat()}
        key = time_rules.run_key(rule, record, at)
        row = row_for(ctx, rule.automation, rule.level, key, rule.form.key, record, subject=subject)
        enlist(ctx, [ended(ctx, row, "missed", Problem("run-missed", {"at": at}))])
