"""From events to runs: one record's oldest event at a time, matched against its images and started at once (SEMANTICS 9)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Update, and_, false, not_, or_

from dougong.automation import behind_mark, matching, runs, tally
from dougong.automation.decide import happening, plan
from dougong.automation.matching import Caller, Rule
from dougong.automation.platform import Platform
from dougong.automation.runs import Run, acting, ended, enlist, row_for
from dougong.automation.starting import start
from dougong.context import SYSTEM, Cause, Ctx
from dougong.events import outbox
from dougong.events.outbox import Claim, Event
from dougong.problems import Problem, Problems
from dougong.records import entry, save
from dougong.records.source import RecordSource
from dougong.spec.app import Automation, Workspace

PLAIN = ("created", "changed", "deleted", "restored", "stage_entered", "stage_left")
log = logging.getLogger(__name__)


class Dispatched(NamedTuple):
    """How many events were done with or claimed, the runs that they began, each with its event, and whether that left more to do."""

    claimed: int
    begun: tuple[tuple[Run, Event], ...]
    more: bool


def dispatch(platform: Platform, limit: int = 20) -> Dispatched:
    """Turns the oldest events of up to `limit` records into their runs, all in one transaction; where one of them fails, each in
    a transaction of its own."""
    try:
        with platform.transaction(SYSTEM, "automation") as ctx:
            claims = outbox.hold(ctx.connection, ctx.now, limit)
            begun = _handle(platform, ctx, claims)
            outbox.finish_held(ctx.connection, claims)
            settled = ctx.connection.execute(_settling(ctx.workspace)).rowcount if len(claims) == limit else 0
            return Dispatched(len(claims) + settled, tuple(begun), outbox.waiting(ctx.connection) or runs.waiting(ctx))
    except Exception:  # nothing of it is done; which one it was shows when they come one by one
        return _one_by_one(platform, limit)


def _one_by_one(platform: Platform, limit: int) -> Dispatched:
    with platform.transaction(SYSTEM, "automation") as ctx:
        claims = outbox.claim(ctx.connection, ctx.now, limit)
    begun: list[tuple[Run, Event]] = []
    for claim in claims:
        try:
            with platform.transaction(SYSTEM, "automation") as ctx:
                of_one = _handle(platform, ctx, [claim])
                outbox.finish(ctx.connection, claim)
            begun += of_one
        except Exception as error:  # one event's fault must not stop the others (R27)
            if not _lost(error):
                log.exception("event %s", claim.id)
                with platform.transaction(SYSTEM, "automation") as ctx:
                    outbox.give_back(ctx.connection, claim, ctx.now, f"{type(error).__name__}: {error}"[:2000])
    return Dispatched(len(claims), tuple(begun), more=True)


@lru_cache(maxsize=8)
def _settling(workspace: Workspace) -> Update:
    """Changes of records that no rule waits for: none has such an event as its trigger, and no time rule walks along their form."""
    e, known = outbox.event_table.c, plan(workspace)
    waited = [and_(e.kind == kind, e.form == form) for kind, form in known.on_event]
    return outbox.settling(
        and_(e.kind.in_(PLAIN), e.form.not_in(list(known.by_form)), or_(e.quiet, not_(or_(false(), *waited))))
    )


def _handle(platform: Platform, ctx: Ctx, claims: Sequence[Claim]) -> list[tuple[Run, Event]]:
    """The runs that have begun, so that the next event of their record comes after."""
    callers = [matching.caller_of(ctx.workspace, claim, happening(claim.event, ctx.workspace.forms)) for claim in claims]
    batch, begun = matching.batch_of(platform, ctx, callers), list[tuple[Run, Event]]()
    for caller in callers:
        at_once, others = matching.match(batch, caller)
        for run in [*at_once, *(run for rule in others for run in _run(platform, ctx, caller, rule))]:
            begun.append((run, caller.claim.event))
        if others:  # a webhook's record may have been written
            batch.source = RecordSource(ctx)
        record = caller.claim.event.record
        if record is not None:
            behind_mark.look_behind(ctx, caller.seen, record, caller.claim.origin, batch.marks, batch.source)
            tally.interrupt(ctx, caller.seen, caller.claim.at)
    matching.write(batch)
    return begun


def _run(platform: Platform, ctx: Ctx, caller: Caller, rule: Rule) -> list[Run]:
    """Enlisted under (rule, event), and started where it is due."""
    claim, automation, level = caller.claim, rule.automation, rule.level
    acts = ctx.as_(acting(automation), "automation")
    form, record, problem = automation.on.form, claim.event.record, None
    if caller.seen.kind == "received":
        form, record, problem = _received(acts, claim, automation)
    due = ctx.workspace.calendar.plus(claim.at, level.after) if level.after else ctx.now
    row = row_for(
        ctx, automation, level, f"{rule.key}#{claim.id}", form if record is not None else "", record, due=due,
        event=claim.id, depth=claim.depth, chain=claim.chain, actor=claim.actor,
    )
    if problem is not None:
        row = ended(ctx, row, "failed", problem)
    ids = enlist(ctx, [row])
    if not ids or row["state"] != "open" or due > ctx.now:
        return []
    run = start(platform, acts, runs.load(ctx.connection, ids[0]))
    return [run] if run.state == "running" else []


def _received(ctx: Ctx, claim: Claim, automation: Automation) -> tuple[str, int | None, Problem | None]:
    """The record that `map` makes out of the body; none where the trigger has no form, or the body does not fit."""
    mapping: Mapping[str, str] = automation.on.options.get("map", {})
    if not automation.on.form or not mapping:
        return "", None, None
    form = ctx.workspace.forms[automation.on.form]
    raw = {name: _at(claim.event.new, path) for name, path in mapping.items()}
    try:
        with ctx.connection.begin_nested():
            made = save.create(replace(ctx, cause=Cause(claim.id, claim.depth + 1, claim.chain)), form.key, entry.parse(ctx, form, raw))
    except Problems as problems:
        return "", None, problems.problems[0]
    return form.key, made.id, None


def _at(body: Any, path: str) -> Any:
    """'data.phones.0' in a JSON body; None where it isn't there."""
    for part in path.split("."):
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body


def _lost(error: Exception) -> bool:
    """Another worker has the event: nothing to do and nothing to tell."""
    return isinstance(error, Problems) and error.problems[0].code == "lease-lost"
