"""`dougong explain`: what an app does, in plain words."""

from __future__ import annotations

from pathlib import Path

import click

from dougong.cli.say import end_with_faults, locale
from dougong.installed import VOCABULARY, compile_sources
from dougong.lang.explain.app import explain as explained
from dougong.lang.load import read_folder
from dougong.people.forms import SYSTEM_FORMS
from dougong.problems import Problem, Problems, suggest


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.argument("things", nargs=-1)
@click.option("--lang", "language", type=click.Choice(["zh", "en"]), help="用哪种语言说 | The language of the sentences.")
def explain(path: Path, things: tuple[str, ...], language: str | None) -> None:
    """用大白话说 PATH 处的模板做什么：计算字段、阶段、规则和权限。 |
    Say in plain words what the template at PATH does: computed fields, stages, rules and rights.

    THINGS 是表单、流程、规则或角色的 id；不写就全部解释。 |
    THINGS are ids of forms, workflows, rules or roles; without them everything is explained.

    Example: dougong explain app_templates/sales stalled_customer --lang en
    """
    sources, told = read_folder(path), language or locale()
    compiled = compile_sources(sources, tolerant=False)
    if compiled.app is None:
        end_with_faults(compiled.problems, sources, path, told)
    app = compiled.app
    known = {*app.forms, *app.workflows, *app.automations, *app.roles}
    if unknown := [word for word in things if word not in known]:
        raise Problems(Problem("explain-nothing", {"word": word}, suggestion=suggest(word, known)) for word in unknown)
    forms = {**SYSTEM_FORMS, **{form.key: form for form in app.forms.values()}}
    for section in explained(app, forms, VOCABULARY, told, things):
        click.echo(section.title)
        for depth, words in section.lines:
            click.echo(f"{'  ' * (depth + 1)}{words}")
        click.echo()
