"""Pickers: the records one may choose, by a few letters or the newest, as JSON."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request

from dougong.fields import regions
from dougong.problems import Problems
from dougong.records import query
from dougong.spec.form import Field, Form
from dougong.web import cells, columns, here

page = Blueprint("pick", __name__)
MOST = 20
RECENT = 5


@page.get("/pick/<id>")
@page.get("/pick/<app>/<id>")
def pick(id: str, app: str = "") -> Response:
    """[{"id", "text", "note"}] for ?q=; the newest few for ?recent=1; the one of ?uid=. Whom the reader can't see is not offered."""
    ctx = here.ctx()
    key = f"{app}.{id}" if app else id
    form = ctx.workspace.forms.get(key)
    if form is None:
        abort(404)
    text = request.args.get("q", "").strip()[:200]
    try:
        one = request.args.get("uid", "")
        rows = [query.get(ctx, key, uid=one)] if one else query.pick(ctx, key, text, MOST if text else RECENT)
    except Problems:
        abort(404)
    fields = _notes(form)
    shared = cells.Page.of(ctx, form, fields, rows)
    shown = [r for r in rows if key != "user" or r.get("active")]
    return jsonify(
        [
            {"id": row["uid"], "text": shared.title(form, row), "note": " · ".join(c.text for f in fields if (c := shared.cell(f, row)))}
            for row in shown
        ]
    )


@page.get("/pick/region")
def region() -> Response:
    """Places by any part of their full name."""
    text = request.args.get("q", "").strip()[:60]
    found = [code for code in regions.NAMES if text and text in regions.full_name(code)][:MOST]
    return jsonify([{"id": code, "text": regions.full_name(code), "note": ""} for code in found])


def _notes(form: Form) -> list[Field]:
    """Two facts that tell records of one name apart."""
    told = columns.title_fields(form)
    useful = [f for f in columns.readable(here.ctx(), form) if f.id not in told and not f.system and f.type not in columns.LONG]
    return (
        [f for f in useful if f.value.kind in ("text", "choice", "record")][:2]
        if form.app
        else [f for f in useful if f.id in ("title", "team")]
    )
