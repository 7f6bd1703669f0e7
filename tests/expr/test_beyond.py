"""Beyond 10^12 every back end gives empty, and Python can say that this is why (SEMANTICS 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dougong.expr.numbers import LIMIT
from dougong.expr.to_python import evaluate
from dougong.expr.tree import Node
from tests.expr.world import Record, World, compile_, node_job, node_values, open_database, sql_values, store

BIG = [0, 1, 3, 999_999, 10**6, 10**9 + 7, 999_999_999_999, -999_999_999_999, 500_000_000_000]
DRAW = settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
LEAF = st.sampled_from(["n", "m", "price", "cost", "fine", "2", "0.5", "999999999999", "sum(lines.price)", "sum(lines, qty * 1000)"])
NUMBERS = st.recursive(
    LEAF, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "/"]), inner)
    | st.builds("({} * {})".format, st.sampled_from(["n", "m", "2", "0.5", "fine"]), inner), max_leaves=5,
)  # fmt: skip
AROUND = st.sampled_from(["{}", "first_of({}, 1)", "if({} > 3, 1, 2)", "max({}, n)", "round({}, 2)", "abs({})"])


def _record(chance: Random) -> Record:
    def money() -> str:
        return f"{chance.choice(BIG)}.{chance.randrange(100):02}"

    own = {"n": chance.choice(BIG), "m": chance.choice(BIG), "price": money(), "cost": money(), "fine": f"{chance.choice(BIG)}.500000"}
    own = {key: value for key, value in own.items() if chance.random() < 0.9}
    return Record.read({**own, "lines": [{"qty": chance.choice(BIG), "price": money()} for _ in range(chance.choice([0, 1, 2]))]})


CHANCE = Random(20260302)
WORLD = World(_record(CHANCE) for _ in range(24))


class Beyond(Exception):
    pass


def exact(node: Node, row: Any, level: list[Any]) -> Any:
    """The same sums by another way: no bounds but the one asked about, which is raised."""
    if node.op == "const":
        return node.value
    if node.op == "get":
        return level[node.args[0].value].get(node.value)
    if node.op == "aggregate":
        found = [exact(node.args[1], row, [*level, line]) for line in WORLD.children("s.thing_lines", "parent", row["id"])]
        return _kept(sum((Decimal(v) for v in found if v is not None), Decimal(0)), node)
    args = [exact(a, row, level) for a in node.args]
    if None in args or (node.op == "div" and not args[1]):
        return None
    with localcontext(prec=90):
        one, *more = (Decimal(a) for a in args)
        match node.op:
            case "add":
                out = one + more[0]
            case "sub":
                out = one - more[0]
            case "mul":
                out = one * more[0]
            case "div":
                out = one / more[0]
            case "neg":
                out = -one
            case "rescale":
                out = one
        return _kept(out, node)


def _kept(value: Decimal, node: Node) -> Decimal:
    with localcontext(prec=90):
        rounded = value.quantize(Decimal(1).scaleb(-node.type.scale), ROUND_HALF_UP)
    if abs(value) >= LIMIT or abs(rounded) >= LIMIT:
        raise Beyond
    return rounded


def noted(source: str) -> Iterator[tuple[Record, Any, bool]]:
    expr = compile_(source)
    for thing in WORLD.things:
        beyond: list[Node] = []
        yield thing, evaluate(expr, replace(WORLD.env(thing), too_large=beyond)), bool(beyond)


def test_python_notes_exactly_the_numbers_beyond_the_limit() -> None:
    tried = {True: 0, False: 0}

    def check(source: str) -> None:
        root = compile_(source).root
        for thing, value, beyond in noted(source):
            row = WORLD.rows["s.thing"][thing.id]
            try:
                expected, too_large = exact(root, row, [row]), False
            except Beyond:
                expected, too_large = None, True
            assert beyond == too_large, (source, row)
            assert too_large or value == expected, (source, row)
            tried[too_large] += 1

    DRAW(given(source=NUMBERS)(check))()
    assert min(tried.values()) > 500, tried


def test_wherever_it_stands_it_is_noted_though_something_else_comes_out() -> None:
    for source in ("first_of(n * 999999999999, 1)", "if(n * 999999999999 > 3, 1, 2)", "count(lines, qty > this.n * 999999999999)"):
        found = [(value, beyond) for thing, value, beyond in noted(source) if (thing.values.get("n") or 0) > 1 and thing.lines]
        assert found
        assert all(value is not None and beyond for value, beyond in found), source


def test_the_databases_give_empty_where_python_does(database_url: str) -> None:
    with open_database(database_url) as connection:
        store(WORLD, connection)

        def agree(inner: str, around: str) -> None:
            source = around.format(inner)
            expr = compile_(source)
            found = sql_values(expr, WORLD, connection, WORLD.things)
            assert found == [WORLD.python(expr, thing) for thing in WORLD.things], source

        DRAW(given(inner=NUMBERS, around=AROUND)(agree))()


@pytest.mark.parametrize("seed", range(2))
def test_the_browser_gives_empty_where_python_does(seed: int) -> None:
    drawn: list[str] = []
    DRAW(given(inner=NUMBERS, around=AROUND)(lambda inner, around: drawn.append(around.format(inner))))()
    chosen = Random(seed).sample(sorted(set(drawn)), 40)
    tried = [(compile_(source), thing) for source in chosen for thing in WORLD.things[::3]]
    found = node_values([node_job(e, WORLD, t) for e, t in tried], [e.type for e, _ in tried])
    wrong = [(e.source, t.values, v) for (e, t), v in zip(tried, found, strict=True) if v != WORLD.python(e, t)]
    assert wrong[:3] == []
