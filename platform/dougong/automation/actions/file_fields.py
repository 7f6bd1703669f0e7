"""Files that a step puts into a record's file field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dougong.automation.actions.base import refuse
from dougong.automation.scene import Row, Scene
from dougong.fields.attached import Attached
from dougong.fields.base import field_types
from dougong.files import attachments
from dougong.files.attachments import Attachment, Received
from dougong.records import save
from dougong.records.draft import names
from dougong.spec.form import Field, Form

TO: Mapping[str, Any] = {
    "type": "string", "format": "field", "holds": "record",
    "title": "放到这个关联字段指向的记录 | Put it on the record that this link leads to",
}


def target_record(scene: Scene, options: Mapping[str, Any]) -> tuple[Form, Row]:
    """The record at hand, or the one that the link `on` leads to."""
    form, row = scene.need_record()
    if "on" not in options:
        return form, row
    key, id = form.fields[options["on"]].target, row.get(options["on"])
    found = scene.source.record(key, id) if id is not None else None
    if found is None:
        raise refuse("action-nothing-linked", field=options["on"])
    return scene.ctx.workspace.forms[key], found


def file_field(form: Form, id: str) -> Field:
    field = form.fields[id]
    if not isinstance(field_types[field.type], Attached):
        raise refuse("document-not-a-file", field=names(field))
    return field


def put_files(scene: Scene, form: Form, row: Row, field: Field, files: Sequence[Received | Attachment]) -> list[Attachment]:
    """Beside the files that are there where the field takes several, else in their place. What is there already is not put again;
    another record's file is copied."""
    kind = field_types[field.type]
    assert isinstance(kind, Attached)
    ctx, many = scene.ctx, field.value.kind == "list"
    before = tuple(row[field.id]) if many else ()
    known = {a.sha256 for a in attachments.named(ctx.connection, before).values()}
    fresh = [f for f in files if f.sha256 not in known] if many else list(files[-1:])
    for one in fresh:
        if kind.kinds and one.kind not in kind.kinds:
            raise refuse("attach-wrong-kind", name=one.name, field=names(field))
    own = (attachments.copied(scene.platform.storage, f, ctx.now) if isinstance(f, Attachment) else f for f in fresh)
    kept = [attachments.keep(ctx.connection, one, ctx.actor.user, ctx.now) for one in own]
    if kept:
        value = (*before, *(a.uid for a in kept)) if many else kept[-1].uid
        save.edit(ctx, form.key, row["id"], {field.id: value})
    return kept
