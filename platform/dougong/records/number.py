"""Numbers of serial fields: made last, so that a failed save takes none (SEMANTICS 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlalchemy import Column, Integer, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from dougong.context import Ctx
from dougong.expr.to_python import render
from dougong.expr.tree import Expr, Node
from dougong.records.draft import Draft
from dougong.records.row import column_of
from dougong.records.source import environment
from dougong.spec.form import Field
from dougong.store.system import metadata

sequence_table = Table(
    "dg_sequence",
    metadata,
    Column("form", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)


def number(draft: Draft) -> None:
    """Fills every serial field that is still empty. One that counts, and one that is `once`, never changes afterwards."""
    number_many([draft])


def number_many(drafts: Sequence[Draft]) -> None:
    """For records of one form: each period's numbers are taken as one block (SEMANTICS 7)."""
    for field in drafts[0].form.fields.values():
        template = field.value_template
        if template is None:
            continue
        formulas = [part for part in template.parts if isinstance(part, Expr)]
        counts = any(_counts(formula.root) for formula in formulas)
        waiting = [d for d in drafts if d.new.get(field.id) is None or (not (counts or field.once) and _follows(d, formulas))]
        given = set[str]()
        for draft, n in _numbered(field, waiting) if counts else ((d, 0) for d in waiting):
            text = _render(draft, field, n)
            if not text or text == draft.new.get(field.id):
                continue
            if field.options.get("on_clash") == "suffix":
                text = _free(draft, field, text, given)
            elif not counts and (text in given or _taken(draft, field, text)):
                draft.refuse("number-taken", field, number=text)
            draft.new[field.id] = text
            given.add(text)


def _numbered(field: Field, drafts: Sequence[Draft]) -> Iterator[tuple[Draft, int]]:
    """Each with the next number of its period; the period is the text around `n`."""
    periods: dict[str, list[Draft]] = {}
    for draft in drafts:
        periods.setdefault(_render(draft, field, 0), []).append(draft)
    for period, members in periods.items():
        first = take(members[0].ctx, members[0].form.key, field.id, period, len(members))
        yield from zip(members, range(first, first + len(members)), strict=True)


def take(ctx: Ctx, form: str, field: str, period: str, count: int = 1) -> int:
    """The first of `count` numbers in a row; the sequence's row stays locked until the save ends."""
    insert = (postgresql if ctx.connection.dialect.name == "postgresql" else sqlite).insert(sequence_table)
    taken = insert.values(form=form, field=field, period=period, last=count)
    taken = taken.on_conflict_do_update(
        index_elements=["form", "field", "period"], set_={"last": sequence_table.c.last + count}
    )
    return int(ctx.connection.execute(taken.returning(sequence_table.c.last)).scalar_one()) - count + 1


def _counts(node: Node) -> bool:
    return (node.op == "name" and node.value == "n") or any(_counts(a) for a in node.args)


def _render(draft: Draft, field: Field, n: int) -> str:
    assert field.value_template is not None
    env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source, names={"n": n})
    return str(render(field.value_template, env, lambda value, type_: "" if value is None else str(value)))


def _follows(draft: Draft, formulas: Iterable[Expr]) -> bool:
    """Whether the number is made from a field that this save changed."""
    return draft.old is not None and any(path and path[0] in draft.changed for formula in formulas for path in formula.reads)


def _free(draft: Draft, field: Field, text: str, given: Collection[str]) -> str:
    """Adds a digit until no other record has the number, nor one of `given`."""
    candidate, attempt = text, 1
    while candidate in given or _taken(draft, field, candidate):
        attempt += 1
        candidate = f"{text}-{attempt}"
    return candidate


def _taken(draft: Draft, field: Field, text: str) -> bool:
    """Deleted records keep their numbers."""
    table = draft.ctx.workspace.tables[draft.form.key]
    query = select(table.c.id).where(column_of(draft.form, table, field.id) == text, table.c.id != (draft.id or 0)).limit(1)
    return draft.ctx.connection.execute(query).first() is not None
