"""Lists, and one record at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, jsonify
from sqlalchemy.exc import IntegrityError

from dougong.api import body, doing, shape, view
from dougong.context import Ctx
from dougong.records import query
from dougong.runtime import Runtime
from dougong.workflow import service as workflow

Write = Callable[[Callable[[Ctx], dict[str, Any]]], dict[str, Any]]


def install(api: Blueprint, runtime: Runtime) -> None:
    def write(work: Callable[[Ctx], dict[str, Any]]) -> dict[str, Any]:
        """Once more where two requests with one uid met and the other was faster."""
        try:
            return runtime.write(g.actor, work, "api", g.locale)
        except IntegrityError:
            return runtime.write(g.actor, work, "api", g.locale)

    _reading(api)
    _writing(api, write)
    _moving(api, write)


def _reading(api: Blueprint) -> None:
    @api.get("/<app>/<form>")
    def list_(app: str, form: str) -> Response:
        with view.view() as ctx:
            at = doing.form_of(ctx, app, form)
            asked = body.asked(at.key)
            if names := body.listed("count_by", body.MOST_COUNTED_BY):
                return jsonify({"counts": shape.counts(ctx, at, names, query.count_by(ctx, asked, names))})
            fields = shape.chosen(ctx, at, body.listed("fields"))
            page = query.page(ctx, asked)
            out: dict[str, Any] = {"records": shape.many(ctx, at, page.rows, fields), "next": page.next}
            if body.flag("count"):
                counted = query.count(ctx, asked)
                out["count"] = {"number": counted.number, "exact": counted.exact}
        return jsonify(out)

    @api.get("/<app>/<form>/<uid>")
    def get(app: str, form: str, uid: str) -> Response:
        with view.view() as ctx:
            at = doing.form_of(ctx, app, form)
            return jsonify(shape.one(ctx, at, query.get(ctx, at.key, uid=uid)))


def _writing(api: Blueprint, write: Write) -> None:
    @api.post("/<app>/<form>")
    def create(app: str, form: str) -> tuple[Response, int]:
        sent = body.read("uid", "values", required=("values",))
        uid, values = body.typed(sent, "uid", str, ""), body.typed(sent, "values", dict, {})
        return jsonify(write(lambda ctx: doing.create(ctx, doing.form_of(ctx, app, form), uid, values))), 201

    @api.patch("/<app>/<form>/<uid>")
    def update(app: str, form: str, uid: str) -> Response:
        sent = body.read("revision", "values", required=("values",))
        revision, values = body.typed(sent, "revision", int), body.typed(sent, "values", dict, {})
        return jsonify(write(lambda ctx: doing.update(ctx, doing.form_of(ctx, app, form), uid, revision, values)))

    @api.delete("/<app>/<form>/<uid>")
    def delete(app: str, form: str, uid: str) -> Response:
        return jsonify(write(lambda ctx: doing.delete(ctx, doing.form_of(ctx, app, form), uid)))

    @api.post("/<app>/<form>/<uid>/restore")
    def restore(app: str, form: str, uid: str) -> Response:
        return jsonify(write(lambda ctx: doing.restore(ctx, doing.form_of(ctx, app, form), uid)))


def _moving(api: Blueprint, write: Write) -> None:
    @api.post("/<app>/<form>/<uid>/move")
    def move(app: str, form: str, uid: str) -> Response:
        sent = body.read("stage", "comment", required=("stage",))
        stage, comment = body.typed(sent, "stage", str, ""), body.typed(sent, "comment", str, "")

        def work(ctx: Ctx) -> dict[str, Any]:
            at = doing.form_of(ctx, app, form)
            id = doing.id_of(ctx, at, uid)
            workflow.move(ctx, at.key, id, stage, comment=comment[:2000])
            return shape.one(ctx, at, query.get(ctx, at.key, id=id))

        return jsonify(write(work))
