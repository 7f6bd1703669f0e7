"""How the command line speaks: the person's language, problems with their place."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

import click

from dougong.lang.render import render
from dougong.problems import Problem


def locale() -> str:
    """'zh' or 'en', by DOUGONG_LANG, else the shell's LANG, else Chinese."""
    told = os.environ.get("DOUGONG_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if told.lower().startswith("en") else "zh"


def say(zh: str, en: str) -> str:
    return zh if locale() == "zh" else en


def speak(command: click.Command) -> None:
    """Help is written `中文 | English` in each paragraph, as titles in schemas are; this leaves the person's own."""
    command.help = _one_language(command.help or "")
    if locale() == "zh":
        command.short_help = re.split("[：。]", command.help)[0]
    for option in command.params:
        if isinstance(option, click.Option):
            option.help = _one_language(option.help or "")
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        speak(inner)


def _one_language(written: str) -> str:
    paragraphs = [" ".join(each.split()) for each in written.split("\n\n")]
    chosen = (say(zh, en or zh) for zh, _, en in (each.partition(" | ") for each in paragraphs))
    return "\n\n".join(each.replace("Example: ", say("例：", "Example: ")) for each in chosen)


def faults(problems: Iterable[Problem], sources: Mapping[str, str], path: Path, language: str = "") -> str:
    """What is wrong with the template at `path`, each fault in its place."""
    return render(problems, sources, language or locale(), f"{path}/" if path.is_dir() else "")


def end_with_faults(problems: Iterable[Problem], sources: Mapping[str, str], path: Path, language: str = "") -> NoReturn:
    click.echo(faults(problems, sources, path, language), err=True)
    sys.exit(1)
