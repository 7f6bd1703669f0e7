"""A form's controls and what they post: values → controls, posted names → raw values that records/entry.py parses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from dougong.context import Ctx
from dougong.expr.to_json import in_browser
from dougong.expr.tree import Expr, Template
from dougong.fields import lines
from dougong.fields.base import field_types
from dougong.fields.draw import draw
from dougong.files import attachments
from dougong.problems import Problem, Problems
from dougong.records import query, rights
from dougong.records.permit import MACHINE_FIELDS
from dougong.records.present import covered
from dougong.records.row import is_empty
from dougong.spec.form import Field, Form
from dougong.web import addresses, cells, here

WIDE = frozenset({"long_text", "rich_text", "lines", "checklist", "file", "image", "recording", "signature", "json", "links", "consent"})
GROUPED = frozenset({"checklist", "choices", "consent", "date_range", "rating", "lines", "signature", "links"})
PREFIX = "f-"
"""What a control's id begins with."""


@dataclass(frozen=True)
class Control:
    """One field of a form, ready to be drawn. `conflict` is what somebody else wrote meanwhile."""

    field: Field
    name: str
    label: str
    markup: Markup
    required: bool = False
    hint: str = ""
    error: str = ""
    origin: str = ""
    wide: bool = False
    group: bool = False
    conflict: tuple[str, str] | None = None  # (who, value)
    demanded: bool = False
    hidden: bool = False


def writable(ctx: Ctx, form: Form, row: Mapping[str, Any] | None = None) -> tuple[Field, ...]:
    """The fields that this person may enter: at creation, or on `row`; in the layout's order."""
    allowed = rights.access(ctx, form.key)
    order = [name for section in form.layout for name in section.fields] + list(form.fields)
    fields = (form.fields[name] for name in dict.fromkeys(order) if name in form.fields)
    open_ = (f for f in fields if allowed.everything or not allowed.closed_to(f.id, creating=row is None))
    return tuple(f for f in open_ if _enters(f) and not covered(ctx, form, f) and not _fixed(f, form, row))


def _enters(field: Field) -> bool:
    kind = field_types[field.type]
    return not (field.computed or kind.read_only or kind.virtual or field.id in MACHINE_FIELDS or field.value_template is not None)


def _fixed(field: Field, form: Form, row: Mapping[str, Any] | None) -> bool:
    if field.id == "owner" and row is None:
        return not any("owner" in section.fields for section in form.layout)
    return row is not None and field.once and not is_empty(row.get(field.id))


def columns_of(ctx: Ctx, field: Field) -> tuple[Field, ...]:
    """The columns of a lines field that are entered."""
    child = ctx.workspace.forms.get(field.target)
    if child is None or not child.lines_of:
        return ()
    return tuple(f for f in child.fields.values() if _enters(f) and not f.system and f.id != "parent" and not covered(ctx, child, f))


def shown_columns(ctx: Ctx, field: Field) -> tuple[Field, ...]:
    """Those and, in their declared order, the formulas that the browser works out from them."""
    entered, child = columns_of(ctx, field), ctx.workspace.forms[field.target]
    return tuple(f for f in child.fields.values() if f in entered or (_worked_out(f) and not covered(ctx, child, f)))


def _worked_out(field: Field) -> bool:
    return field.formula is not None and not field.system and in_browser(field.formula)


def control(
    ctx: Ctx,
    form: Form,
    field: Field,
    value: Any,
    *,
    error: str = "",
    origin: str = "",
    required: bool | None = None,
    conflict: tuple[str, str] | None = None,
    demanded: bool = False,
    hidden: bool = False,
) -> Control:
    """`value` is in the shape that fields/draw.py names for its widget."""
    widget = field_types[field.type].widget
    group = widget in GROUPED or (widget == "choice" and len(field.choices) <= 7)
    attrs: dict[str, Any] = {"id": PREFIX + field.id, "aria-describedby": f"e-{field.id}", "required": None}
    if widget in ("link", "links") and (address := _creates(ctx, form, field)):
        attrs["data-create"] = address
    if widget == "lines" and ctx.actor.user:  # people outside have no page to ask
        attrs["data-defaults"] = json.dumps(_begun(ctx, form, field), ensure_ascii=False)
    markup = draw(field, value, field.id, here.locale(), attrs, shown_columns(ctx, field) if widget == "lines" else (), form.key)
    label, hint = field.name.in_(ctx.locale), field.help.in_(ctx.locale)
    needed = field.required if required is None else required
    return Control(field, field.id, label, markup, needed, hint, error, origin, widget in WIDE, group, conflict, demanded, hidden)


def _begun(ctx: Ctx, form: Form, field: Field) -> dict[str, Any]:
    """What assets/lines.js begins a line with: constants, and which columns, once changed, let others follow (web/line_defaults.py)."""
    columns, child = columns_of(ctx, field), ctx.workspace.forms[field.target]
    nothing, formulas = cells.Page.of(ctx, child, (), []), [expr for f in columns for expr in _formulas(f)]
    constants = {f.id: shown_value(ctx, child, f, f.default, nothing) for f in columns if _is_constant(f)}
    after = sorted({path[0] for expr in formulas for path in expr.reads if path} & {f.id for f in columns})
    return {"constants": constants, "after": after, "url": f"/a/{form.app}/{form.id}/line/{field.id}/"}


def _is_constant(field: Field) -> bool:
    return field.default is not None and not isinstance(field.default, Expr | Template) and not cells.target_of(field.value)


def _formulas(field: Field) -> tuple[Expr, ...]:
    parts = field.default.parts if isinstance(field.default, Template) else (field.default,)
    return tuple(part for part in parts if isinstance(part, Expr))


def _creates(ctx: Ctx, form: Form, field: Field) -> str:
    """Where a record that is not there yet is made and brought back; not of the very form that is filled: their drafts are one."""
    target = ctx.workspace.forms.get(field.target)
    able = target is not None and target is not form and addresses.has_page(target) and rights.access(ctx, target.key).may("add")
    return addresses.of_new(field.target) if able else ""


def shown_value(ctx: Ctx, form: Form, field: Field, value: Any, shared: cells.Page, record: int | None = None) -> Any:
    """A value as its control holds it."""
    kind = field_types[field.type]
    if kind.widget == "lines":
        return _line_values(ctx, field, record) if record is not None else None
    if target := cells.target_of(field.value):
        shared.know(target, set(cells.ids_in(value)))
        known, uids = shared.titles[target], shared.uids[target]
        chosen = [{"uid": uids[id], "title": known[id]} for id in cells.ids_in(value) if id in known]
        return chosen if kind.widget == "links" else (chosen[0] if chosen else None)
    if field.value.kind == "records":
        rows = shared.source.linked(form.key, field.id, record) if record is not None else ()
        target_form = ctx.workspace.forms[field.target]
        return [{"uid": row["uid"], "title": shared.title(target_form, row)} for row in rows]
    if cells.kind_of(field, value) == "files":
        return files_of(ctx, [value] if isinstance(value, str) else list(value or ()))
    return None if value is None else kind.entry(field, minute(value), here.locale())


def minute(value: Any) -> Any:
    """An instant as one types it; anything else as it is."""
    return value.replace(second=0, microsecond=0) if isinstance(value, datetime) else value


def posted_value(ctx: Ctx, field: Field, raw: Any) -> Any:
    """What was typed, once more in its control, after the entry was refused."""
    widget = field_types[field.type].widget
    given = [v for v in (raw if isinstance(raw, list) else [raw]) if v not in (None, "")]
    if widget == "lines":
        child = ctx.workspace.forms[field.target]
        return [{c: posted_value(ctx, child.fields[c], v) if c in child.fields else v for c, v in row.items()} for row in given]
    if widget in ("link", "links"):
        chosen = [_chosen(ctx, field, str(uid)) for uid in given]
        return chosen if widget == "links" else (chosen[0] if chosen else None)
    if cells.kind_of(field, None) == "files":
        return files_of(ctx, [str(uid) for uid in given])
    return raw


def read(form: Form, fields: Iterable[Field], posted: MultiDict[str, str]) -> dict[str, Any]:
    """Raw values by field id, of the fields that stood on the page."""
    out: dict[str, Any] = {}
    for field in fields:
        if field_types[field.type].widget == "lines":
            if f"{field.id}-shown" in posted:
                out[field.id] = lines.gather(posted.items(multi=True), field.id)
        elif field.id in posted:
            values = posted.getlist(field.id)
            out[field.id] = values if len(values) > 1 else values[0]
    return out


def attach(ctx: Ctx, form: Form, record: int, values: Mapping[str, Any]) -> None:
    """Gives newly uploaded files to the record that names them, in the same transaction. Raises Problems."""
    for name, value in values.items():
        if cells.kind_of(form.fields[name], value) == "files" and value:
            uids = [value] if isinstance(value, str) else list(value)
            attachments.attach(ctx.connection, uids, form.key, record, name, ctx.actor.user)


def errors(form: Form, problems: Problems | Sequence[Problem], locale: str) -> dict[str, str]:
    """Sentences by field; of a line's fault with its row; what belongs to no field stands under ''."""
    out: dict[str, str] = {}
    for problem in problems:
        where, row = problem.field, ""
        if problem.form != form.key and problem.form:
            where = next((f.id for f in form.fields.values() if f.target == problem.form and f.via in ("", "parent")), "")
        if problem.row is not None:
            row = here.say("Line %(n)s: ", n=problem.row)
        words = row + " ".join(filter(None, (problem.sentence(locale), problem.hint(locale))))
        where = where if where in form.fields else ""
        out[where] = f"{out[where]} {words}" if where in out and words not in out[where] else words
    return out


def files_of(ctx: Ctx, uids: Sequence[str]) -> list[dict[str, str]]:
    """What a file control shows of each attachment; a uid that is no file of this workspace is left out."""
    found = attachments.named(ctx.connection, uids)
    return [
        {
            "uid": uid,
            "name": found[uid].name,
            "url": addresses.of_file(uid),
            "thumb": addresses.of_file(uid, True) if found[uid].thumb else "",
        }
        for uid in uids
        if uid in found and (found[uid].form or found[uid].creator == ctx.actor.user)
    ]


def _chosen(ctx: Ctx, field: Field, uid: str) -> dict[str, str]:
    target = cells.target_of(field.value) or field.target
    try:
        row = query.get(ctx, target, uid=uid)
    except Problems:
        return {"uid": "", "title": uid}
    shared = cells.Page.of(ctx, ctx.workspace.forms[target], (), [row])
    return {"uid": uid, "title": shared.title(ctx.workspace.forms[target], row)}


def _line_values(ctx: Ctx, field: Field, record: int) -> list[dict[str, Any]]:
    child = ctx.workspace.forms[field.target]
    rows = sorted(rights.reader_source(ctx).children(child.key, "parent", record), key=lambda row: (row.get("position") or 0, row["id"]))
    entered = columns_of(ctx, field)
    shared = cells.Page.of(ctx, child, entered, rows)
    return [{"uid": row["uid"], **{c.id: shown_value(ctx, child, c, row.get(c.id), shared) for c in entered}} for row in rows]
