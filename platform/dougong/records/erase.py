"""A person's data removed for good: the record's values, and every copy of them that lies below this part (SEMANTICS 12)."""

from __future__ import annotations

from sqlalchemy import delete, null, select, update

from dougong.context import Ctx
from dougong.events.outbox import event_table
from dougong.problems import Problem, Problems
from dougong.records import history, links, upkeep
from dougong.records.comments import comment_table
from dougong.records.draft import Draft
from dougong.records.row import column_of, empty_value, from_row, to_row
from dougong.records.source import RecordSource
from dougong.spec.form import Form
from dougong.store import search


def erase(ctx: Ctx, form_key: str, id: int) -> None:
    """Empties the record and its lines, deleted or not: values, history values with their salts, event images, search words, comments.

    The record stays with its times and owner, and its chain verifies as erased. Raises Problems `no-such-record`, `may-not-erase`.
    """
    form, table = ctx.workspace.forms[form_key], ctx.workspace.tables[form_key]
    if not (ctx.actor.system or ctx.actor.administrator):
        raise Problems([Problem("may-not-erase", form=form_key)])
    row = ctx.connection.execute(select(table).where(table.c.id == id).with_for_update(key_share=True)).first()
    if row is None:
        raise Problems([Problem("no-such-record", form=form_key)])
    old = from_row(form, dict(zip(table.c.keys(), row, strict=True)))
    for child in ctx.workspace.forms.values():
        if child.lines_of and child.lines_of[0] == form_key:
            lines = ctx.workspace.tables[child.key]
            for line in ctx.connection.execute(select(lines.c.id).where(column_of(child, lines, "parent") == id)).scalars().all():
                erase(ctx, child.key, line)
    draft = Draft(ctx, form, "edit", RecordSource(ctx), _emptied(form, old), old=old, id=id, uid=old["uid"])
    if old.get("deleted_at") is None:
        upkeep.compute_own(draft)
    draft.new["revision"] = old["revision"] + 1
    ctx.connection.execute(update(table).where(table.c.id == id).values(to_row(form, draft.new, [*draft.changed, "revision"])))
    links.write(draft)
    _remove_copies(ctx, form, id)
    history.erase(draft)
    upkeep.after_save(draft)
    _forget_images(ctx, form_key, id)


def _emptied(form: Form, old: dict[str, object]) -> dict[str, object]:
    kept = {f.id for f in form.fields.values() if f.system}
    return {name: value if name in kept or name not in form.fields else empty_value(form.fields[name]) for name, value in old.items()} | {
        f.id: () for f in form.fields.values() if f.type == "links"
    }


def _remove_copies(ctx: Ctx, form: Form, id: int) -> None:
    search.remove_rows(ctx.connection, ctx.workspace.tables[form.key], [id])
    ctx.connection.execute(delete(comment_table).where(comment_table.c.form == form.key, comment_table.c.record == id))


def _forget_images(ctx: Ctx, form_key: str, id: int) -> None:
    """Last, since what follows from the erasing is told by events too."""
    e = event_table
    ctx.connection.execute(update(e).where(e.c.form == form_key, e.c.record == id).values(old=null(), new=null()))
