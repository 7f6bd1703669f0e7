"""`repeated`: levels and automations that count what other runs did (SEMANTICS 4, A1's third level)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, update

from dougong.automation.decide import direct_levels, plan, rule_key
from dougong.automation.runs import Run, enlist, row_for
from dougong.automation.scene import Row, Scene
from dougong.automation.tables import tally_table
from dougong.automation.triggers.base import Happening
from dougong.context import Ctx
from dougong.events.once import insert_once
from dougong.expr.types import Span
from dougong.records.source import RecordSource
from dougong.spec.app import Automation, Level, Workspace
from dougong.spec.form import Form


@dataclass(frozen=True)
class Counter:
    """Counts finished runs of the automation `of`, those of its level `of_level` alone where that is given; at `times` it sets
    off `levels`. `per` is the path of the key, '' for each record by itself."""

    key: str
    automation: Automation
    levels: tuple[Level, ...]
    of: str
    of_level: str
    times: int
    per: str
    within: Span | None


def count(ctx: Ctx, run: Run, scene: Scene) -> None:
    """After a finished run, in its last transaction: counts it once, and fires where the number is reached."""
    for counter in _counters(ctx.workspace):
        if counter.of != run.automation or counter.of_level not in ("", run.level):
            continue
        per = _per(ctx, counter.per, scene.form, scene.row, scene.source) or f"{run.form}:{run.record}"
        row = {"counter": counter.key, "per": per, "subject": run.key, "at": ctx.now, "open": True}
        if insert_once(ctx.connection, tally_table, [row], tally_table.c.id) and _reached(ctx, counter, per):
            enlist(ctx, [_fired(ctx, counter, level, run) for level in counter.levels])


def _fired(ctx: Ctx, counter: Counter, level: Level, run: Run) -> dict[str, Any]:
    key = f"{rule_key(counter.automation, level)}#{run.key}"
    due = ctx.workspace.calendar.plus(ctx.now, level.after) if level.after else None
    return row_for(
        ctx, counter.automation, level, key, run.form, run.record, due=due, subject={"of": run.uid}, event=run.event, depth=run.depth,
        chain=run.chain, actor=run.actor,
    )


def interrupt(ctx: Ctx, happening: Happening, at: datetime) -> None:
    """'In a row' ends with a new since value of the same key; what fired later than that stays."""
    form, new = ctx.workspace.forms.get(happening.form), happening.new
    if form is None or new is None:
        return
    for counter in _counters(ctx.workspace):
        rules = plan(ctx.workspace).timed.get(counter.of, ())
        if not counter.per or not rules or rules[0].form.key != form.key:
            continue
        since = rules[0].since
        if new.get(since) is None or new.get(since) == (happening.old or {}).get(since):
            continue
        if per := _per(ctx, counter.per, form, new, RecordSource(ctx)):
            t = tally_table.c
            mine = (t.counter == counter.key, t.per == per, t.open, t.at <= at)
            ctx.connection.execute(update(tally_table).where(*mine).values(open=False))


def counting(ctx: Ctx, automation: Automation) -> dict[int, int]:
    """By the number at which it runs, how far the fullest count of the automation has come."""
    t = tally_table.c
    out: dict[int, int] = {}
    for counter in _counters(ctx.workspace):
        if counter.automation is automation:
            of_each = select(func.count()).where(t.counter == counter.key, t.open).group_by(t.per)
            out[counter.times] = max(ctx.connection.execute(of_each).scalars(), default=0)
    return out


def _reached(ctx: Ctx, counter: Counter, per: str) -> bool:
    t = tally_table.c
    query = select(t.id, t.at).where(t.counter == counter.key, t.per == per, t.open).order_by(t.id).with_for_update()
    calendar, within = ctx.workspace.calendar, counter.within
    rows = [row for row in ctx.connection.execute(query) if not within or calendar.plus(row.at, within) >= ctx.now]
    if len(rows) < counter.times:
        return False
    ctx.connection.execute(update(tally_table).where(t.counter == counter.key, t.per == per, t.open).values(open=False))
    return True


def _per(ctx: Ctx, path: str, form: Form | None, row: Row | None, source: RecordSource) -> str:
    """The key's value on this record, as text; '' where there is none."""
    here, found, value = form, row, None
    for name in path.split("."):
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
    for automation in plan(workspace).all.values():
        if automation.broken or not automation.enabled:
            continue
        asked = automation.on.options.get("repeated")
        if isinstance(asked, Mapping):
            yield Counter(
                f"{automation.key}/", automation, direct_levels(automation), f"{automation.app}.{asked['of']}",
                asked.get("level", ""), asked["times"], asked.get("in_a_row_per", ""), asked.get("within"),
            )
        for level in automation.levels:
            if level.repeated:
                yield Counter(
                    rule_key(automation, level), automation, (level,), automation.key, level.of, level.repeated, level.in_a_row_per,
                    level.within,
                )
