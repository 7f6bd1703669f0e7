"""References as people write them, turned into ids with the reader's rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from dougong.context import Ctx
from dougong.fields.base import Reference, Refused
from dougong.people import tables as people
from dougong.records import rights
from dougong.records.present import askable
from dougong.records.row import column_of, has_columns
from dougong.spec.form import Field, Form
from dougong.store.search import batched

Found = Mapping[Reference, tuple[int, ...]]
"""The live records that a reference can mean, at most two of them."""


def look_up(ctx: Ctx, field: Field, reference: Reference, known: Found | None = None) -> int:
    """The id of the one live record meant. Raises Refused `reference-not-found`, `reference-not-clear`; unseen is unknown.

    `known` are those of a whole batch, read beforehand by `look_up_many`.
    """
    found = known[reference] if known is not None and reference in known else look_up_many(ctx, field, [reference])[reference]
    if not found:
        raise Refused("reference-not-found", words=reference.words or reference.uid)
    if len(found) > 1:
        raise Refused("reference-not-clear", words=reference.words)
    return found[0]


def look_up_many(ctx: Ctx, field: Field, references: Sequence[Reference]) -> dict[Reference, tuple[int, ...]]:
    """One query per way of naming a record, however many references there are."""
    target = target_of(field)
    form, table = ctx.workspace.forms[target], ctx.workspace.tables[target]
    ids: dict[Reference, set[int]] = {reference: set() for reference in references}
    alive = (table.c.deleted_at.is_(None), rights.where(ctx, target, table))
    by_uid = [r.uid for r in references if r.uid]
    by_words = [r.words for r in references if r.words]
    ways = [("uid", table.c.uid, by_uid), *(("words", column_of(form, table, name), by_words) for name in naming(ctx, form))]
    for name, column, wanted in ways:
        for part in batched(wanted):
            for written, id in ctx.connection.execute(select(column, table.c.id).where(column.in_(part), *alive)):
                ids[Reference(**{name: written})].add(int(id))
    if form.key == "user":
        for part in batched(by_words):
            logins = select(people.login.c.name, table.c.id).join(table, table.c.id == people.login.c.user)
            query = logins.where(people.login.c.name.in_(part), *alive)
            for written, id in ctx.connection.execute(query):
                ids[Reference(words=written)].add(int(id))
    return {reference: tuple(sorted(found)[:2]) for reference, found in ids.items()}


def title_field(form: Form) -> str:
    """The one field of its own that the form's title is, else ''."""
    single = form.title.single
    paths = single.reads if single is not None else frozenset()
    return next((path[0] for path in paths if len(path) == 1), "") if len(paths) == 1 else ""


def target_of(field: Field) -> str:
    """The form whose records the field names."""
    return field.target or field.value.form or (field.value.of.form if field.value.of else "")


def uid_of(ctx: Ctx, form: str, id: int) -> str:
    """The outside name of a record; '' where it is gone."""
    table = ctx.workspace.tables[form]
    return ctx.connection.execute(select(table.c.uid).where(table.c.id == id)).scalar() or ""


def uids(ctx: Ctx, form: str, ids: set[int]) -> Mapping[int, str]:
    table = ctx.workspace.tables[form]
    return {key: value for key, value in ctx.connection.execute(select(table.c.id, table.c.uid).where(table.c.id.in_(ids)))} if ids else {}


def naming(ctx: Ctx, form: Form) -> tuple[str, ...]:
    """Fields that name a record: unique ones, numbers, the one its title is made of, or failing that the first one that is searched."""
    fields = [f for f in form.fields.values() if f.value.kind == "text" and has_columns(f) and not f.system and askable(ctx, form, f)]
    title = title_field(form)
    known = [f.id for f in fields if f.unique or f.value_template is not None or f.id == title] or [f.id for f in fields if f.search][:1]
    return tuple(known or [f.id for f in fields[:1]])
