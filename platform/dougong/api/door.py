"""The API as a blueprint: `create_app(runtime, doors=[door.blueprint(runtime)])` in cli/serve.py puts it beside the pages.

Every request shows an API token (`Authorization: Bearer dg_…`); cookies are not looked at, so there is nothing to forge. The person
behind the token and their roles are read afresh each time (THREATS S17).
"""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound, TooManyRequests, Unauthorized

from dougong.api import answers, files, many, openapi, single, view
from dougong.people import attempts
from dougong.problems import Problems
from dougong.runtime import Runtime

PREFIX = "/api/v1"
ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
MOST_WRONG_TOKENS = 100
"""From one address in fifteen minutes."""


def blueprint(runtime: Runtime) -> Blueprint:
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    api.before_request(lambda: _known(runtime))
    api.after_request(_protect)
    api.teardown_request(view.close)
    for module in (openapi, files, many, single):
        module.install(api, runtime)
    api.add_url_rule("/<path:rest>", "nothing", _nothing, methods=ALL_METHODS, provide_automatic_options=False)
    api.register_error_handler(Problems, answers.refused)
    api.register_error_handler(HTTPException, answers.http)
    for error in (IntegrityError, OperationalError, DataError):
        api.register_error_handler(error, answers.clash)
    return api


def _known(runtime: Runtime) -> None:
    """Who asks; and nothing that no database can hold."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if view.open_(runtime, secret.strip() if kind.lower() == "bearer" else "", keep=request.method in ("GET", "HEAD")):
        if "\0" in request.path:
            raise NotFound
        if "\0" in "".join(value for _, value in request.args.items(multi=True)):
            raise BadRequest
        return
    if secret:
        with runtime.store.write() as connection:
            within = attempts.take(connection, runtime.clock.now(), {f"token:{request.remote_addr}": MOST_WRONG_TOKENS})
        if not within:
            raise TooManyRequests
    raise Unauthorized


def _protect(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _nothing(rest: str) -> Response:
    """What no other rule has taken: a known address with a method that it doesn't know, or nothing."""
    known = {method for rule, methods in openapi.ADDRESSES.items() if _fits(rule, rest) for method in methods}
    raise MethodNotAllowed(sorted(known)) if known and request.method not in known else NotFound


def _fits(rule: str, rest: str) -> bool:
    parts, given = rule.split("/"), rest.split("/")
    return len(parts) == len(given) and all(part.startswith("{") or part == word for part, word in zip(parts, given, strict=True))
