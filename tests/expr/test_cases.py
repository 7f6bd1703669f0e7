"""One table of cases; every back end gives the same answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import yaml

from dougong.expr.to_json import in_browser
from dougong.expr.to_python import evaluate
from dougong.expr.tree import Expr
from dougong.expr.types import record
from dougong.expr.values import decode
from tests.expr.world import (
    HERE,
    NOTE,
    SCOPE,
    THING,
    Record,
    World,
    compile_,
    filterable,
    node_job,
    node_values,
    open_database,
    sql_values,
    store,
)


@dataclass(frozen=True)
class Case:
    source: str
    record: Record
    expected: Any
    around: dict[str, Any]
    expr: Expr

    def __str__(self) -> str:
        return self.source


def read() -> list[Case]:
    out = []
    for line in yaml.safe_load((HERE / "cases.yaml").read_text("utf-8")):
        case = dict(zip(("e", "row", "is"), line, strict=True)) if isinstance(line, list) else dict(line)
        around = {k: case[k] for k in ("zone", "me") if k in case}
        if "old" in case:
            around["old"] = {"id": 0, **{k: decode(v, THING.members[k].type) for k, v in case["old"].items()}}
        expr = compile_(case["e"], replace(SCOPE, old="old" in case))
        out.append(Case(case["e"], Record.read(case["row"]), decode(case["is"], expr.type), around, expr))
    return out


CASES = read()
WORLD = World(c.record for c in CASES)


def test_the_table_is_large_enough_and_reaches_every_back_end() -> None:
    assert len(CASES) >= 150
    assert sum(filterable(c.expr) for c in CASES) >= 150
    assert sum(in_browser(c.expr) for c in CASES) >= 150


@pytest.mark.parametrize("case", CASES, ids=str)
def test_python_gives_the_expected_value(case: Case) -> None:
    value = WORLD.python(case.expr, case.record, **case.around)
    assert (value, type(value)) == (case.expected, type(case.expected))


def test_an_extra_name_may_be_a_record_that_is_not_saved_yet() -> None:
    note = replace(SCOPE, form=NOTE, names={"this": record("s.thing")})
    expr = compile_("size <= this.n and this.owner.name == '王芳'", note)
    env = replace(WORLD.env(WORLD.things[0]), row={"id": 1, "size": 3}, names={"this": {"n": 3, "owner": 1}})
    assert evaluate(expr, env)
    assert not evaluate(expr, replace(env, names={"this": {"n": 2, "owner": 1}}))
    assert not evaluate(expr, replace(env, names={}))


def test_the_databases_give_the_same(database_url: str) -> None:
    wrong = []
    with open_database(database_url) as connection:
        store(WORLD, connection)
        for case in CASES:
            if filterable(case.expr):
                (value,) = sql_values(case.expr, WORLD, connection, [case.record], **case.around)
                if (value, type(value)) != (case.expected, type(case.expected)):
                    wrong.append((case.source, case.record.values, case.expected, value))
    assert wrong == []


def test_the_browser_gives_the_same() -> None:
    cases = [c for c in CASES if in_browser(c.expr)]
    values = node_values([node_job(c.expr, WORLD, c.record, **c.around) for c in cases], [c.expr.type for c in cases])
    assert [(c.source, c.expected) for c in cases] == [(c.source, v) for c, v in zip(cases, values, strict=True)]
