"""What every form has besides its own fields. Templates read these; nobody declares them."""

from __future__ import annotations

from dougong.expr.types import DATETIME, TEXT, USER, Type
from dougong.spec.form import Field
from dougong.spec.label import Label

PLAIN_COLUMNS = ("id", "uid", "revision", "deleted_at", "flip_at")
"""Columns of every form's table that are no fields: integer key; UUIDv7 as text; edit counter; soft deletion;
the next instant at which a kept value can change with the clock (SEMANTICS 5). Lines tables add `position`."""


def _field(id: str, zh: str, en: str, type_: str, value: Type) -> Field:
    return Field(
        id=id, name=Label(zh, {"en": en}), type=type_, value=value, key=id, system=True,
        target="user" if value.form == "user" else "", index=id in ("owner", "touched_at", "stage_since"),
    )


SYSTEM_FIELDS: tuple[Field, ...] = (
    _field("owner", "负责人", "Owner", "user", USER),
    _field("creator", "创建人", "Created by", "user", USER),
    _field("created_at", "创建时间", "Created", "datetime", DATETIME),
    _field("modified_at", "修改时间", "Modified", "datetime", DATETIME),
    _field("touched_at", "最近跟进", "Last touched", "datetime", DATETIME),
    _field("stage", "阶段", "Stage", "choice", TEXT),
    _field("stage_since", "进入阶段时间", "In stage since", "datetime", DATETIME),
)
"""For a form with a workflow, lang replaces `stage` by a choice of its stages (value Type('choice', options=…), choices filled).
A template may declare `owner` itself to rename it; its type stays user."""
