"""`dougong`: the commands, one file each."""

from __future__ import annotations

import sys

import click

from dougong.cli import (
    apply,
    backup,
    demo,
    doctor,
    erase,
    explain,
    exporting,
    history,
    importing,
    plan,
    schema,
    serve,
    test,
    users,
    validate,
    why,
)
from dougong.cli.say import locale, speak
from dougong.problems import Problems


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dougong", prog_name="dougong", help="显示版本 | Show the version and exit.")
def cli() -> None:
    """斗拱 Dougong：一个应用就是一个文件夹的 YAML。 |
    Dougong 斗拱: business applications that are plain YAML."""


for command in (
    demo.demo, serve.serve, serve.worker, validate.validate, explain.explain, schema.schema, plan.plan, apply.apply, history.history,
    history.rollback, history.uninstall, erase.erase, test.test, why.why, importing.import_, exporting.export, users.user,
    backup.backup, backup.restore, doctor.doctor,
):
    cli.add_command(command)


def main() -> None:
    """Problems become sentences and exit code 1, never a traceback."""
    speak(cli)
    try:
        cli.main(standalone_mode=True)
    except Problems as refused:
        for problem in refused:
            click.echo(f"{problem.sentence(locale())} {problem.hint(locale())}".strip(), err=True)
        sys.exit(1)
