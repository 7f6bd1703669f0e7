"""What comes back: records as JSON, and every refusal in one shape, {"problems": [{"code", "message", …}]}, with its status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, g, jsonify
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from dougong.problems import Problem, Problems

NOT_FOUND = frozenset({"no-such-form", "no-such-record", "api-not-found", "attachment-unknown"})
FORBIDDEN = frozenset({"needs-second-person", "row-leaves-rights"})
CONFLICT = frozenset({"stale", "id-in-use", "workspace-busy"})
NO_ROOM = frozenset({"disk-full", "no-room-for-files"})
CODES = {
    400: "api-bad-json",
    401: "api-no-token",
    404: "api-not-found",
    405: "api-method",
    413: "api-too-large",
    415: "api-not-json",
    429: "too-many-attempts",
}


class Stale(Problems):
    """An update on an older revision: carries the record as it is now and the values that were sent."""

    def __init__(self, problems: Iterable[Problem], theirs: dict[str, Any], yours: dict[str, Any]) -> None:
        super().__init__(problems)
        self.theirs, self.yours = theirs, yours


def status_of(problems: Iterable[Problem]) -> int:
    codes = {p.code for p in problems}
    if codes & NOT_FOUND:
        return 404
    if codes & FORBIDDEN or any(code.startswith("may-not-") for code in codes):
        return 403
    if codes & NO_ROOM:
        return 507
    return 409 if codes & CONFLICT else 422


def told(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [p.as_json(g.get("locale", "zh")) for p in problems]


def refused(error: Exception) -> tuple[Response, int]:
    assert isinstance(error, Problems)
    body: dict[str, Any] = {"problems": told(error.problems)}
    if isinstance(error, Stale):
        body |= {"theirs": error.theirs, "yours": error.yours}
    return jsonify(body), status_of(error.problems)


def http(error: Exception) -> tuple[Response, int]:
    assert isinstance(error, HTTPException)
    status = error.code or 500
    answer = jsonify({"problems": told([Problem(CODES.get(status, "api-refused"), {"minutes": 15})])})
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status == 405 and (allowed := getattr(error, "valid_methods", None)):
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer, status


def clash(error: Exception) -> tuple[Response, int]:
    """Somebody else was faster, or the database is busy: the same request may succeed. What the database can't hold never will."""
    assert isinstance(error, IntegrityError | OperationalError | DataError)
    if isinstance(error, DataError):
        return jsonify({"problems": told([Problem("api-refused")])}), 422
    return jsonify({"problems": told([Problem("workspace-busy")])}), 409
