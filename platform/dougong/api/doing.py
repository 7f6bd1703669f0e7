"""What single and bulk requests do to records, in a transaction of whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from uuid6 import uuid7

from dougong.api import shape
from dougong.api.answers import Stale
from dougong.context import Ctx
from dougong.problems import Problem, Problems
from dougong.records import entry, requests, rights, save
from dougong.records.draft import Saved
from dougong.records.present import readable
from dougong.records.source import RecordSource
from dougong.spec.form import Form


def form_of(ctx: Ctx, app: str, id: str) -> Form:
    """Raises Problems `no-such-form`, the same for one that isn't there and one that the actor may do nothing with."""
    form = ctx.workspace.forms.get(f"{app}.{id}")
    if form is None or form.lines_of or not any(rights.access(ctx, form.key).may(verb) for verb in ("see", "add")):
        raise Problems([Problem("no-such-form", {"form": f"{app}.{id}"[:80]})])
    return form


def create(ctx: Ctx, form: Form, uid: str, values: Mapping[str, Any]) -> dict[str, Any]:
    wanted = uid or str(uuid7())

    def make() -> Saved:
        return save.create(ctx, form.key, entry.parse(ctx, form, values), wanted)

    id = requests.once(ctx, form.key, wanted, {"values": _plain(values)}, make) if uid else make().id
    return _as_seen(ctx, form, id, wanted)


def update(ctx: Ctx, form: Form, uid: str, revision: int | None, values: Mapping[str, Any]) -> dict[str, Any]:
    id = id_of(ctx, form, uid)
    try:
        save.edit(ctx, form.key, id, entry.parse(ctx, form, values), revision)
    except Problems as problems:
        if any(p.code == "stale" for p in problems):
            raise Stale(problems, _as_seen(ctx, form, id, uid), dict(values)) from None
        raise
    return _as_seen(ctx, form, id, uid)


def delete(ctx: Ctx, form: Form, uid: str) -> dict[str, Any]:
    return {"uid": uid, "revision": save.delete(ctx, form.key, id_of(ctx, form, uid)).revision}


def restore(ctx: Ctx, form: Form, uid: str) -> dict[str, Any]:
    id = id_of(ctx, form, uid, deleted=True)
    save.restore(ctx, form.key, id)
    return _as_seen(ctx, form, id, uid)


def id_of(ctx: Ctx, form: Form, uid: str, deleted: bool = False) -> int:
    """Raises Problems `no-such-record`, also for one that the actor may not see."""
    table = ctx.workspace.tables[form.key]
    gone = table.c.deleted_at.is_not(None) if deleted else table.c.deleted_at.is_(None)
    found = ctx.connection.execute(select(table.c.id).where(table.c.uid == uid, gone, rights.where(ctx, form.key, table))).scalar()
    if found is None:
        raise Problems([Problem("no-such-record", form=form.key)])
    return int(found)


def _as_seen(ctx: Ctx, form: Form, id: int, uid: str) -> dict[str, Any]:
    """As the actor may read it now; of a record that has left the actor's sight only the uid."""
    source = RecordSource(ctx)
    row = source.record(form.key, id)
    if row is None or not rights.allows(ctx, form.key, row, "see", source):
        return {"uid": uid, "revision": None, "values": {}}
    return shape.one(ctx, form, readable(ctx, form, row))


def _plain(value: Any) -> Any:
    """JSON-ready for the digest of a request: numbers with more digits than a float has become text."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | None) else str(value)
