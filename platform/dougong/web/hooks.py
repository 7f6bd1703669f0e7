"""Inbound webhooks: POST /hooks/<app>/<id>, signed by a secret that an administrator made (THREATS S38, R26).

The sender signs `<seconds since 1970>.<body>` by HMAC-SHA256 and sends `X-Dougong-Signature: t=<seconds>,v1=<hex>`, at most five
minutes old; and, so that it may repeat itself, `X-Dougong-Delivery: <its own id of this delivery>`. The same delivery is answered
as before and does nothing again; a signature is good for one delivery. The body is a JSON object.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

from flask import Blueprint, Response, abort, g, jsonify, request
from sqlalchemy import select
from werkzeug.exceptions import RequestEntityTooLarge

from dougong.context import Actor, Ctx
from dougong.events.outbox import Event, append, event_table
from dougong.notify import inbound, signing
from dougong.people import attempts
from dougong.problems import Problem, Problems
from dougong.web import here

page = Blueprint("hooks", __name__)
MOST_BYTES = 256 << 10
MOST_LEVELS = 32
LONGEST_ID = 200


@page.post("/hooks/<app>/<id>")
def receive(app: str, id: str) -> tuple[Response, int]:
    hook = f"{app}.{id}"
    with here.runtime().store.read() as connection:
        secret = inbound.secret_of(connection, hook)
    if not secret or hook not in inbound.declared(here.runtime().workspace()):
        abort(404)
    if request.mimetype != "application/json":
        return _refuse(415, Problem("hook-not-json"))
    request.max_content_length = MOST_BYTES
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        return _refuse(413, Problem("hook-too-large", {"limit": MOST_BYTES >> 10}))
    signature = request.headers.get(signing.SIGNATURE, "")
    try:
        signing.verify(secret, signature, body, g.now)
    except Problems as wrong:
        return _refuse(401, wrong.problems[0])
    try:
        content = _read(body)
    except ValueError:
        return _refuse(400, Problem("hook-bad-json"))
    if _levels(content) > MOST_LEVELS:
        return _refuse(413, Problem("hook-too-deep", {"limit": MOST_LEVELS}))
    return _take(hook, content, signature)


def _take(hook: str, content: dict[str, Any], signature: str) -> tuple[Response, int]:
    """One event for one delivery. Without an id of the sender's, the signature is the delivery's."""
    proof = hashlib.sha256(signature.encode("utf-8", "replace")).hexdigest()
    delivery = request.headers.get(signing.DELIVERY, "")[:LONGEST_ID]
    uid = f"hook:{hook}:{hashlib.sha256((delivery or proof).encode('utf-8', 'replace')).hexdigest()}"

    def work(ctx: Ctx) -> bool:
        first = attempts.take(ctx.connection, ctx.now, {f"hook:{hook}:{proof}": 1})
        known = ctx.connection.execute(select(event_table.c.new).where(event_table.c.uid == uid)).first()
        if known is not None:
            return bool(known.new == content)
        if first:
            append(ctx, Event("received", new=content, name=hook, uid=uid))
        return first

    if not here.runtime().write(Actor(name=hook), work, "api"):
        return _refuse(409, Problem("hook-used-id"))
    return jsonify({"received": uid.rpartition(":")[2]}), 202


def _read(body: bytes) -> dict[str, Any]:
    """Raises ValueError for all that isn't a JSON object every database can keep."""
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a character, written as \ud800, is none
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(found, dict) or "\\u0000" in json.dumps(found):
        raise ValueError("no object")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _levels(value: Any) -> int:
    deepest, open_ = 0, [(value, 1)]
    while open_:
        found, level = open_.pop()
        if isinstance(found, dict | list):
            deepest = max(deepest, level)
            open_ += [(inner, level + 1) for inner in (found.values() if isinstance(found, dict) else found)]
    return deepest


def _refuse(status: int, problem: Problem) -> tuple[Response, int]:
    return jsonify({"message": problem.sentence(g.locale), "problems": [problem.as_json(g.locale)]}), status
