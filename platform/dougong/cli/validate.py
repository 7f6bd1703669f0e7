"""`dougong validate`: is this template sound?"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from dougong.cli.say import faults, locale, say
from dougong.installed import compile_sources
from dougong.lang.load import read_folder


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    help="给人看的文字，或 JSON | Words for people, or JSON.",
)
def validate(path: Path, shape: str) -> None:
    """检查 PATH 处的模板：每处错误在哪个文件、第几行第几列，应该怎么写。 |
    Check the template at PATH: every fault with file, line and column, and what to write instead.

    Example: dougong validate app_templates/sales --format json
    """
    sources = read_folder(path)
    compiled = compile_sources(sources, tolerant=False)
    errors = [p for p in compiled.problems if not p.warning]
    if shape == "json":
        facts = {"problems": [p.as_json(locale()) for p in compiled.problems], "facts": compiled.facts}
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
    else:
        if compiled.problems:
            click.echo(faults(compiled.problems, sources, path))
        for form, share in compiled.facts.get("defaults", {}).items():
            click.echo(say(f"{form}：{share:.0%} 的字段有默认值", f"{form}: {share:.0%} of the fields have a default"))
        ok = say("没有错误", "no errors") if not errors else say(f"{len(errors)} 处错误", f"{len(errors)} errors")
        click.echo(ok)
    sys.exit(1 if errors else 0)
