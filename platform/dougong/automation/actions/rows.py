"""`rows:` of a message: the first few records of a view or form, as its reader may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.actions.base import refuse
from dougong.automation.scene import Row, Scene
from dougong.context import Ctx
from dougong.notify.rows import Rows
from dougong.problems import Problem, Problems
from dougong.records import compute, query, rights
from dougong.records.present import covered, within_rights
from dougong.records.source import environment
from dougong.records.titles import display, title
from dougong.spec.app import View
from dougong.spec.form import Field, Form

SCHEMA: Mapping[str, Any] = {
    "type": "object", "format": "rows", "additionalProperties": False, "title": "附一张小表 | Add a small table",
    "description": "如 {view: 视图, if: 条件, columns: [a, b], top: 5} | Such as {view: my_view, if: condition, columns: [a, b], top: 5}",
    "properties": {
        "view": {"type": "string", "title": "哪个视图的记录 | Records of this view"},
        "form": {"type": "string", "format": "form", "title": "或哪个表单的记录 | Or of this form"},
        "if": {"format": "condition", "title": "只要符合的，this. 是手头的记录 | Only where this holds; this. is the record at hand"},
        "columns": {
            "type": "array", "items": {"type": "string", "format": "field"}, "minItems": 1, "maxItems": 10,
            "title": "哪些列，默认视图的列 | Which columns; by default the view's",
        },
        "top": {"type": "integer", "minimum": 1, "maximum": 50, "title": "最多几行，默认 10 | At most so many rows, by default 10"},
    },
}


def rows_of(scene: Scene, asked: Mapping[str, Any] | None) -> Rows | None:
    """With the rights of whoever `scene` is seen by; a reader without any right to the form is told that there is nothing."""
    if not asked:
        return None
    ctx, views = scene.ctx, scene.ctx.workspace.apps[scene.automation.app].views
    if asked["view"] and asked["view"] not in views:
        raise refuse("rows-view-gone", view=asked["view"])
    view = views.get(asked["view"])
    names = {**scene.names, **({"this": scene.row["id"]} if scene.row else {})}
    sort = view.sort if view else ()
    wanted = query.Query(asked["form"], where=view.if_ if view else None, sort=sort, limit=asked["top"], also=asked["if"], names=names)
    try:
        found, beyond = query.page(ctx, wanted).rows, query.count(ctx, wanted).number - asked["top"]
    except Problems:
        found, beyond = (), 0
    form = ctx.workspace.forms[asked["form"]]
    fields = [form.fields[id] for id in _columns(asked, view) if id in form.fields]
    rest = Problem("rows-more", {"count": beyond}) if beyond > 0 else None if found else Problem("rows-none")
    return Rows(
        tuple(f.name.in_(ctx.locale) for f in fields) or (form.name.in_(ctx.locale),),
        tuple(tuple(_cell(ctx, form, f, row) for f in fields) or (title(ctx, form.key, row),) for row in found),
        rest.sentence(ctx.locale) if rest else "",
    )


def _columns(asked: Mapping[str, Any], view: View | None) -> tuple[str, ...]:
    return asked["columns"] or (view.columns if view else ())


def _cell(ctx: Ctx, form: Form, field: Field, row: Row) -> str:
    if field.id in row:
        return display(ctx, field, row[field.id])
    if not field.computed or field.stored or covered(ctx, form, field):
        return ""
    env = environment(ctx, form.key, within_rights(ctx, form, row), source=rights.reader_source(ctx))
    return display(ctx, field, compute.computed(field, env))
