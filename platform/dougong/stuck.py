"""What was given up and waits for a person: messages, calls of rules, jobs and timers (ARCHITECTURE decision 15, THREATS R2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, select

from dougong.automation import axis, calling, running, runs
from dougong.automation.decide import plan
from dougong.context import Ctx
from dougong.jobs import background, timers
from dougong.notify import delivery
from dougong.notify.channels import channels
from dougong.people import users
from dougong.problems import LOCALES, Problem
from dougong.records import titles

Kind = Literal["message", "call", "job", "timer"]
NOT_KNOWN = Problem("stuck-not-known")


@dataclass(frozen=True)
class Stuck:
    """`what` and `to` are sentences of their own. `doubtful`: nobody knows whether it arrived."""

    kind: Kind
    id: int
    what: Problem
    to: Problem | None
    since: datetime | None
    why: Problem
    tried: int
    doubtful: bool = False

    def line(self, locale: str) -> str:
        words = [self.what, *([self.to] if self.to else []), self.why, Problem("stuck-tried", {"times": self.tried})]
        return " · ".join(word.sentence(locale) for word in words)


def listed(ctx: Ctx, limit: int = 100) -> list[Stuck]:
    """At most `limit` of each kind, newest first within it. What stands in records is told only to who may read them."""
    return [*_messages(ctx, limit), *_calls(ctx, limit), *_jobs(ctx, limit), *_timers(ctx, limit)]


def count(connection: Connection) -> int:
    queries = (delivery.STUCK, calling.GIVEN_UP, background.DEAD, timers.GIVEN_UP)
    return sum(int(connection.execute(select(func.count()).select_from(q.subquery())).scalar_one()) for q in queries)


def retry(ctx: Ctx, kind: str, id: int) -> bool:
    """Once more from where it stopped; False where it no longer waits for that."""
    if kind == "message":
        return delivery.retry(ctx, id)
    if kind == "call":
        return running.again(ctx, id)
    if kind == "job":
        return background.retry(ctx, id)
    return kind == "timer" and timers.retry(ctx.connection, id, ctx.now)


def retry_all(ctx: Ctx) -> int:
    return sum(retry(ctx, one.kind, one.id) for one in listed(ctx, 10_000))


def arrived(ctx: Ctx, kind: str, id: int) -> bool:
    """A person knows that the doubtful one was received."""
    if kind == "message":
        return delivery.arrived(ctx, id)
    return kind == "call" and running.again(ctx, id, arrived=True)


def _messages(ctx: Ctx, limit: int) -> Iterator[Stuck]:
    for row in delivery.stuck(ctx.connection, limit):
        doubtful = row["state"] == "unknown"
        open_ = row["record"] is None or _title(ctx, row["form"], row["record"]) is not None
        what = Problem("stuck-message", {"title": row["title"]}) if open_ else Problem("stuck-message-closed", _form(ctx, row["form"]))
        why = NOT_KNOWN if doubtful else delivery.why(row) or NOT_KNOWN
        yield Stuck("message", row["id"], what, _receiver(ctx, row), row["at"], why, row["attempts"], doubtful)


def _receiver(ctx: Ctx, row: Mapping[Any, Any]) -> Problem:
    """A person, a connection, or of an address only the host: the rest may be a secret."""
    user = users.get(ctx.connection, row["user"]) if row["user"] is not None else None
    who = user.person.name if user else urlsplit(row["target"]).hostname or row["target"]
    name = channels[row["channel"]].name if row["channel"] in channels else None
    return Problem("stuck-to", {"who": who, "channel": {code: name.in_(code) for code in LOCALES} if name else row["channel"]})


def _calls(ctx: Ctx, limit: int) -> Iterator[Stuck]:
    for row in ctx.connection.execute(calling.GIVEN_UP.limit(limit)).mappings():
        what = Problem("stuck-call", {"rule": _rule(ctx, row["automation"])})
        why = runs.from_json(row["problem"]) or NOT_KNOWN
        to = _about(ctx, row["form"], row["record"])
        yield Stuck("call", row["id"], what, to, row["finished_at"], why, row["attempts"] + 1, row["outcome"] == "unknown")


def _jobs(ctx: Ctx, limit: int) -> Iterator[Stuck]:
    for row in background.dead(ctx.connection, limit):
        what = Problem(f"stuck-job-{row['name']}") if row["name"] in ("import", "search") else Problem("stuck-job", {"name": row["name"]})
        problem = row["problem"]
        why = Problem(problem["code"], problem["args"]) if problem else NOT_KNOWN
        user = users.get(ctx.connection, row["actor"]) if row["actor"] is not None else None
        to = Problem("stuck-for", {"who": user.person.name}) if user else None
        yield Stuck("job", row["id"], what, to, row["finished_at"], why, row["attempts"])


def _timers(ctx: Ctx, limit: int) -> Iterator[Stuck]:
    """Of a time rule; `since` is when it should have rung, as long as the rule is there."""
    rules = {rule.key: rule for of_one in plan(ctx.workspace).timed.values() for rule in of_one}
    for row in timers.given_up(ctx.connection, limit):
        rule, payload = rules.get(row["owner"]), row["payload"]
        since = axis.due(rule, payload["at"], ctx.workspace.calendar) if rule else None
        what = Problem("stuck-timer", {"rule": _rule(ctx, row["owner"].partition("/")[0])})
        to = _about(ctx, rule.form.key, payload["record"]) if rule else None
        yield Stuck("timer", row["id"], what, to, since, Problem("run-fault", {"why": row["error"] or ""}), row["attempts"])


def _rule(ctx: Ctx, key: str) -> Mapping[str, str] | str:
    automation = plan(ctx.workspace).all.get(key)
    return {code: automation.name.in_(code) or key for code in LOCALES} if automation else key


def _about(ctx: Ctx, form: str, record: int | None) -> Problem | None:
    title = _title(ctx, form, record) if record is not None else None
    return None if title is None else Problem("stuck-about", {**_form(ctx, form), "title": title})


def _form(ctx: Ctx, key: str) -> Mapping[str, Any]:
    form = ctx.workspace.forms.get(key)
    return {"form": {code: form.name.in_(code) for code in LOCALES} if form else key}


def _title(ctx: Ctx, form: str, record: int) -> str | None:
    """None where the reader may not see the record, or its form is gone."""
    return titles.titles(ctx, form, [record]).get(record) if form in ctx.workspace.forms else None
