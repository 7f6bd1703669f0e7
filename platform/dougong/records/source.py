"""Where formulas find other records: the database, through one small cache per transaction step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, select, true

from dougong.context import Ctx
from dougong.expr.sqlscope import SqlScope
from dougong.expr.to_python import Env
from dougong.records.row import column_of, from_row
from dougong.spec.form import Form
from dougong.store import prepared

Row = Mapping[str, Any]
UNSAVED = 0
"""The id of a record that has none yet, so that formulas can reach its lines before they are written. Its new lines stand below it."""


class RecordSource:
    """Live rows only. `visible` limits every hop to the rows that a reader may see, `reads` their values to those he may read;
    without them all is read, as computing does (SEMANTICS 11)."""

    def __init__(
        self, ctx: Ctx, visible: Callable[[str, Any], ColumnElement[bool]] | None = None, reads: Callable[[Form, Row], Row] | None = None
    ) -> None:
        self._ctx = ctx
        self._visible = visible
        self._reads = reads
        self._records: dict[tuple[str, int], Row | None] = {}
        self._overlays: dict[tuple[str, str, int], Sequence[Row]] = {}
        self._links: dict[tuple[str, str, int], Sequence[int]] = {}
        self._apart: tuple[str, int] | None = None

    def record(self, form: str, id: int) -> Row | None:
        if (form, id) not in self._records:
            rows = self._of_ids(form, [id])
            self._records[form, id] = rows[0] if rows else None
        return self._records[form, id]

    def apart(self, form: str, id: int) -> RecordSource:
        """The same, but many records never hold this one: a rule about others is not about the record itself, new or not."""
        out = copy(self)
        out._apart = form, id
        return out

    def fetch(self, form: str, ids: Sequence[int]) -> None:
        """Reads many at once what `record` would read one by one."""
        wanted = [id for id in ids if (form, id) not in self._records]
        if not wanted:
            return
        found = {row["id"]: row for row in self._of_ids(form, wanted)}
        self._records.update({(form, id): found.get(id) for id in wanted})

    def children(self, form: str, via: str, parent: int) -> Sequence[Row]:
        if (form, via, parent) in self._overlays:
            return self._overlays[form, via, parent]
        if parent <= UNSAVED:
            return ()
        table = self._ctx.workspace.tables[form]
        return self._rows(form, column_of(self._ctx.workspace.forms[form], table, via) == parent)

    def fetch_children(self, form: str, via: str, parents: Sequence[int]) -> None:
        """Reads at once what `children` would read parent by parent."""
        of: dict[int, list[Row]] = {parent: [] for parent in parents}
        table = self._ctx.workspace.tables[form]
        for row in self._rows(form, column_of(self._ctx.workspace.forms[form], table, via).in_(parents)):
            of[row[via]].append(row)
        self._overlays.update({(form, via, parent): rows for parent, rows in of.items()})

    def linked(self, form: str, field: str, id: int) -> Sequence[Row]:
        target = self._ctx.workspace.forms[form].fields[field].target
        if (form, field, id) in self._links:
            return self._rows(target, self._ctx.workspace.tables[target].c.id.in_(self._links[form, field, id]))
        junction = self._ctx.workspace.tables[f"{form}.{field}"]
        ids = select(junction.c.target).where(junction.c.source == id)
        return self._rows(target, self._ctx.workspace.tables[target].c.id.in_(ids))

    def everyone(self, form: str) -> Sequence[Row]:
        return self._rows(form, true())

    def pretend(self, form: str, id: int, row: Row) -> None:
        """The record as it will be, for formulas of its lines."""
        self._records[form, id] = row

    def overlay(self, form: str, via: str, parent: int, rows: Sequence[Row]) -> None:
        """Rows of a child form as they will be: formulas read them before they are written."""
        self._overlays[form, via, parent] = rows

    def overlay_links(self, form: str, field: str, id: int, targets: Sequence[int]) -> None:
        """The same for a field that leads to many."""
        self._links[form, field, id] = targets

    def drop_overlays(self) -> None:
        self._overlays.clear()
        self._links.clear()

    def forget(self, form: str, id: int) -> None:
        """After a write, so that the next read sees it."""
        self._records.pop((form, id), None)

    def _of_ids(self, form_key: str, ids: Sequence[int]) -> list[Row]:
        table = self._ctx.workspace.tables[form_key]
        if self._visible is not None or self._reads is not None or self._apart is not None:
            return self._rows(form_key, table.c.id.in_(ids))
        return _decoded(self._ctx, form_key, self._ctx.connection.execute(prepared.live(table), {"at_ids": ids}))

    def _rows(self, form_key: str, where: ColumnElement[bool]) -> list[Row]:
        table = self._ctx.workspace.tables[form_key]
        query = select(table).where(where, table.c.deleted_at.is_(None)).order_by(table.c.id)
        if self._visible is not None:
            query = query.where(self._visible(form_key, table))
        if self._apart is not None and self._apart[0] == form_key:
            query = query.where(table.c.id != self._apart[1])
        rows = _decoded(self._ctx, form_key, self._ctx.connection.execute(query))
        return rows if self._reads is None else [self._reads(self._ctx.workspace.forms[form_key], row) for row in rows]


def _decoded(ctx: Ctx, form_key: str, found: Iterable[Any]) -> list[Row]:
    form, keys = ctx.workspace.forms[form_key], list(ctx.workspace.tables[form_key].c.keys())
    return [from_row(form, dict(zip(keys, row, strict=True))) for row in found]


def environment(
    ctx: Ctx, form: str, row: Row, *, source: RecordSource | None = None, old: Row | None = None, names: Mapping[str, Any] | None = None
) -> Env:
    """What a formula standing on `row` sees."""
    app = ctx.workspace.forms[form].app if form else ctx.actor.app
    return Env(
        form=form,
        row=row,
        source=source or RecordSource(ctx),
        now=ctx.now,
        calendar=ctx.workspace.calendar,
        old=old,
        me=ctx.actor.user,
        names=names or {},
        settings=ctx.workspace.settings.get(app, {}),
        key=ctx.workspace.key,
    )


def read_in(ctx: Ctx, env: Env) -> Env:
    """The same for a text that somebody reads: options are called as in the language of `ctx`."""

    def words(form: str, field: str, option: str) -> str:
        return ctx.workspace.forms[form].fields[field].choices[option].name.in_(ctx.locale)

    return replace(env, words=words)


def sql_scope(ctx: Ctx, form: str, row: Any, names: Mapping[str, Any] | None = None) -> SqlScope:
    """The same for a formula that becomes SQL; `row` is the table or alias it stands on."""
    return SqlScope(
        tables=ctx.workspace.tables,
        forms=ctx.workspace.forms,
        form=form,
        row=row,
        dialect=ctx.connection.dialect.name,
        env=environment(ctx, form, {}, names=names),
    )
