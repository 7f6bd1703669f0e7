"""`repeated`: levels that count what other runs did (SEMANTICS 4, A1's third level)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select, update

from dougong.automation.decide import direct_levels, plan, rule_key
from dougong.automation.runs import Run, enlist, row_for
from dougong.automation.scene import Row, Scene
from dougong.automation.tables import tally_table
from dougong.automation.triggers.base import Happening
from dougong.context import Ctx
from dougong.events.once import insert_once
from dougong.records.source import RecordSource
from dougong.spec.app import Automation, Level, Workspace
from dougong.spec.form import Form

Counter = tuple[Automation, Level, Automation, str]
"""(who counts, at which level, whose runs, of which level; '' where all of an automation's count)."""


def count(ctx: Ctx, run: Run, scene: Scene) -> None:
    """After a finished run, in its last transaction: counts it once, and fires where the number is reached."""
    for automation, level, of, of_level in _counters(ctx.workspace):
        if of.key != run.automation or of_level not in ("", run.level):
            continue
        counter = rule_key(automation, level)
        per = _per(ctx, level, scene.form, scene.row, scene.source) or f"{run.form}:{run.record}"
        row = {"counter": counter, "per": per, "subject": run.key, "at": ctx.now, "open": True}
        if insert_once(ctx.connection, tally_table, [row], tally_table.c.id) and _reached(ctx, level, counter, per):
            fired = row_for(
                ctx, automation, level, f"{counter}#{run.key}", run.form, run.record, subject={"of": run.uid}, event=run.event,
                depth=run.depth, chain=run.chain, actor=run.actor,
            )
            enlist(ctx, [fired])


def interrupt(ctx: Ctx, happening: Happening, at: datetime) -> None:
    """'In a row' ends with a new since value of the same key; what fired later than that stays."""
    form, new = ctx.workspace.forms.get(happening.form), happening.new
    if form is None or new is None:
        return
    for automation, level, of, _ in _counters(ctx.workspace):
        rules = plan(ctx.workspace).timed.get(of.key, ())
        if not level.in_a_row_per or not rules or rules[0].form.key != form.key:
            continue
        since = rules[0].since
        if new.get(since) is None or new.get(since) == (happening.old or {}).get(since):
            continue
        if per := _per(ctx, level, form, new, RecordSource(ctx)):
            t = tally_table.c
            mine = (t.counter == rule_key(automation, level), t.per == per, t.open, t.at <= at)
            ctx.connection.execute(update(tally_table).where(*mine).values(open=False))


def _reached(ctx: Ctx, level: Level, counter: str, per: str) -> bool:
    t = tally_table.c
    query = select(t.id, t.at).where(t.counter == counter, t.per == per, t.open).order_by(t.id).with_for_update()
    calendar = ctx.workspace.calendar
    rows = [row for row in ctx.connection.execute(query) if not level.within or calendar.plus(row.at, level.within) >= ctx.now]
    if len(rows) < level.repeated:
        return False
    ctx.connection.execute(update(tally_table).where(t.counter == counter, t.per == per, t.open).values(open=False))
    return True


def _per(ctx: Ctx, level: Level, form: Form | None, row: Row | None, source: RecordSource) -> str:
    """The key's value on this record, as text; '' where there is none."""
    here, found, value = form, row, None
    for name in level.in_a_row_per.split("."):
        if here is None or found is None or name not in here.fields:
            return ""
        value = found.get(name)
        target = here.fields[name].value.form
        here = ctx.workspace.forms.get(target)
        found = source.record(target, value) if here and isinstance(value, int) else None
    return "" if value is None else str(value)


@lru_cache(maxsize=8)
def _counters(workspace: Workspace) -> tuple[Counter, ...]:
    return tuple(_all_counters(workspace))


def _all_counters(workspace: Workspace) -> Iterator[Counter]:
    known = plan(workspace).all
    for automation in known.values():
        for level in automation.levels:
            if not level.repeated or automation.broken or not automation.enabled:
                continue
            if any(level.of == other.id for other in direct_levels(automation)):
                yield automation, level, automation, level.of
            elif of := known.get(level.of) or known.get(f"{automation.app}.{level.of}"):
                yield automation, level, of, ""
