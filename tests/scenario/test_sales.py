"""The shipped template keeps what it promises, and every part of it is promised by some scenario (issue 2, section 8)."""

from __future__ import annotations

from pathlib import Path

from dougong.cli.test import Sources
from dougong.installed import compile_sources
from dougong.lang.load import read_folder
from dougong.scenario.run import unnoticed

SALES = Path(__file__).parents[2] / "app_templates" / "sales"


def test_some_scenario_notices_each_part_that_is_switched_off() -> None:
    sources = dict(read_folder(SALES))
    app = compile_sources(sources).app
    assert app is not None
    assert unnoticed(app, Sources(sources), "sqlite:///") == []
