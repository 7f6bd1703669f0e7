"""Creates that a client may send twice: remembered 90 days by its uid, so that the second is answered and not done (SEMANTICS 8).

The worker lets go of them afterwards (pruning.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Index, Table, Text, bindparam, insert, select

from dougong.context import Ctx
from dougong.problems import Problem, Problems
from dougong.records.draft import Saved
from dougong.sqltypes import Id, Instant
from dougong.store import prepared
from dougong.store.ledger import digest
from dougong.store.system import metadata

REMEMBERED = timedelta(days=90)
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

request_table = Table(
    "dg_request",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("form", Text, nullable=False),
    Column("record", Id, nullable=False),
    Column("actor", Id),
    Column("digest", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("dg_request_at", request_table.c.at)
_r = request_table.c
_KNOWN = select(_r.record, _r.actor, _r.digest).where(_r.uid == bindparam("of_uid"))
_KEEP = insert(request_table)


def once(ctx: Ctx, form: str, uid: str, body: Mapping[str, Any], make: Callable[[], Saved]) -> int:
    """The id of the record that `make` creates under `uid`, or that the same request of the same actor created before.

    Raises Problems `uid-malformed`, and `id-in-use` for anything else on a known uid: always the same words.
    Where two of them meet, the database refuses the second: do it again.
    """
    if not _UID.fullmatch(uid):
        raise Problems([Problem("uid-malformed", form=form)])
    told = digest([form, body])
    known = ctx.connection.execute(_KNOWN, {"of_uid": uid}).first()
    if known is not None and (known.actor, known.digest) == (ctx.actor.user, told):
        return int(known.record)
    table = ctx.workspace.tables[form]
    if known is not None or ctx.connection.execute(prepared.named(table), {"at_uid": uid}).first() is not None:
        raise Problems([Problem("id-in-use", form=form)])
    saved = make()
    ctx.connection.execute(_KEEP, {"uid": uid, "form": form, "record": saved.id, "actor": ctx.actor.user, "digest": told, "at": ctx.now})
    return saved.id
