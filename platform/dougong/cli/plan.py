"""`dougong plan`: what installing or changing an app would do, before anything is done."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from dougong.cli.opened import opened
from dougong.cli.say import end_with_faults, locale, say
from dougong.lang.load import read_folder
from dougong.lifecycle import Prepared, prepare
from dougong.problems import Problems
from dougong.runtime import Runtime


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    help="给人看的文字，或 JSON | Words for people, or JSON.",
)
def plan(path: Path, shape: str) -> None:
    """说出应用 PATH 处的模板会怎样改动表、行、规则和等待的时间。什么都不会改。 |
    Show what applying the template at PATH would change in tables, rows, rules and waiting times. Nothing is changed.

    Example: dougong plan app_templates/sales
    """
    with opened() as runtime:
        show(prepared(runtime, path, read_folder(path)), shape)


def prepared(runtime: Runtime, path: Path, sources: Mapping[str, str]) -> Prepared:
    """The plan; a template that is not sound ends the command with every fault shown in its place."""
    try:
        return prepare(runtime, sources)
    except Problems as problems:
        end_with_faults(problems.problems, sources, path)


def show(ready: Prepared, shape: str = "text") -> None:
    if shape == "json":
        click.echo(json.dumps(ready.plan.as_json(locale()), ensure_ascii=False, indent=2))
        return
    for line in ready.lines(locale()):
        click.echo(line)
    if keys := [change.key for change in ready.plan.refused()]:
        click.echo(say("\n会丢掉内容，须逐条同意：", "\nThese lose values and need a yes each:"))
        for key in keys:
            click.echo(f"  --accept {shlex.quote(key)}")
    if ready.past:
        click.echo(say("\n已过了时间的记录，可以现在处理：", "\nRecords that are past already can be taken up now:"))
        for rule in ready.past:
            click.echo(f"  --take-up {shlex.quote(rule)}")
