"""A template of five thousand lines is checked while one waits: under two seconds of one processor."""

from __future__ import annotations

import time

from dougong.installed import compile_sources
from tests.lang.large import template

LINES = 5_000
SECONDS = 2.0


def test_a_template_of_5000_lines_is_checked_in_under_two_seconds() -> None:
    sources = template(LINES)
    assert sum(text.count("\n") for text in sources.values()) >= LINES
    compile_sources({"app.yaml": sources["app.yaml"]}, tolerant=False)  # the schemas are put together once in a process
    spent = []
    for _ in range(3):
        start = time.process_time()
        compiled = compile_sources(sources, tolerant=False)
        spent.append(time.process_time() - start)
        assert compiled.app is not None and compiled.problems == ()
    assert min(spent) < SECONDS, spent
