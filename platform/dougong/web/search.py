"""Searching everything at once: each form that the person may see, its newest hits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, g, jsonify, render_template, request

from dougong.context import Ctx
from dougong.problems import Problems
from dougong.records import query
from dougong.spec.form import Form
from dougong.web import addresses, cells, here, lists, shell

page = Blueprint("search", __name__)
PER_FORM = 5


@page.get("/search")
def search() -> str | Response:
    text = request.args.get("q", "").strip()[:200]
    groups = list(_hits(here.ctx(), text)) if text else []
    if request.accept_mimetypes.best == "application/json":
        rows: list[dict[str, str]] = []
        for form, found, _ in groups:
            rows += [{"text": r.name, "note": f"{form.name.in_(g.locale)} {_facts(r)}".strip(), "url": r.url} for r in found]
        return jsonify(rows)
    return render_template("search/search.html", text=text, groups=groups)


def _hits(ctx: Ctx, text: str) -> Iterator[tuple[Form, tuple[lists.Row, ...], str]]:
    for app in ctx.workspace.apps.values():
        for form in shell.menu_forms(ctx, app):
            if not any(f.search for f in form.fields.values()):
                continue
            try:
                rows: Any = query.pick(ctx, form.key, text, PER_FORM)
            except Problems:
                continue
            shown = [f for f in form.fields.values() if f.value.kind == "choice" and not f.system][:2]
            if rows:
                yield form, lists.rows_of(ctx, form, shown, rows, text), addresses.of_form(form.key, q=text)


def _facts(row: lists.Row) -> str:
    return " · ".join(cell.text for cell in row.cells if isinstance(cell, cells.Cell) and cell.text)
