"""Who is meant: people paths on a record, and the fallback role where a path ends in nobody."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.context import Ctx
from dougong.people import roles
from dougong.records import people_path
from dougong.records.source import RecordSource, Row
from dougong.spec.form import Form


def resolve(ctx: Ctx, app: str, paths: Sequence[str], form: Form | None, row: Row | None, source: RecordSource) -> tuple[int, ...]:
    """Active users in the order of the paths, each once. A message for nobody is a fault nobody sees, so each path that
    ends in nobody goes to the app's fallback role, and without one to the administrators."""
    found: dict[int, None] = {}
    for path in paths:
        people = people_path.resolve(ctx, path, form, row, source) or fallback(ctx, app)
        found |= dict.fromkeys(people)
    return tuple(found)


def fallback(ctx: Ctx, app: str) -> tuple[int, ...]:
    spec = ctx.workspace.apps.get(app)
    return roles.fallback(ctx.connection, spec) if spec else ()
