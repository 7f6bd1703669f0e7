"""Events handled together, and the rules that they set off: conditions read, runs begun or over, in one transaction.

What all need (rights to run, runs at work, records, marks) is read once for all events. Most rules of most events have a
condition that does not hold: such runs are over as they are written, many in one statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import bindparam, select
from uuid6 import uuid7

from dougong.automation import behind_mark, runs
from dougong.automation.condition_values import condition_values
from dougong.automation.decide import direct_levels, plan, refusal, rule_key
from dougong.automation.marks import Mark
from dougong.automation.platform import Platform
from dougong.automation.runs import MOST_DEPTH, Run, acting, as_json, line, row_for
from dougong.automation.scene import Scene
from dougong.automation.tables import run_table, unfinished
from dougong.automation.triggers.base import Happening
from dougong.context import Ctx
from dougong.events.once import insert_once, insert_written_once, written
from dougong.events.outbox import Claim
from dougong.expr.to_python import evaluate
from dougong.problems import Problem
from dougong.records.source import RecordSource
from dougong.spec.app import Automation, Level, Workspace
from dougong.sqltypes import json_text

OVER = (
    "uid", "key", "automation", "level", "form", "record", "subject", "event", "depth", "chain", "actor", "digest", "state", "outcome",
    "problem", "trace", "due", "attempts", "created_at", "started_at", "finished_at",
)  # fmt: skip
_BUSY = select(run_table.c.automation, run_table.c.level, run_table.c.form, run_table.c.record).where(
    run_table.c.form.in_(bindparam("forms", expanding=True)), run_table.c.record.in_(bindparam("records", expanding=True)), unfinished
)


@dataclass(frozen=True)
class Rule:
    """One level of an automation that events set off."""

    automation: Automation
    level: Level
    key: str


@dataclass(frozen=True)
class Caller:
    """An event with the rules that its images set off, in their order."""

    claim: Claim
    seen: Happening
    rules: tuple[Rule, ...]


@dataclass
class Batch:
    """Callers in one transaction. `marks` are locked, and were so before `source` read anything (SEMANTICS 4)."""

    platform: Platform
    ctx: Ctx
    marks: dict[str, Mark]
    off: set[str]
    busy: set[tuple[str, str, str, int]]
    source: RecordSource
    over: list[tuple[Any, ...]] = field(default_factory=list)
    constants: tuple[Any, str, str] | None = None


def batch_of(platform: Platform, ctx: Ctx, callers: Sequence[Caller]) -> Batch:
    marks = behind_mark.lock(ctx, [c.seen for c in callers if c.claim.event.record is not None])
    source, records = RecordSource(ctx), dict[str, set[int]]()
    for caller in callers:
        if caller.claim.event.record is not None and (caller.rules or behind_mark.rules_set(ctx, caller.seen)):
            records.setdefault(caller.seen.form, set()).add(caller.claim.event.record)
    for form, ids in records.items():
        if form in ctx.workspace.forms:
            source.fetch(form, sorted(ids))
    if not any(c.rules for c in callers):
        return Batch(platform, ctx, marks, set(), set(), source)
    asked = {"forms": list(records), "records": sorted({id for ids in records.values() for id in ids})}
    busy = {tuple(row) for row in ctx.connection.execute(_BUSY, asked)} if records else set()
    return Batch(platform, ctx, marks, runs.all_switched_off(ctx.connection), busy, source)


def caller_of(workspace: Workspace, claim: Claim, seen: Happening) -> Caller:
    key = (seen.kind, "" if seen.kind == "received" else seen.form)
    waiting = () if claim.quiet else _rules(workspace).get(key, ())
    return Caller(claim, seen, tuple(rule for automation, rules in waiting if refusal(automation, seen) is None for rule in rules))


def match(batch: Batch, caller: Caller) -> tuple[list[Run], list[Rule]]:
    """Ends the rules whose condition is false now and begins those whose holds: the runs that have begun, and the rules that are
    to be started one by one."""
    begun, left, values = list[Run](), list[Rule](), dict[frozenset[Any], Any]()
    scene = _scene(batch, caller) if caller.rules else None
    if scene is None:
        return [], list(caller.rules)
    env, uids = scene.env(), _uids()
    for rule in caller.rules:
        condition = rule.automation.if_
        if not _at_once(batch, caller, rule):
            left.append(rule)
        elif condition is None or evaluate(condition, env):
            begun += _begin(batch, caller.claim, rule, scene)
        else:
            if condition.reads not in values:
                values[condition.reads] = condition_values(scene, condition)
            batch.over.append(_over(batch, caller.claim, rule, next(uids), values[condition.reads]))
    return begun, left


def write(batch: Batch) -> None:
    """The runs that are over."""
    insert_written_once(batch.ctx.connection, run_table, OVER, batch.over)
    batch.over = []


@lru_cache(maxsize=8)
def _rules(workspace: Workspace) -> dict[tuple[str, str], tuple[tuple[Automation, tuple[Rule, ...]], ...]]:
    """By kind of event and form, in declared order."""
    return {
        key: tuple((a, tuple(Rule(a, level, rule_key(a, level)) for level in direct_levels(a))) for a in automations)
        for key, automations in plan(workspace).on_event.items()
    }


def _scene(batch: Batch, caller: Caller) -> Scene | None:
    """What all conditions of the event are read on; None where there is no record, or no more."""
    claim, seen = caller.claim, caller.seen
    form = batch.ctx.workspace.forms.get(seen.form)
    if form is None or claim.event.record is None or seen.kind == "received":
        return None
    row = seen.old if seen.kind == "deleted" else batch.source.record(form.key, claim.event.record)
    first = caller.rules[0].automation
    ctx = batch.ctx.as_(acting(first), "automation")
    return Scene(batch.platform, ctx, first, form, row, batch.source, seen.old, me=claim.actor) if row is not None else None


def _at_once(batch: Batch, caller: Caller, rule: Rule) -> bool:
    """Whether nothing but its condition says if it runs: it is due, switched on, alone on the record, and cuts no loop."""
    automation, claim, record = rule.automation, caller.claim, caller.claim.event.record
    return (
        not rule.level.after
        and automation.on.form == caller.seen.form
        and (automation.on.kind == "deleted") == (caller.seen.kind == "deleted")
        and automation.key not in batch.off
        and (automation.key, rule.level.id, caller.seen.form, record) not in batch.busy
        and claim.depth < MOST_DEPTH
        and (rule.key, f"{caller.seen.form}:{record}") not in claim.chain
    )


def _begin(batch: Batch, claim: Claim, rule: Rule, scene: Scene) -> list[Run]:
    """Enlisted as one that has begun; none where it was enlisted before."""
    ctx, record = batch.ctx, claim.event.record
    assert scene.form is not None
    held = line(ctx, "condition", holds=True, values=condition_values(scene, rule.automation.if_))
    row = row_for(
        ctx, rule.automation, rule.level, f"{rule.key}#{claim.id}", scene.form.key, record, event=claim.id, depth=claim.depth,
        chain=claim.chain, actor=claim.actor,
    )
    row |= {"state": "running", "started_at": ctx.now, "trace": [held]}
    ids = insert_once(ctx.connection, run_table, [row], run_table.c.id)
    return [runs.as_enlisted(id, row) for id in ids]


def _over(batch: Batch, claim: Claim, rule: Rule, uid: str, values: Any) -> tuple[Any, ...]:
    """The row, as `OVER` names it, that start and end of the run would have left."""
    ctx, automation, form, record = batch.ctx, rule.automation, claim.event.form, claim.event.record
    now, problem, last = _constants(batch)
    chain = json_text([*claim.chain, (rule.key, f"{form}:{record}")])
    trace = f"[{json_text(line(ctx, 'condition', holds=False, values=values))},{last}]"
    return (
        uid, f"{rule.key}#{claim.id}", automation.key, rule.level.id, form, record, "{}", claim.id, claim.depth + 1, chain, claim.actor,
        automation.digest, "done", "condition_false", problem, trace, now, 0, now, now, now,
    )  # fmt: skip


def _constants(batch: Batch) -> tuple[Any, str, str]:
    """Now as the driver takes it, the problem of a condition that is false, and the last line of its trace."""
    if not batch.constants:
        told = as_json(Problem("run-condition-false"))
        now = written(batch.ctx.connection, run_table.c.due, batch.ctx.now)
        batch.constants = now, json_text(told), json_text(line(batch.ctx, "condition_false", problem=told))
    return batch.constants


def _uids() -> Iterator[str]:
    """One after the other: making each by itself takes longer than all else about such a run."""
    for number in count(uuid7().int):
        digits = f"{number:032x}"
        yield f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
