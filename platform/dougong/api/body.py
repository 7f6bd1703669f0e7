"""Reading a request: JSON with bounds (THREATS S26, S46, S47), and the query string of a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from dougong.problems import Problem, Problems
from dougong.records import query
from dougong.records.asking import filter_of
from dougong.spec.app import Sort

LARGEST = 1 << 20
LARGEST_BULK = 8 << 20
DEEPEST = 32
MOST_FILTERS = 20
MOST_LISTED = 200
LONGEST_SEARCH = 200
LIST_WORDS = frozenset({"filter", "sort", "search", "limit", "cursor", "fields", "count", "count_by"})
COUNT_WORDS = frozenset({"filter", "search", "count_by"})
MOST_COUNTED_BY = 4


def read(*allowed: str, required: tuple[str, ...] = (), largest: int = LARGEST) -> dict[str, Any]:
    """The request's JSON object with no keys but `allowed`. Raises what becomes 400, 413, 415 or 422."""
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType
    request.max_content_length = largest
    body = _parsed(request.get_data(cache=False))
    if not isinstance(body, dict):
        raise BadRequest
    wrong = [Problem("api-unknown-key", {"key": key[:60], "known": ", ".join(allowed)}) for key in body if key not in allowed]
    wrong += [Problem("api-missing-key", {"key": key}) for key in required if key not in body]
    if wrong:
        raise Problems(wrong)
    return body


def typed(body: Mapping[str, Any], key: str, kind: type | tuple[type, ...], empty: Any = None) -> Any:
    """The value under `key`, of that kind; `empty` where there is none."""
    value = body.get(key)
    if value is None:
        return empty
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Problems([Problem("api-wrong-type", {"key": key})])
    return value


def _parsed(raw: bytes) -> Any:
    if len(raw) > (request.max_content_length or LARGEST):
        raise RequestEntityTooLarge
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_number, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BadRequest from None
    _check(body)
    return body


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _number(written: str) -> float | Decimal:
    """A float where that is exactly what was written; its digits otherwise."""
    near = float(written)
    return near if Decimal(repr(near)) == Decimal(written) else Decimal(written)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _check(body: Any) -> None:
    """Not too deep, and every text is one that can be stored."""
    waiting = [(body, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise BadRequest
        if isinstance(value, dict):
            waiting += [(inner, depth + 1) for pair in value.items() for inner in pair]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]
        elif isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            raise BadRequest


# --- lists ---


def asked(form: str) -> query.Query:
    """`filter=field:op:value` (again and again), `sort=-field,field`, `search`, `limit`, `cursor`; beside `count_by` the first and
    third alone."""
    args = request.args
    known = COUNT_WORDS if "count_by" in args else LIST_WORDS
    if unknown := sorted(set(args) - known):
        raise Problems([Problem("api-unknown-key", {"key": unknown[0][:60], "known": ", ".join(sorted(known))})])
    filters = args.getlist("filter")
    if len(filters) > MOST_FILTERS:
        raise Problems([Problem("api-too-many", {"what": "filter", "limit": MOST_FILTERS})])
    sorts = tuple(Sort(name.lstrip("-"), name.startswith("-")) for name in listed("sort")[:5])
    return query.Query(
        form,
        tuple(map(filter_of, filters)),
        search=_once_given("search")[:LONGEST_SEARCH],
        sort=sorts,
        limit=_limit(),
        cursor=_once_given("cursor"),
    )


def listed(name: str, most: int = MOST_LISTED) -> list[str]:
    """Comma-separated words of a parameter."""
    words = [word.strip() for word in _once_given(name).split(",")]
    if len(words) > most:
        raise Problems([Problem("api-too-many", {"what": name, "limit": most})])
    return [word for word in words if word]


def flag(name: str) -> bool:
    written = _once_given(name)
    if written not in ("", "true", "false"):
        raise Problems([Problem("api-wrong-type", {"key": name})])
    return written == "true"


def _once_given(name: str) -> str:
    values = request.args.getlist(name)
    if len(values) > 1:
        raise Problems([Problem("api-too-many", {"what": name, "limit": 1})])
    return values[0] if values else ""


def _limit() -> int:
    written = _once_given("limit")
    if written and not (written.isascii() and written.isdigit() and len(written) < 5 and 1 <= int(written) <= query.MOST_ROWS):
        raise Problems([Problem("api-limit", {"most": query.MOST_ROWS})])
    return int(written or 50)
