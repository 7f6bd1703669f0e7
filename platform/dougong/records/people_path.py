"""People as paths (LANGUAGE rule 5): `owner`, `owner.manager`, `role.rnd`, `team.east`, `user.wang`, `backup.team.manager`."""

from __future__ import annotations

from sqlalchemy import select

from dougong.context import Ctx
from dougong.people import tables as people
from dougong.records.source import RecordSource, Row
from dougong.spec.form import Form


def resolve(ctx: Ctx, path: str, form: Form | None, row: Row | None, source: RecordSource) -> tuple[int, ...]:
    """The users at the end of `path`, active ones only, in id order; () where the path ends in nobody."""
    head, _, rest = path.partition(".")
    if head == "role":
        return _active(ctx, source, _holders(ctx, form.app if form else ctx.actor.app, rest))
    if head == "me":
        return _walk(ctx, source, "user", (ctx.actor.user,), rest)
    if head in ("user", "team"):
        name, _, further = rest.partition(".")
        query = select(people.login.c.user).where(people.login.c.name == name)
        if head == "team":
            query = select(people.team.c.id).where(people.team.c.code == name)
        ids = tuple(ctx.connection.execute(query).scalars())
        return _walk(ctx, source, head, ids, further)
    if form is None or row is None or head not in form.fields:
        return ()
    field, value = form.fields[head], row.get(head)
    values = value if isinstance(value, tuple) else (value,)
    return _walk(ctx, source, field.target or field.value.form, values, rest)


def _walk(ctx: Ctx, source: RecordSource, form: str, ids: tuple[int | None, ...], path: str) -> tuple[int, ...]:
    here = [i for i in ids if i is not None]
    if not path:
        return _members(ctx, source, here) if form == "team" else _active(ctx, source, here)
    head, _, rest = path.partition(".")
    field = ctx.workspace.forms[form].fields[head]
    rows = [source.record(form, i) for i in here]
    return _walk(ctx, source, field.target or field.value.form, tuple(r.get(head) for r in rows if r), rest)


def _members(ctx: Ctx, source: RecordSource, teams: list[int]) -> tuple[int, ...]:
    table = ctx.workspace.tables["user"]
    return _active(ctx, source, ctx.connection.execute(select(table.c.id).where(table.c.team.in_(teams))).scalars().all())


def _holders(ctx: Ctx, app: str, role: str) -> list[int]:
    table = people.user_role
    query = select(table.c.user).where(table.c.app == app, table.c.role == role)
    return list(ctx.connection.execute(query).scalars())


def _active(ctx: Ctx, source: RecordSource, ids: object) -> tuple[int, ...]:
    found = {i for i in ids if (row := source.record("user", i)) and row["active"]}  # type: ignore[attr-defined]
    return tuple(sorted(found))
