"""Commands run as a person runs them, on a workspace in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dougong.problems import Problems

Run = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of an empty workspace."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DOUGONG_HOME", str(folder))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DOUGONG_LANG", "en")
    return folder


@pytest.fixture
def run(home: Path) -> Iterator[Run]:
    """run(command, *arguments, code=0) → what it printed; a refusal is printed as the command line does."""

    def run(command: click.Command, *arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(command, arguments)
        said, found = result.output, result.exit_code
        if isinstance(result.exception, Problems):
            said += "\n".join(p.sentence("en") for p in result.exception)
        elif result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert found == code, said
        return said

    yield run
