"""Up to 500 changes in one request: all or none, or each by itself with a report per row; every row and field is checked (THREATS S40)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, g, jsonify

from dougong.api import answers, body, doing
from dougong.context import Ctx
from dougong.problems import Problem, Problems
from dougong.runtime import Runtime
from dougong.spec.form import Form

MOST = 500
KEYS: Mapping[str, frozenset[str]] = {
    "create": frozenset({"do", "uid", "values"}),
    "update": frozenset({"do", "uid", "revision", "values"}),
    "delete": frozenset({"do", "uid"}),
}


def install(api: Blueprint, runtime: Runtime) -> None:
    @api.post("/<app>/<form>/bulk")
    def bulk(app: str, form: str) -> Response:
        sent = body.read("all", "rows", required=("rows",), largest=body.LARGEST_BULK)
        together, rows = body.typed(sent, "all", bool, True), body.typed(sent, "rows", list, [])
        if len(rows) > MOST:
            raise Problems([Problem("api-too-many", {"what": "rows", "limit": MOST})])

        def work(ctx: Ctx) -> list[dict[str, Any]]:
            at = doing.form_of(ctx, app, form)
            done = [_row(ctx, at, number, row) for number, row in enumerate(rows, 1)]
            if together and (wrong := [p for one in done if isinstance(one, Problems) for p in one]):
                raise Problems(wrong)
            return [{"problems": answers.told(one), "status": answers.status_of(one)} if isinstance(one, Problems) else one for one in done]

        return jsonify({"rows": runtime.write(g.actor, work, "api", g.locale)})


def _row(ctx: Ctx, form: Form, number: int, row: Any) -> dict[str, Any] | Problems:
    try:
        with ctx.connection.begin_nested():
            return _done(ctx, form, row)
    except Problems as problems:
        return Problems(replace(p, row=number) for p in problems)


def _done(ctx: Ctx, form: Form, row: Any) -> dict[str, Any]:
    kind = row.get("do") if isinstance(row, Mapping) else None
    if not isinstance(kind, str) or kind not in KEYS or set(row) - KEYS[kind]:
        raise Problems([Problem("api-bulk-row", {"kinds": ", ".join(KEYS)})])
    uid, values = body.typed(row, "uid", str, ""), body.typed(row, "values", dict, {})
    if kind == "create":
        return doing.create(ctx, form, uid, values)
    if kind == "delete":
        return doing.delete(ctx, form, uid)
    return doing.update(ctx, form, uid, body.typed(row, "revision", int), values)
