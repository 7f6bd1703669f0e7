"""The smallest app, whole: load → check → tables → save → outbox → time rule → inbox, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from dougong.cli.test import run
from dougong.installed import compile_sources
from dougong.lang.load import read_folder

FIRST = Path(__file__).parents[2] / "examples" / "first"


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return dict(read_folder(FIRST))


def test_it_compiles_without_a_problem(sources: dict[str, str]) -> None:
    assert compile_sources(sources, tolerant=False).problems == ()


def test_its_scenarios_pass(sources: dict[str, str], database_url: str) -> None:
    app = compile_sources(sources).app
    assert app is not None
    outcomes, _ = run(app, sources, (), "", database_url)
    assert outcomes
    assert [o.scenario.name for o in outcomes if not o.passed] == []


@pytest.mark.parametrize("part", ["stalled_customer", "stalled_customer.ask", "stalled_customer.manager"])
def test_a_scenario_notices_each_part_that_is_switched_off(sources: dict[str, str], part: str, tmp_path: Path) -> None:
    app = compile_sources(sources).app
    assert app is not None
    outcomes, _ = run(app, sources, (part,), "", "sqlite:///")
    assert any(not o.passed for o in outcomes)
