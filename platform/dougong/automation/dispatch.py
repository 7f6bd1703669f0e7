"""From events to runs: one record's oldest event at a time, matched against its images and started at once (SEMANTICS 9)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_

from dougong.automation import behind, runs, tally, unmet
from dougong.automation.decide import Plan, happening, plan, refusal, rule_key
from dougong.automation.platform import Platform
from dougong.automation.runs import acting, ended, enlist, row_for
from dougong.automation.starting import start
from dougong.automation.triggers.base import Happening
from dougong.context import SYSTEM, Cause, Ctx
from dougong.events import outbox
from dougong.events.outbox import Claim
from dougong.problems import Problem, Problems
from dougong.records import entry, save
from dougong.spec.app import Automation, Level

PLAIN = ("created", "changed", "deleted", "restored", "stage_entered", "stage_left")
log = logging.getLogger(__name__)


def dispatch(platform: Platform, limit: int = 20) -> int:
    """Claims up to `limit` events and turns each into its runs, in a transaction of its own; how many were claimed."""
    with platform.transaction(SYSTEM, "automation") as ctx:
        settled = outbox.settle(ctx.connection, _nobody(plan(ctx.workspace)))
        claims = outbox.claim(ctx.connection, ctx.now, limit)
    for claim in claims:
        try:
            with platform.transaction(SYSTEM, "automation") as ctx:
                _handle(platform, ctx, claim)
                outbox.finish(ctx.connection, claim)
        except Exception as error:  # one event's fault must not stop the others (R27)
            if not _lost(error):
                log.exception("event %s", claim.id)
                with platform.transaction(SYSTEM, "automation") as ctx:
                    outbox.give_back(ctx.connection, claim, ctx.now, f"{type(error).__name__}: {error}"[:2000])
    return len(claims) + settled


def _nobody(known: Plan) -> ColumnElement[bool]:
    """Changes of records that no rule waits for: none has such an event as its trigger, and no time rule walks along their form."""
    e = outbox.event_table.c
    waited = [and_(e.kind == kind, e.form == form) for kind, form in known.on_event]
    return and_(e.kind.in_(PLAIN), e.form.not_in(list(known.by_form)), or_(e.quiet, not_(or_(false(), *waited))))


def _handle(platform: Platform, ctx: Ctx, claim: Claim) -> None:
    seen = happening(claim.event, ctx.workspace.forms)
    key = (seen.kind, "" if seen.kind == "received" else seen.form)
    waiting = plan(ctx.workspace).on_event.get(key, ()) if not claim.quiet else ()
    called = [automation for automation in waiting if refusal(automation, seen) is None]
    for automation, level in unmet.pass_over(platform, ctx, claim, seen, called):
        _run(platform, ctx, claim, seen, automation, level)
    if claim.event.record is not None:
        behind.look_behind(ctx, seen, claim.event.record, claim.origin)
        tally.interrupt(ctx, seen, claim.at)


def _run(platform: Platform, ctx: Ctx, claim: Claim, seen: Happening, automation: Automation, level: Level) -> None:
    """Enlisted under (rule, event); started here, so that the next event of this record comes after."""
    acts = ctx.as_(acting(automation), "automation")
    form, record, problem = automation.on.form, claim.event.record, None
    if seen.kind == "received":
        form, record, problem = _received(acts, claim, automation)
    due = ctx.workspace.calendar.plus(claim.at, level.after) if level.after else ctx.now
    row = row_for(
        ctx, automation, level, f"{rule_key(automation, level)}#{claim.id}", form if record is not None else "", record, due=due,
        event=claim.id, depth=claim.depth, chain=claim.chain, actor=claim.actor,
    )
    if problem is not None:
        row = ended(ctx, row, "failed", problem)
    ids = enlist(ctx, [row])
    if ids and row["state"] == "open" and due <= ctx.now:
        start(platform, acts, runs.load(ctx.connection, ids[0]))


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
