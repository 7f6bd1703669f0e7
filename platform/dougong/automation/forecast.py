"""What events would set off, without setting it off: for the rehearsal of an import (SEMANTICS 13)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from dougong.automation.decide import direct_levels, happening, plan, refusal
from dougong.context import Ctx
from dougong.events.outbox import event_of, event_table
from dougong.expr.to_python import evaluate
from dougong.records.source import RecordSource, environment
from dougong.spec.app import Step

TELLING = frozenset({"notify", "popup", "post"})


def forecast(ctx: Ctx, after: int) -> dict[str, int]:
    """Runs by automation name for the events behind the id `after`, as their conditions are now; under '' the messages they would send."""
    out: dict[str, int] = {}
    source = RecordSource(ctx)
    for row in ctx.connection.execute(select(event_table).where(event_table.c.id > after)).mappings():
        seen = happening(event_of(row), ctx.workspace.forms)
        for automation in plan(ctx.workspace).on_event.get((seen.kind, seen.form), ()):
            form = ctx.workspace.forms.get(seen.form)
            if form is None or seen.new is None or refusal(automation, seen) is not None:
                continue
            if automation.if_ is not None and not evaluate(
                automation.if_, environment(ctx, form.key, seen.new, source=source, old=seen.old)
            ):
                continue
            name = automation.name.in_(ctx.locale) or automation.id
            out[name] = out.get(name, 0) + 1
            out[""] = out.get("", 0) + sum(_messages(level.do) for level in direct_levels(automation))
    return out


def _messages(steps: Iterable[Step]) -> int:
    """Telling steps, those inside others included; each is one message per person it names."""
    total = 0
    for step in steps:
        inner = (s for option in step.options.values() if isinstance(option, tuple) for s in option if isinstance(s, Step))
        total += (step.action in TELLING) + _messages(inner)
    return total
