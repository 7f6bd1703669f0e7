"""Calls to the outside: committed as `sending`, made with no transaction open, their result committed after (SEMANTICS 9)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from uuid6 import uuid7

from dougong.automation import runs, steps
from dougong.automation.actions.base import Call, OutsideAction
from dougong.automation.flow import Done, Next
from dougong.automation.platform import Platform
from dougong.automation.runs import Run
from dougong.automation.scene import Scene
from dougong.automation.tables import run_table, step_table
from dougong.context import Ctx
from dougong.expr.types import COVER
from dougong.notify import signing
from dougong.problems import Problem, Problems

PASSING = frozenset({"outgoing-failed", "webhook-trouble"})
"""Problems that may go away by themselves."""
_called = exists().where(step_table.c.run == run_table.c.id, step_table.c.state.in_(["retry", "unknown"]))
GIVEN_UP = select(run_table).where(run_table.c.outcome.in_(["failed", "unknown"]), _called).order_by(run_table.c.id.desc())
"""Runs that stopped at a call, newest first."""


@dataclass(frozen=True)
class Sending:
    """A call that is committed as such and still to be made."""

    call: Call
    step: Next


def begin(ctx: Ctx, run: Run, scene: Scene, step: Next, action: OutsideAction, known: Done | None) -> Sending | None:
    """None where a crash left open whether it arrived and only a person can say what to do."""
    call = action.prepare(scene, step.step.options, known.uid if known else str(uuid7()))
    if known is not None and known.state == "sending" and call.repeat == "ask":
        steps.store(ctx, run, step, "unknown", uid=call.uid)
        runs.finish(ctx, run, "unknown", Problem("run-outcome-unknown", {"step": step.place.step}))
        return None
    steps.store(ctx, run, step, "sending", uid=call.uid)
    return Sending(call, step)


def make(platform: Platform, sending: Sending) -> Any:
    """The answer as the trace keeps it. Raises Problems."""
    call = sending.call
    body = json.dumps(call.body, ensure_ascii=False).encode() if call.method != "GET" else b""
    headers = {"Content-Type": "application/json; charset=utf-8", **call.headers}
    if call.secret:
        headers[signing.SIGNATURE] = signing.sign(call.secret, body, platform.clock.now())
    answer = platform.outgoing.request(call.method, call.url, body, headers)
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise Problems([Problem("webhook-trouble", {"status": answer.status})])
    if not answer.ok:
        raise Problems([Problem("webhook-refused", {"status": answer.status})])
    body = answer.body
    for secret in call.hidden:
        body = body.replace(secret.encode(), COVER.encode())
    return {"status": answer.status, "body": _parsed(body)}


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[:2000]
