"""Every word of the automation language in one app as a builder would write it, played as `dougong test` plays it."""

from __future__ import annotations

from pathlib import Path

from dougong.automation.triggers import triggers
from dougong.cli.test import run
from dougong.installed import compile_sources
from dougong.lang.load import read_folder

GARDEN = Path(__file__).parent / "garden"


def test_the_garden_grows(database_url: str) -> None:
    sources = read_folder(GARDEN)
    compiled = compile_sources(sources, tolerant=False)
    assert compiled.app is not None, [p.sentence("en") for p in compiled.problems]
    outcomes, _ = run(compiled.app, sources, (), "", database_url)
    assert [problem.sentence("en") for outcome in outcomes for problem in outcome.problems] == []
    assert [outcome.passed for outcome in outcomes] == [True]


def test_the_garden_uses_most_words() -> None:
    app = compile_sources(read_folder(GARDEN), tolerant=False).app
    assert app is not None
    used = {a.on.kind for a in app.automations.values()}
    words = {"inactive", "repeated", "changed", "entered", "left", "before", "pressed", "received", "every", "deleted"}
    assert words <= used <= set(triggers)
