"""The benchmark itself must not rot: it runs on a few rows, with every row of its table."""

from __future__ import annotations

from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks import writers
from tests.benchmarks.rows import NOT_RUN


def test_every_row_is_measured_or_says_that_it_was_not_run() -> None:
    rows = benchmarks.main(["--quick"])
    assert sum(row.measured.startswith(NOT_RUN) for row in rows) == 1
    assert all(any(character.isdigit() for character in row.measured) for row in rows if not row.measured.startswith(NOT_RUN))
    assert len(rows) == 18


def test_four_processes_write_to_one_file_without_an_error() -> None:
    for told in writers.main(["--seconds", "2"]):
        assert told.errors == ()
        assert told.milliseconds
