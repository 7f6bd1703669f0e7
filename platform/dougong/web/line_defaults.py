"""What a new line inside a form begins with: constants stand in the page, what follows from a chosen record is asked for here.

The save works them out again where the line leaves them empty (SEMANTICS 2); here they are shown, and with the reader's rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from dougong.context import Ctx
from dougong.fields import lines
from dougong.fields.base import field_types
from dougong.records import compute, entry, query, rights
from dougong.records.present import covered
from dougong.records.row import is_empty
from dougong.records.source import UNSAVED, environment
from dougong.spec.form import Form
from dougong.web import cells, entering, here

page = Blueprint("line_defaults", __name__)
MOST = 1_000_000
"""Row numbers of a page stay below."""


@page.post("/a/<app>/<id>/line/<name>/<int:row>")
def follow(app: str, id: str, name: str, row: int) -> Response:
    """{column id: value as its control holds it} for the columns that this row of the posted form leaves out."""
    ctx, form = here.ctx(), here.form(app, id)
    uid = request.form.get("record", "")
    holder = query.get(ctx, form.key, uid=uid) if uid else {}
    entered = entering.writable(ctx, form, holder or None)
    field = next((f for f in entered if f.id == name and field_types[f.type].widget == "lines"), None)
    if field is None or row >= MOST:
        abort(404)
    plain = [f for f in entered if field_types[f.type].widget != "lines"]
    parent, _ = entry.parse_leniently(ctx, form, entering.read(form, plain, request.form))
    child = ctx.workspace.forms[field.target]
    columns = {column.id: column for column in entering.columns_of(ctx, field)}
    own = [(key, value) for key, value in request.form.items(multi=True) if key.startswith(f"{name}-{row}-")]
    raw = next(iter(lines.gather(own, name)), {})
    given, _ = entry.parse_leniently(ctx, child, {k: v for k, v in raw.items() if k in columns})
    found = _defaults(ctx, form, child, {**holder, **parent}, {k: v for k, v in given.items() if not is_empty(v)})
    told = {k: v for k, v in found.items() if k in columns and not covered(ctx, child, columns[k])}
    shared = cells.Page.of(ctx, child, list(columns.values()), [told])
    return jsonify({k: entering.shown_value(ctx, child, columns[k], v, shared) for k, v in told.items()})


def _defaults(ctx: Ctx, form: Form, child: Form, parent: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The parent stands there as it is being typed."""
    source = rights.reader_source(ctx)
    source.pretend(form.key, UNSAVED, {**dict.fromkeys(form.fields), **parent, "id": UNSAVED})
    line = {**dict.fromkeys(child.fields), **given, "parent": UNSAVED}
    env = environment(ctx, child.key, line, source=source)
    return compute.defaults(child, {**given, "parent": UNSAVED}, env)
