"""A person's data removed for good: the record's values, and every copy of them that lies below this part (SEMANTICS 12)."""

from __future__ import annotations

from sqlalchemy import column, delete, null, select, table, update

from dougong.context import Ctx
from dougong.events.outbox import event_table
from dougong.problems import Problem, Problems
from dougong.records import history, links, upkeep
from dougong.records.comments import comment_table
from dougong.records.draft import Draft
from dougong.records.requests import request_table
from dougong.records.row import column_of, empty_value, from_row, to_row
from dougong.records.source import RecordSource
from dougong.spec.form import Form
from dougong.store import physical, search


def erase(ctx: Ctx, form_key: str, id: int) -> list[tuple[str, int]]:
    """Empties the record and its lines, deleted or not: values, also those of fields that stand aside, history values with their
    salts, event images, search words, comments. (form, id) of each, for the parts above, which keep copies of their own (erasing.py).

    The record stays with its times and owner, and its chain verifies as erased. Raises Problems `no-such-record`, `may-not-erase`.
    """
    erased = [(form_key, id)]
    form, rows = ctx.workspace.forms[form_key], ctx.workspace.tables[form_key]
    if not (ctx.actor.system or ctx.actor.administrator):
        raise Problems([Problem("may-not-erase", form=form_key)])
    row = ctx.connection.execute(select(rows).where(rows.c.id == id).with_for_update(key_share=True)).first()
    if row is None:
        raise Problems([Problem("no-such-record", form=form_key)])
    old = from_row(form, dict(zip(rows.c.keys(), row, strict=True)))
    for child in ctx.workspace.forms.values():
        if child.lines_of and child.lines_of[0] == form_key:
            lines = ctx.workspace.tables[child.key]
            for line in ctx.connection.execute(select(lines.c.id).where(column_of(child, lines, "parent") == id)).scalars().all():
                erased += erase(ctx, child.key, line)
    draft = Draft(ctx, form, "edit", RecordSource(ctx), _emptied(form, old), old=old, id=id, uid=old["uid"])
    if old.get("deleted_at") is None:
        upkeep.compute_own(draft)
    draft.new["revision"] = old["revision"] + 1
    ctx.connection.execute(update(rows).where(rows.c.id == id).values(to_row(form, draft.new, [*draft.changed, "revision"])))
    links.write(draft)
    _remove_copies(ctx, form, id)
    history.erase(draft)
    upkeep.after_save(draft)
    _forget_images(ctx, form_key, id)
    return erased


def _emptied(form: Form, old: dict[str, object]) -> dict[str, object]:
    kept = {f.id for f in form.fields.values() if f.system}
    return {name: value if name in kept or name not in form.fields else empty_value(form.fields[name]) for name, value in old.items()} | {
        f.id: () for f in form.fields.values() if f.type == "links"
    }


def _remove_copies(ctx: Ctx, form: Form, id: int) -> None:
    search.remove_rows(ctx.connection, ctx.workspace.tables[form.key], [id])
    _empty_asides(ctx, form, id)
    ctx.connection.execute(delete(request_table).where(request_table.c.form == form.key, request_table.c.record == id))
    ctx.connection.execute(delete(comment_table).where(comment_table.c.form == form.key, comment_table.c.record == id))


def _empty_asides(ctx: Ctx, form: Form, id: int) -> None:
    """Columns and pairs of fields that the template has no more, or had with another type."""
    keys = physical.read_keys(ctx.connection)
    mine = {k.id for k in keys if k.table == form.table and not k.field}
    for key in keys:
        if key.parent not in mine or key.state != "aside":
            continue
        if key.junction:
            ctx.connection.execute(delete(table(key.table, column("source"))).where(column("source") == id))
        else:
            there = table(form.table, column("id"), *(column(name) for name in key.columns))
            ctx.connection.execute(update(there).where(there.c.id == id).values(dict.fromkeys(key.columns)))


def _forget_images(ctx: Ctx, form_key: str, id: int) -> None:
    """Last, since what follows from the erasing is told by events too."""
    e = event_table
    ctx.connection.execute(update(e).where(e.c.form == form_key, e.c.record == id).values(old=null(), new=null()))
