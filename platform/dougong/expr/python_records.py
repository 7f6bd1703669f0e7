"""Records in Python: fields over links, groups of records, what is counted and added up over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dougong.expr import numbers
from dougong.expr.python_ground import Env, Row, Rows, Run, build, builds, nothing, operands
from dougong.expr.tree import Node


def _row_of(node: Node) -> Callable[[Env, Rows], Row | None]:
    """The record that `node` stands for, as a row."""
    if node.op == "row":
        level = node.value
        return lambda env, rows: rows[level]
    if node.op == "old":
        return lambda env, rows: env.old
    form, id_ = node.type.form, build(node)

    def fetch(env: Env, rows: Rows) -> Row | None:
        found = id_(env, rows)
        if found is None or isinstance(found, Mapping):  # an extra name may stand for a record that isn't saved yet
            return found
        return env.source.record(form, found)

    return fetch


@builds("get", "live")
def get(node: Node) -> Run:
    name, empty = node.value, nothing(node.type)
    if node.args[0].op == "row":
        level = node.args[0].value

        def own(env: Env, rows: Rows) -> Any:
            value = rows[level].get(name)
            return empty if value is None else value

        return own
    owner = _row_of(node.args[0])

    def get(env: Env, rows: Rows) -> Any:
        row = owner(env, rows)
        value = None if row is None else row.get(name)
        return empty if value is None else value

    return get


@builds("row", "old")
def record_id(node: Node) -> Run:
    row = _row_of(node)

    def id_(env: Env, rows: Rows) -> Any:
        found = row(env, rows)
        return None if found is None else found.get("id")

    return id_


@builds("children")
def children(node: Node) -> Run:
    (_, form, via), parent = node.value, build(node.args[0])

    def children(env: Env, rows: Rows) -> Sequence[Row]:
        id = parent(env, rows)
        return () if id is None else env.source.children(form, via, id)

    return children


@builds("linked")
def linked(node: Node) -> Run:
    (name, form), owner = node.value, build(node.args[0])

    def linked(env: Env, rows: Rows) -> Sequence[Row]:
        id = owner(env, rows)
        return () if id is None else env.source.linked(form, name, id)

    return linked


@builds("where")
def where(node: Node) -> Run:
    many, holds = operands(node)
    return lambda env, rows: [row for row in many(env, rows) if holds(env, (*rows, row))]


@builds("pick")
def pick(node: Node) -> Run:
    many, order = operands(node)
    which, count = node.value

    def pick(env: Env, rows: Rows) -> list[Row]:
        keyed = [(order(env, (*rows, row)), row) for row in many(env, rows)]
        if which == "last":
            ordered = sorted(keyed, key=lambda pair: (pair[0] is not None, _sortable(pair[0]), pair[1]["id"]))[-count:]
        else:
            ordered = sorted(keyed, key=lambda pair: (pair[0] is None, _sortable(pair[0]), pair[1]["id"]))[:count]
        return [row for _, row in ordered]

    return pick


def _sortable(value: Any) -> Any:
    return 0 if value is None else value


@builds("pick_one")
def pick_one(node: Node) -> Run:
    picked = pick(node)

    def one(env: Env, rows: Rows) -> Any:
        found = picked(env, rows)
        return found[0]["id"] if found else None

    return one


@builds("map")
def mapped(node: Node) -> Run:
    many, value = operands(node)

    def values(env: Env, rows: Rows) -> tuple[Any, ...]:
        found = (value(env, (*rows, row)) for row in many(env, rows))
        return tuple(sorted({v for v in found if v is not None}))

    return values


@builds("aggregate")
def aggregate(node: Node) -> Run:
    many = build(node.args[0])
    if len(node.args) == 1:
        return lambda env, rows: len(many(env, rows))
    value, scale, fold = build(node.args[1]), node.type.scale, AGGREGATES[node.value]

    def aggregate(env: Env, rows: Rows) -> Any:
        values = [v for row in many(env, rows) if (v := value(env, (*rows, row))) is not None]
        found = fold(values, scale)
        if found is None and values:
            env.beyond(node)
        return found

    return aggregate


def _sum(values: Iterable[numbers.Number], scale: int) -> Any:
    return numbers.fit(numbers.from_scaled(sum(numbers.to_scaled(v, scale) or 0 for v in values), scale), scale)


def _avg(values: list[numbers.Number], scale: int) -> Any:
    return numbers.div(numbers.from_scaled(sum(numbers.to_scaled(v, 6) or 0 for v in values), 6) or 0, len(values), scale)


AGGREGATES: dict[str, Callable[[list[Any], int], Any]] = {
    "sum": _sum,
    "avg": _avg,
    "min": lambda values, scale: min(values, default=None),
    "max": lambda values, scale: max(values, default=None),
    "count_distinct": lambda values, scale: len(set(values)),
}


@builds("everyone")
def everyone(node: Node) -> Run:
    return lambda env, rows: env.source.everyone(node.value)
