"""Random formulas over random records: every back end gives what Python gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings

from dougong.expr.compile import compile_expr
from dougong.expr.functions import functions
from dougong.expr.python_ground import BUILDERS
from dougong.expr.to_json import in_browser
from dougong.expr.to_python import evaluate
from dougong.expr.tree import Expr, Node
from tests.expr.grammar import ALL, formulas, random_record
from tests.expr.world import MARK, SCOPE, World, filterable, node_job, node_values, open_database, sql_values, store

EXAMPLES = 12  # of each form
ENOUGH = 200
WITH_EMPTY = 20
ZONES = ("Asia/Shanghai", "America/New_York")
ONE_FACE = frozenset({"const", "now", "today", "me", "name", "setting", "row", "old", "live", "key", "changed", "call", "list"})
"""Ops that read no field, or that have no form in SQL."""

CHANCE = Random(20260302)
WORLD = World(random_record(CHANCE) for _ in range(50))
ENVS = [WORLD.env(thing) for thing in WORLD.things]
DRAW = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for arg in node.args:
        yield from nodes(arg)


def fields(node: Node) -> list[Node]:
    """The record's own fields below a node."""
    return [n for n in nodes(node) if n.op in ("get", "children", "linked") and n.args[0].op == "row" and n.args[0].value == 0]


def tally(expr: Expr, filled: Counter[str], with_empty: Counter[str]) -> None:
    """Counts, per operator and function, over how many records it was tried with all its fields filled, and with an empty one."""
    for node in nodes(expr.root):
        name = node.value if node.op in ("call", "aggregate") else node.op
        below = [Expr("", n) for n in fields(expr.root if node.op == "everyone" else node)]
        if not below:
            continue
        for env in ENVS:
            values = [evaluate(e, env) for e in below]
            (with_empty if any(v is None or v in ((), [], False) for v in values) else filled)[name] += 1


def missing(filled: Counter[str], with_empty: Counter[str], wanted: set[str]) -> dict[str, tuple[int, int]]:
    return {w: (filled[w], with_empty[w]) for w in sorted(wanted) if filled[w] + with_empty[w] < ENOUGH or with_empty[w] < WITH_EMPTY}


def test_databases_agree_with_python(database_url: str) -> None:
    filled: Counter[str] = Counter()
    with_empty: Counter[str] = Counter()
    with open_database(database_url) as connection:
        store(WORLD, connection)

        def agree(source: str) -> None:
            expr, _ = compile_expr(source, MARK, SCOPE)
            if expr is None or not filterable(expr):  # a grammar of kinds can't know that money times money is nothing
                return
            zone = ZONES[len(source) % 2]
            found = sql_values(expr, WORLD, connection, WORLD.things, zone=zone)
            expected = [WORLD.python(expr, thing, zone=zone) for thing in WORLD.things]
            assert [(v, type(v)) for v in found] == [(v, type(v)) for v in expected], source
            tally(expr, filled, with_empty)

        for form in ALL:
            DRAW(given(source=formulas(form))(agree))()
    in_sql = {f.name for f in functions.values() if f.sql or f.postgres} | {"sum", "avg", "min", "max", "count", "count_distinct"}
    wanted = in_sql | set(BUILDERS) - ONE_FACE - {"aggregate", "move", "move_day"} - {"start_of"}
    assert missing(filled, with_empty, wanted - {"date"}) == {}


def test_the_browser_agrees_with_python() -> None:
    filled: Counter[str] = Counter()
    with_empty: Counter[str] = Counter()
    drawn: list[tuple[Expr, str]] = []

    def draw(source: str) -> None:
        expr, _ = compile_expr(source, MARK, SCOPE)
        if expr is None or not in_browser(expr):
            return
        drawn.append((expr, ZONES[len(source) % 2]))
        tally(expr, filled, with_empty)

    for form in ALL:
        DRAW(given(source=formulas(form))(draw))()
    tried = [(expr, thing, zone) for expr, zone in drawn for thing in WORLD.things[::2]]
    found = node_values([node_job(e, WORLD, t, zone=zone) for e, t, zone in tried], [e.type for e, _, _ in tried])
    wrong: list[Any] = []
    for (expr, thing, zone), value in zip(tried, found, strict=True):
        expected = WORLD.python(expr, thing, zone=zone)
        if (value, type(value)) != (expected, type(expected)):
            wrong.append((expr.source, zone, thing.values, thing.lines, expected, value))
    assert wrong[:5] == []
    elsewhere = {"everyone", "linked", "pick", "pick_one"}
    wanted = {f.name for f in functions.values() if f.js} | set(BUILDERS) - ONE_FACE - elsewhere - {"aggregate"}
    assert missing(filled, with_empty, wanted) == {}
