"""`dougong explain`: what an app does, in plain words."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dougong.cli.say import locale
from dougong.installed import VOCABULARY, compile_sources
from dougong.lang.explain.app import explain as explained
from dougong.lang.load import read_folder
from dougong.lang.render import render
from dougong.people.forms import SYSTEM_FORMS
from dougong.problems import Problem, Problems, suggest


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.argument("things", nargs=-1)
@click.option("--lang", "language", type=click.Choice(["zh", "en"]), help="The language of the sentences.")
def explain(path: Path, things: tuple[str, ...], language: str | None) -> None:
    """Say in plain words what the template at PATH does: computed fields, stages, rules and rights.

    THINGS are ids of forms, workflows, rules or roles; without them everything is explained.

    Example: dougong explain app_templates/sales stalled_customer --lang en
    """
    sources, told = read_folder(path), language or locale()
    compiled = compile_sources(sources, tolerant=False)
    if compiled.app is None:
        click.echo(render(compiled.problems, sources, told, f"{path}/" if path.is_dir() else ""), err=True)
        sys.exit(1)
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
