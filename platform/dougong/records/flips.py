"""When a kept value can next change by the clock alone (SEMANTICS 5).

Kept formulas compare a stored instant with `now` moved by a length of time. Solved for the moment at which the
comparison turns, each such pair gives an instant; the earliest one ahead is written into `flip_at`, which the
tick walks along. Recomputing a moment too often is harmless, a missed flip is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dougong.expr.to_python import Env, build
from dougong.expr.tree import Node
from dougong.records.graph import formulas, graph
from dougong.records.source import environment

if TYPE_CHECKING:
    from dougong.records.draft import Draft

COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "in_range"})
OVER_RECORDS = frozenset({"where", "map", "aggregate", "pick", "pick_one"})
Rows = tuple[Mapping[str, Any], ...]


def next_flip(draft: Draft) -> datetime | None:
    """The earliest instant after now at which one of the record's kept values can flip; None where none can."""
    if draft.kind == "delete":
        return None
    env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source)
    fields = graph(draft.ctx.workspace).order[draft.form.key]
    found = (at for field in fields for formula in formulas(field) if formula.live for at in _instants(formula.root, env, (draft.new,)))
    return min((at for at in found if at > draft.ctx.now), default=None)


def _instants(node: Node, env: Env, rows: Rows) -> Iterator[datetime]:
    if not _clocked(node):
        return
    if node.op in COMPARISONS:
        yield from _turns(node, env, rows)
    if node.op in OVER_RECORDS and len(node.args) > 1 and any(_clocked(a) for a in node.args[1:]):
        for row in build(node.args[0])(env, rows):
            for part in node.args[1:]:
                yield from _instants(part, env, (*rows, row))
    else:
        for part in node.args[1:]:
            yield from _instants(part, env, rows)
    if node.args:
        yield from _instants(node.args[0], env, rows)


def _turns(node: Node, env: Env, rows: Rows) -> Iterator[datetime]:
    """At and right after the instant at which the clock's side meets the stored one: that serves < and <= alike."""
    clock, stored = node.args if _clocked(node.args[0]) else reversed(node.args)
    if _clocked(stored):
        return
    value = build(stored)(env, rows)
    for at in value if isinstance(value, tuple) else (value,):
        if isinstance(at, datetime):
            turn = _solved(clock, at, env)
            yield turn
            yield turn + timedelta(milliseconds=1)
        elif isinstance(at, date):
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
