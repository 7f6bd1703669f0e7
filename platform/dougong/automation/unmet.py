"""Rules that an event sets off and whose condition does not hold: read together, kept together, over at once.

Most rules of most events end here. One by one each would be enlisted, started and finished by statements of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from dougong.automation import runs
from dougong.automation.decide import direct_levels, rule_key
from dougong.automation.platform import Platform
from dougong.automation.runs import acting, as_json, ended, enlist_many, line, row_for
from dougong.automation.scene import Scene
from dougong.automation.seen import seen as values_seen
from dougong.automation.tables import run_table, unfinished
from dougong.automation.triggers.base import Happening
from dougong.context import Ctx
from dougong.events.outbox import Claim
from dougong.problems import Problem
from dougong.records.source import RecordSource
from dougong.spec.app import Automation, Level

Rule = tuple[Automation, Level]


def pass_over(platform: Platform, ctx: Ctx, claim: Claim, seen: Happening, automations: Sequence[Automation]) -> list[Rule]:
    """Ends those whose condition is false now; the rules that are left are to be started one by one, in their order."""
    rules = [(automation, level) for automation in automations for level in direct_levels(automation)]
    form, record = ctx.workspace.forms.get(seen.form), claim.event.record
    asked = [rule for rule in rules if rule[0].if_ is not None and not rule[1].after and rule[0].on.form == seen.form]
    if len(asked) < 2 or form is None or record is None or seen.kind == "received":
        return rules
    off, busy, source = runs.all_switched_off(ctx.connection), _busy(ctx, form.key, record), RecordSource(ctx)
    rows, over = [], set[str]()
    for automation, level in asked:
        key = rule_key(automation, level)
        row = seen.old if automation.on.kind == "deleted" else source.record(form.key, record)
        if row is None or automation.key in off or (automation.key, level.id) in busy:
            continue
        scene = Scene(platform, ctx.as_(acting(automation), "automation"), automation, form, row, source, seen.old, me=claim.actor)
        if not scene.holds(automation.if_) and (told := _ended(scene, claim, level)):
            rows.append(told)
            over.add(key)
    enlist_many(ctx, rows)
    return [rule for rule in rules if rule_key(*rule) not in over]


def _ended(scene: Scene, claim: Claim, level: Level) -> dict[str, Any] | None:
    """The run as it would stand had it been started; None where the chain of causes ends it otherwise."""
    ctx, automation, form = scene.ctx, scene.automation, scene.form
    assert form is not None
    row = row_for(
        ctx, automation, level, f"{rule_key(automation, level)}#{claim.id}", form.key, claim.event.record,
        event=claim.id, depth=claim.depth, chain=claim.chain, actor=claim.actor,
    )
    if row["state"] != "open":
        return None
    problem = Problem("run-condition-false")
    trace = [
        line(ctx, "condition", holds=False, values=values_seen(scene, automation.if_)),
        line(ctx, "condition_false", problem=as_json(problem)),
    ]
    return {**ended(ctx, row, "condition_false", problem), "started_at": ctx.now, "trace": trace}


def _busy(ctx: Ctx, form: str, record: int) -> set[tuple[str, str]]:
    """Rules with a run on the record that has not ended: theirs may have to wait for it."""
    r = run_table.c
    found = ctx.connection.execute(select(r.automation, r.level).where(r.form == form, r.record == record, unfinished))
    return {(automation, level) for automation, level in found}
