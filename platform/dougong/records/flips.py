"""When a kept value can next change by the clock alone (SEMANTICS 5).

Kept formulas compare a stored instant with `now` moved by a length of time. Solved for the moment at which the
comparison turns, each such pair gives an instant; the earliest one ahead is written into `flip_at`, which the
tick walks along. Recomputing a moment too often is harmless, a missed flip is not. Of many children only those are
read that stand next to turn: one seek per comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.expr.python_ground import build
from dougong.expr.sql_writer import free
from dougong.expr.to_python import Env
from dougong.expr.tree import Node
from dougong.records.graph import formulas, graph
from dougong.records.row import column_of
from dougong.records.source import environment

if TYPE_CHECKING:
    from dougong.records.draft import Draft

COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "in_range"})
OVER_RECORDS = frozenset({"where", "map", "aggregate", "pick", "pick_one"})
NEAR = 4
"""How many different values from the clock on are read: the present one may turn yet, the next ones will."""
Rows = tuple[Mapping[str, Any], ...]


def next_flip(draft: Draft) -> datetime | None:
    """The earliest instant after now at which one of the record's kept values can flip; None where none can."""
    if draft.kind == "delete":
        return None
    env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source)
    look = _Look(draft, env)
    fields = graph(draft.ctx.workspace).order[draft.form.key]
    found = (at for field in fields for formula in formulas(field) if formula.live for at in look.instants(formula.root, (draft.new,)))
    return min((at for at in found if at > draft.ctx.now), default=None)


@dataclass(frozen=True)
class _Look:
    draft: Draft
    env: Env

    def instants(self, node: Node, rows: Rows) -> Iterator[datetime]:
        if not _clocked(node):
            return
        if node.op in COMPARISONS:
            yield from _turns(node, self.env, rows)
        if node.op in OVER_RECORDS and len(node.args) > 1 and any(_clocked(a) for a in node.args[1:]):
            yield from self._over(node, rows)
        else:
            for part in node.args[1:]:
                yield from self.instants(part, rows)
        if node.args:
            yield from self.instants(node.args[0], rows)

    def _over(self, node: Node, rows: Rows) -> Iterator[datetime]:
        """Of each record that the node looks at; of own children only of those that can turn next."""
        parts = [a for a in node.args[1:] if _clocked(a)]
        near = [self._near(node, comparison) for part in parts for comparison in _comparisons(part)] if len(rows) == 1 else [None]
        if any(found is None for found in near):
            records = build(node.args[0])(self.env, rows)
        else:
            records = [{column: value} for found in near for column, values in (found or {}).items() for value in values]
            for (column, clock), record in ((pair, r) for r in records for pair in _pairs(parts) if pair[0] in r):
                yield from _turning(clock, record[column], self.env)
            return
        for row in records:
            for part in parts:
                yield from self.instants(part, (*rows, row))

    def _near(self, node: Node, comparison: Node) -> dict[str, list[Any]] | None:
        """The values, next to turn, of the children's column that stands beside the clock; None where the children must be read."""
        group, pair = _children_of(node), _pair(comparison)
        if group is None or pair is None or self.draft.kind == "create" or group.value[0] in self.draft.lines:
            return None
        column, clock = pair
        at, (_, key, via) = build(clock)(self.env, ()), group.value
        if at is None:
            return {column: []}
        form, table = self.draft.ctx.workspace.forms[key], self.draft.ctx.workspace.tables[key]
        cell, days = column_of(form, table, column), form.fields[column].value.kind == "date"
        if days:
            at = (self.env.calendar.day_of(at) if isinstance(at, datetime) else at) - timedelta(days=1)
        elif not isinstance(at, datetime):
            at = self.env.calendar.start_of(at)
        mine = select(cell).where(column_of(form, table, via) == self.draft.id, table.c.deleted_at.is_(None)).distinct()
        read = self.draft.ctx.connection.execute
        ahead = list(read(mine.where(cell >= at).order_by(cell).limit(NEAR)).scalars())
        behind = [] if days else list(read(mine.where(cell < at).order_by(cell.desc()).limit(1)).scalars())
        # A later value never turns earlier; so where the last one behind has turned, all behind it have.
        if any(turn > self.draft.ctx.now for value in behind for turn in _turning(clock, value, self.env)):
            return None
        return {column: ahead}


def _children_of(node: Node) -> Node | None:
    """The record's own children that a group comes down to."""
    group = node.args[0]
    while group.op == "where":
        group = group.args[0]
    return group if group.op == "children" and group.args[0].op == "row" and group.args[0].value == 0 else None


def _comparisons(node: Node) -> Iterator[Node]:
    """The innermost conditions that move with the clock."""
    if node.op in COMPARISONS:
        yield node
    elif node.op in OVER_RECORDS or node.op in ("now", "today"):
        yield node  # not to be solved from one column
    else:
        for arg in node.args:
            if _clocked(arg):
                yield from _comparisons(arg)


def _pairs(parts: list[Node]) -> Iterator[tuple[str, Node]]:
    for part in parts:
        for comparison in _comparisons(part):
            if (pair := _pair(comparison)) is not None:
                yield pair


def _pair(node: Node) -> tuple[str, Node] | None:
    """(the child's column, the clock's side) of a comparison that has just these."""
    if node.op not in COMPARISONS - {"in_range"}:
        return None
    clock, stored = node.args if _clocked(node.args[0]) else reversed(node.args)
    while stored.op in ("start_of", "day_of"):
        stored = stored.args[0]
    own = stored.op == "get" and stored.args[0].op == "row" and stored.args[0].value == 1 and stored.type.kind in ("date", "datetime")
    return (stored.value, clock) if own and free(clock) else None


def _turns(node: Node, env: Env, rows: Rows) -> Iterator[datetime]:
    """At and right after the instant at which the clock's side meets the stored one: that serves < and <= alike."""
    clock, stored = node.args if _clocked(node.args[0]) else reversed(node.args)
    if _clocked(stored):
        return
    value = build(stored)(env, rows)
    for at in value if isinstance(value, tuple) else (value,):
        yield from _turning(clock, at, env)


def _turning(clock: Node, at: Any, env: Env) -> Iterator[datetime]:
    """A plain day, or an instant compared by its day, turns as it begins and as it ends."""
    if isinstance(at, datetime):
        turn = _solved(clock, at, env)
        yield turn
        yield turn + timedelta(milliseconds=1)
        if clock.type.kind != "date":
            return
        at = env.calendar.day_of(at)
    if isinstance(at, date):
        turn = _solved(clock, env.calendar.start_of(at), env)
        yield turn
        yield env.calendar.start_of(env.calendar.day_of(turn) + timedelta(days=1))


def _solved(clock: Node, at: datetime, env: Env) -> datetime:
    """The `now` for which `clock` equals `at`: every move along the way is taken back."""
    if clock.op in ("move", "move_day"):
        span = build(clock.args[1])(env, ())
        return _solved(clock.args[0], env.calendar.plus(at, -span), env)
    return _solved(clock.args[0], at, env) if clock.op in ("start_of", "day_of") else at


def _clocked(node: Node) -> bool:
    return node.op in ("now", "today") or any(_clocked(a) for a in node.args)
