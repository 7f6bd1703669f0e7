"""Who may read an attachment."""

from __future__ import annotations

from dougong.context import Ctx
from dougong.files.attachments import Attachment
from dougong.problems import Problems
from dougong.records import query
from dougong.records.present import covered
from dougong.records.rights import access


def may_read(ctx: Ctx, found: Attachment) -> bool:
    """The uploader's own until it belongs to a record; then whoever may read that field of that record (THREATS S41)."""
    if not found.form:
        return found.creator == ctx.actor.user
    form = ctx.workspace.forms.get(found.form)
    field = form.fields.get(found.field) if form else None
    if form is None or field is None or found.record is None or covered(ctx, form, field) or access(ctx, form.key).masked(field.id):
        return False
    try:
        query.get(ctx, form.key, id=found.record)
    except Problems:
        return False
    return True
