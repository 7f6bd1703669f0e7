"""Changes too large for one transaction (SEMANTICS 10): new values grow beside the present ones in batches, and take their place at once.

Meanwhile the earlier definition answers, and the forms concerned can only be read, so that nothing worked out already goes stale.
What a change of this kind writes stands in the ledger as a whole, not in each record's history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, MetaData, bindparam, func, inspect, select, update

from dougong.context import SYSTEM, Ctx
from dougong.fields.base import field_types
from dougong.records import compute, flips
from dougong.records.draft import Draft
from dougong.records.graph import Graph, formulas, graph
from dougong.records.row import from_row, to_row
from dougong.records.source import RecordSource, Row, environment
from dougong.runtime import Runtime
from dougong.spec.app import Workspace
from dougong.spec.form import Field, Form
from dougong.sqltypes import Instant
from dougong.store import staged, system
from dougong.store.apply import Applied, PlanRefused, apply_within
from dougong.store.changes.restore_field import RestoreField
from dougong.store.changes.restore_form import RestoreForm
from dougong.store.changes.retype_field import RetypeField
from dougong.store.engine import Outdated
from dougong.store.ledger import Release
from dougong.store.moves import Retype, moves
from dougong.store.plan import Plan, make_plan
from dougong.store.staged import FLIP, Reach, Staged, shadow
from dougong.store.tables import all_fields, build_tables, column_names, is_junction, stored_columns

BATCH = 1_000
Told = Callable[[str, int, int], None]
"""(what is being done, done, of)."""


def is_large(plan: Plan, at_once: int) -> bool:
    """Whether a change of it writes into more than `at_once` rows."""
    return any(change.written > at_once for change in plan.changes)


def begin(runtime: Runtime, plan: Plan, release: Release, *, kind: str, who: str, accept: Sequence[str]) -> None:
    """From here on it is under way, whatever happens to this process. Raises PlanRefused, Outdated."""
    with runtime.store.exclusive() as connection:
        fresh = make_plan(connection, plan.aim)
        if fresh.revision != plan.revision or staged.read(connection) is not None:
            raise Outdated(fresh.revision)
        if refused := fresh.refused(accept):
            raise PlanRefused(refused)
        ahead = Ahead.of(connection, fresh, runtime.workspace())
        forms = {}
        for key, fields in ahead.fields.items():
            table = ahead.workspace.tables[key]
            staged.add_shadows(connection, table, ahead.shadows(key))
            forms[key] = Reach(tuple(fields), connection.execute(select(func.count()).select_from(table)).scalar_one())
        forms |= {key: Reach((), 0) for key in ahead.looked_at() if key not in forms}
        staged.begin(connection, release, kind=kind, who=who, now=runtime.clock.now(), accept=accept, forms=forms)
    runtime.store.renew()


def under_way(runtime: Runtime) -> Staged | None:
    with runtime.store.read() as connection:
        return staged.read(connection)


def fill(runtime: Runtime, plan: Plan, told: Told) -> None:
    """Goes on where it was left off, until every row has its new values. `plan` is that of the staged release, made now."""
    with runtime.store.read() as connection:
        ahead = Ahead.of(connection, plan, runtime.workspace())
    for key in ahead.fields:
        more = True
        while more:
            with runtime.transaction(SYSTEM, "upgrade") as ctx:
                now = staged.read(ctx.connection, lock=True)
                if now is None:
                    return
                reach, more = _batch(replace(ctx, workspace=ahead.workspace), ahead, key, now.forms[key])
                staged.reached(ctx.connection, now, key, reach)
            told(key, reach.done, reach.of)


def abandon(runtime: Runtime) -> None:
    """What can't be seen through any more is as if it had never begun: the earlier definition still stands."""
    with runtime.store.exclusive() as connection:
        staged.clear(connection)
        system.bump_revision(connection)


def finish(runtime: Runtime, plan: Plan) -> Applied | None:
    """The new definition answers from here on; None where another process was quicker."""
    with runtime.store.exclusive() as connection:
        now = staged.read(connection)
        if now is None:
            return None
        staged.clear(connection)
        applied = apply_within(
            connection, plan, now.release, kind=now.kind, who=now.who, now=runtime.clock.now(), accept=now.accept,
            ahead={key: reach.columns for key, reach in now.forms.items()},
        )  # fmt: skip
    runtime.store.renew()
    return applied


@dataclass(frozen=True)
class Ahead:
    """What is worked out beforehand. `workspace` has the forms as they will be, standing on what is there now and on the shadows.

    `fields`: by form key, those that read no other's new values first, the ids whose values are new, `flip_at` among them.
    `lacking` are tables and junctions, by key, that do not exist yet.
    """

    workspace: Workspace
    fields: Mapping[str, tuple[str, ...]]
    retypes: Mapping[str, Mapping[str, Retype]]
    lacking: frozenset[str]

    @classmethod
    def of(cls, connection: Connection, plan: Plan, workspace: Workspace) -> Ahead:
        draft = replace(workspace, forms=plan.forms)
        fields, retypes = _wanted(plan, graph(draft)), _retypes(plan)
        there = {name: {str(c["name"]) for c in inspect(connection).get_columns(name)} for name in inspect(connection).get_table_names()}
        forms = {key: _standing(form, plan, fields.get(key, ()), there) for key, form in plan.forms.items()}
        tables = build_tables(forms, field_types, MetaData())
        for key, ids in fields.items():
            if FLIP in ids:
                tables[key].append_column(Column(shadow(FLIP), Instant))
        lacking = frozenset(key for key, table in tables.items() if table.name not in there)
        return cls(replace(workspace, forms=forms, tables=tables), fields, retypes, lacking)

    def shadows(self, key: str) -> list[str]:
        form = self.workspace.forms[key]
        own = [name for id in self.fields[key] if id != FLIP for name in column_names(all_fields(form)[id], field_types)]
        return [*own, *([shadow(FLIP)] if FLIP in self.fields[key] else [])]

    def looked_at(self) -> set[str]:
        """Forms whose records the new values come from: one written meanwhile would make them stale."""
        links = graph(self.workspace).upkeep
        new = {(key, id) for key, ids in self.fields.items() for id in ids}
        return {key for key, rules in links.items() if any((rule.parent, id) in new for rule in rules for id in rule.fields)}


def _wanted(plan: Plan, links: Graph) -> dict[str, tuple[str, ...]]:
    """Fields that get values: all kept ones of a form in which one is worked out anew, and of those above that look at them."""
    retyped: dict[str, list[str]] = {}
    for change in plan.changes:
        if isinstance(change, RetypeField) and change.written and not change.field.computed:
            retyped.setdefault(change.form.key, []).append(change.field.id)
    computed: dict[str, tuple[Field, ...]] = {}
    waiting = [key for key in plan.fills if links.order[key]]
    while waiting:
        key = waiting.pop(0)
        computed.pop(key, None)  # once more behind what it reads
        computed[key] = links.order[key]
        new = {f.id for f in links.order[key]}
        waiting += [rule.parent for rule in links.upkeep.get(key, ()) if rule.parent != key and rule.reads & new]
    out = {key: tuple(ids) for key, ids in retyped.items() if key not in computed}
    for key, fields in computed.items():
        live = any(formula.live for f in fields for formula in formulas(f))
        out[key] = (*retyped.get(key, ()), *(f.id for f in fields), *((FLIP,) if live else ()))
    return out


def _retypes(plan: Plan) -> dict[str, dict[str, Retype]]:
    out: dict[str, dict[str, Retype]] = {}
    for c in plan.changes:
        if isinstance(c, RetypeField) and c.written and c.old is not None and not c.field.computed:
            back = c.returning.column if c.returning else ""
            retype = Retype(c.form.table, c.old, c.field, c.key_.column, plan.aim.types, plan.aim.locale, back)
            out.setdefault(c.form.key, {})[c.field.id] = retype
    return out


def _standing(form: Form, plan: Plan, ahead: Sequence[str], there: Mapping[str, set[str]]) -> Form:
    """The form with the fields that can be read before the apply: under their shadows, where they are set aside, or as they are."""
    changes = [c for c in plan.changes if c.form.key == form.key]
    asides = {c.field.id: c.key_.column for c in changes if isinstance(c, RestoreField)}
    table = next((c.own.table for c in changes if isinstance(c, RestoreForm)), form.table)
    fields = {}
    for id, field in form.fields.items():
        named = replace(field, key=shadow(field.key) if id in ahead else asides.get(id, field.key))
        if id in ahead or set(column_names(named, field_types)) <= there.get(table, set()):
            fields[id] = named
    return replace(form, table=table, fields=fields)


class _Source(RecordSource):
    """What doesn't exist yet has no records."""

    def __init__(self, ctx: Ctx, lacking: frozenset[str]) -> None:
        super().__init__(ctx)
        self._lacking = lacking

    def linked(self, form: str, field: str, id: int) -> Sequence[Row]:
        return () if f"{form}.{field}" in self._lacking else super().linked(form, field, id)

    def _rows(self, form_key: str, where: ColumnElement[bool]) -> list[Row]:
        return [] if form_key in self._lacking else super()._rows(form_key, where)


def _batch(ctx: Ctx, ahead: Ahead, key: str, reach: Reach) -> tuple[Reach, bool]:
    """The next rows of a form; how far it is then, and whether there may be more."""
    table, write = ctx.workspace.tables[key], ctx.connection.execute
    ids = list(write(select(table.c.id).where(table.c.id > reach.after).order_by(table.c.id).limit(BATCH)).scalars())
    if not ids:
        return reach, False
    if retypes := ahead.retypes.get(key, {}):
        _write(ctx, key, _converted(ctx, key, retypes, ids, reach.after))
    computed = [id for id in ahead.fields[key] if id not in retypes]
    if computed:
        _write(ctx, key, _computed(ctx, ahead, key, ids, computed))
    return replace(reach, after=ids[-1], done=reach.done + len(ids)), len(ids) == BATCH


def _converted(ctx: Ctx, key: str, retypes: Mapping[str, Retype], ids: Sequence[int], after: int) -> Iterator[dict[str, Any]]:
    form = ctx.workspace.forms[key]
    said = {
        id: {m.id: None if m.fate == "lost" else m.value for m in moves(ctx.connection, retype, after, ids[-1])}
        for id, retype in retypes.items()
    }  # fmt: skip
    for row in ids:
        out: dict[str, Any] = {"row": row}
        for id, found in said.items():
            value, field = found.get(row), form.fields[id]
            names = column_names(field, field_types)
            empty = tuple(False if field.value.kind == "yes_no" else None for _ in stored_columns(field, field_types))
            cells = empty if value is None else field_types[field.type].to_columns(field, value)
            out |= {f"v_{name}": cell for name, cell in zip(names, cells, strict=True)}
        yield out


def _computed(ctx: Ctx, ahead: Ahead, key: str, ids: Sequence[int], wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Worked out over all rows, live ones only: a deleted one is when it is restored."""
    form, table, source = ctx.workspace.forms[key], ctx.workspace.tables[key], _Source(ctx, ahead.lacking)
    names, order = list(table.c.keys()), graph(ctx.workspace).order[key]
    for field in form.fields.values():
        if field.value.kind == "records" and field.via and field.target not in ahead.lacking and not is_junction(field, field_types):
            source.fetch_children(field.target, field.via, ids)
    for cells in ctx.connection.execute(select(table).where(table.c.id.in_(ids), table.c.deleted_at.is_(None))):
        row = from_row(form, dict(zip(names, cells, strict=True)))
        for field in order:
            row[field.id] = compute.computed(field, environment(ctx, key, row, source=source))
        out = to_row(form, row, [id for id in wanted if id != FLIP])
        if FLIP in wanted:
            out[shadow(FLIP)] = flips.next_flip(Draft(ctx, form, "create", source, row, id=row["id"]))
        yield {"row": row["id"], **{f"v_{name}": value for name, value in out.items()}}


def _write(ctx: Ctx, key: str, rows: Iterator[dict[str, Any]]) -> None:
    if found := list(rows):
        table = ctx.workspace.tables[key]
        values: dict[str, Any] = {name[2:]: bindparam(name) for name in found[0] if name != "row"}
        ctx.connection.execute(update(table).where(table.c.id == bindparam("row")).values(values), found)
