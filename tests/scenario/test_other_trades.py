"""Apps of other trades, written from the language alone: what they promise, they keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from dougong.cli.test import run
from dougong.installed import compile_sources
from dougong.lang.load import read_folder

APPS = sorted((Path(__file__).parent / "apps").iterdir())


@pytest.mark.parametrize("folder", APPS, ids=[folder.name for folder in APPS])
def test_its_scenarios_hold(folder: Path, database_url: str) -> None:
    sources = dict(read_folder(folder))
    app = compile_sources(sources).app
    assert app is not None
    outcomes, _ = run(app, sources, (), "", database_url)
    assert len(outcomes) > 1 and [(o.scenario.name, [p.sentence("en") for p in o.problems]) for o in outcomes if not o.passed] == []
