"""Every command says in both languages what it does, with an example."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy

import click
import pytest

from dougong.cli.main import cli
from dougong.cli.say import speak

CHINESE = re.compile("[\u4e00-\u9fff]")


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from leaves(inner, f"{name} {inner.name}")
    else:
        yield name.strip(), command


@pytest.fixture(params=["zh", "en"])
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, click.Command]]:
    monkeypatch.setenv("DOUGONG_LANG", request.param)
    spoken = deepcopy(cli)
    speak(spoken)
    return request.param, dict(leaves(spoken))


def test_each_command_and_option_is_told_in_the_persons_language_alone(told: tuple[str, dict[str, click.Command]]) -> None:
    language, commands = told
    for name, command in commands.items():
        words = (command.help or "").split("\n\n")[:-1] + [p.help or "" for p in command.params if isinstance(p, click.Option)]
        assert words, name
        for each in words:
            assert bool(CHINESE.search(each)) == (language == "zh"), (name, each)
            assert " | " not in each, (name, each)


def test_each_command_shows_an_example_of_itself(told: tuple[str, dict[str, click.Command]]) -> None:
    language, commands = told
    begin = "例：" if language == "zh" else "Example: "
    for name, command in commands.items():
        example = (command.help or "").split("\n\n")[-1]
        assert example.startswith(begin) and f"dougong {name}" in example, (name, example)


def test_the_module_runs_where_the_program_is_not_on_the_path() -> None:
    done = subprocess.run([sys.executable, "-m", "dougong.cli", "-h"], capture_output=True, text=True, check=True)
    assert "validate" in done.stdout
