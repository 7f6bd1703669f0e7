"""Pickers: the records one may choose, by a few letters or the newest, as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from dougong.context import Ctx
from dougong.expr.tree import Expr, walk
from dougong.fields import regions
from dougong.problems import Problems
from dougong.records import query
from dougong.records.filters import Filter
from dougong.records.present import askable
from dougong.spec.form import Field, Form
from dougong.web import cells, columns, here

page = Blueprint("pick", __name__)
MOST = 20
RECENT = 5
CODES = ("code", "serial")
LONGEST = 300
"""Characters of a scanned code."""
_ADDRESS = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=$|[/?#])")


@page.get("/pick/<id>")
@page.get("/pick/<app>/<id>")
def pick(id: str, app: str = "") -> Response:
    """[{"id", "text", "note"}] for ?q=; the last used and newest few for ?recent=1; the one of ?uid=; those that bear ?code=.

    `of` names the link field that is filled: its `filter` holds for all that is offered. Whom the reader can't see is not offered.
    """
    ctx = here.ctx()
    key = f"{app}.{id}" if app else id
    form = ctx.workspace.forms.get(key)
    if form is None:
        abort(404)
    text = request.args.get("q", "").strip()[:200]
    try:
        one, code = request.args.get("uid", ""), request.args.get("code", "").strip()[:LONGEST]
        if one:
            rows: Sequence[Mapping[str, Any]] = [query.get(ctx, key, uid=one)]
        elif code:
            rows = _coded(ctx, form, code)
        else:
            rows = _found(ctx, form, text)
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


def _found(ctx: Ctx, form: Form, text: str) -> Sequence[Mapping[str, Any]]:
    """What holds `text`; without one, those that this device has used (`first`, uids), then the newest."""
    asked = query.Query(form.key, where=_offered(ctx, form), search=text, limit=MOST if text else RECENT)
    used = tuple(request.args.get("first", "").split(",")[:RECENT]) if not text else ()
    first = {row["uid"]: row for row in query.page(ctx, replace(asked, among=used)).rows} if any(used) else {}
    rows = {uid: first[uid] for uid in used if uid in first}
    rows |= {row["uid"]: row for row in query.page(ctx, asked).rows if len(rows) < RECENT or text}
    return list(rows.values())[: asked.limit]


def _offered(ctx: Ctx, form: Form) -> Expr | None:
    """The condition of the link field that is filled; one that asks for the record which links is left to the save."""
    place, _, name = request.args.get("of", "").rpartition(".")
    holder = ctx.workspace.forms.get(place)
    field = holder.fields.get(name) if holder else None
    if field is None or field.target != form.key or not isinstance(condition := field.options.get("filter"), Expr):
        return None
    return None if any((node.op, node.value) == ("name", "this") for node in walk(condition.root)) else condition


def _coded(ctx: Ctx, form: Form, code: str) -> Sequence[Mapping[str, Any]]:
    """The records whose `code` is the one that was scanned, or whose address it is."""
    if own := _ADDRESS.search(code):
        try:
            return [query.get(ctx, form.key, uid=own[0].lower())]
        except Problems:
            return ()
    found: dict[str, Mapping[str, Any]] = {}
    for field in (f for f in form.fields.values() if f.type in CODES and askable(ctx, form, f)):
        filters = (Filter(field.id, "==", code),)
        found |= {row["uid"]: row for row in query.page(ctx, query.Query(form.key, filters, where=_offered(ctx, form), limit=MOST)).rows}
    return list(found.values())


@page.get("/pick/region")
def region() -> Response:
    """Places by any part of their full name."""
    text = request.args.get("q", "").strip()[:60]
    found = [code for code in regions.names() if text and text in regions.full_name(code)][:MOST]
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
