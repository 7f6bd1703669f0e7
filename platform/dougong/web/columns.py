"""Which fields a list shows and offers for filtering, where its view leaves that open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dougong.context import Ctx
from dougong.fields.base import field_types
from dougong.records import rights
from dougong.records.present import covered
from dougong.records.row import has_columns
from dougong.spec.app import View
from dougong.spec.form import Field, Form

MOST = 7
LONG = frozenset(
    {"long_text", "rich_text", "json", "checklist", "location", "lines", "related", "links", "signature", "audio", "video", "file", "image"}
)
"""Types whose values say nothing in a narrow column."""
STATES = ("green", "yellow", "red", "grey")
QUIET = frozenset({"creator", "created_at", "modified_at", "stage_since"})
"""System fields that a list shows only when a view asks for them."""


def readable(ctx: Ctx, form: Form) -> tuple[Field, ...]:
    """The fields that the reader may know of, masked ones among them, as the layout has them and then the rest."""
    order = [name for section in form.layout for name in section.fields] + list(form.fields)
    fields = [form.fields[name] for name in dict.fromkeys(order) if name in form.fields]
    return tuple(f for f in fields if not covered(ctx, form, f) and (f.id not in ("stage", "stage_since") or form.workflow))


def title_fields(form: Form) -> frozenset[str]:
    """The fields that the record's title is made of."""
    return frozenset(path[0] for part in form.title.parts if not isinstance(part, str) for path in part.reads if path)


def title_field(form: Form) -> Field | None:
    """The one field that is the title, where it is only that."""
    single = form.title.single
    names = title_fields(form)
    return form.fields.get(next(iter(names))) if single and len(names) == 1 and single.reads == {(next(iter(names)),)} else None


def shown(ctx: Ctx, form: Form, view: View | None, chosen: Sequence[str] = ()) -> tuple[Field, ...]:
    """The columns beside the title: those the reader chose, else the view's, else the first useful ones."""
    fields = readable(ctx, form)
    if names := chosen or (view.columns if view else ()):
        wanted = [form.fields[name] for name in names if name in form.fields]
        title = title_field(form)
        return tuple(f for f in wanted if f in fields and f != title)
    told = title_fields(form)
    useful = [f for f in fields if f.id not in told and f.type not in LONG and f.id not in QUIET and has_columns(f)]
    own = sorted((f for f in useful if not f.system and f.value.kind != "yes_no"), key=lambda f: not is_state(f))
    system = [f for f in useful if f.system]
    first = [f for f in system if f.id == "stage"] + own
    return tuple([*first[: MOST - 3], *[f for f in system if f.id != "stage"]][: MOST - 1])


def offered(ctx: Ctx, form: Form) -> tuple[Field, ...]:
    """What a reader may choose as a column."""
    told = title_field(form)
    return tuple(f for f in readable(ctx, form) if f.type not in LONG and f != told and has_columns(f))


def is_state(field: Field) -> bool:
    """A choice whose options are colours: it says at a glance how a record is."""
    return field.value.kind == "choice" and any((o.colour or id) in STATES for id, o in field.choices.items())


def filterable(ctx: Ctx, form: Form) -> tuple[Field, ...]:
    """What the filter sheet offers: nothing masked, nothing without a column."""
    allowed = rights.access(ctx, form.key)
    fields = (f for f in readable(ctx, form) if has_columns(f) and not allowed.masked(f.id) and f.id not in ("modified_at",))
    return tuple(f for f in fields if field_types[f.type].operators)


def sortable(ctx: Ctx, form: Form, fields: Iterable[Field]) -> frozenset[str]:
    """Lists and ranges have no order of their own."""
    allowed = rights.access(ctx, form.key)
    plain = ("text", "number", "date", "datetime", "choice", "yes_no", "time")
    return frozenset(f.id for f in fields if has_columns(f) and f.value.kind in plain and not allowed.masked(f.id))
