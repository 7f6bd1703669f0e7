"""`dougong apply`: installs or changes an app."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import click

from dougong.cli.opened import opened
from dougong.cli.plan import prepared, show
from dougong.cli.say import locale, say
from dougong.lang.load import read_folder
from dougong.lifecycle import BATCH, Prepared, carry_out, go_on
from dougong.runtime import Runtime
from dougong.store.plan import accepted


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--accept",
    multiple=True,
    metavar="KEY",
    help="对一处会丢内容的改动点头；`dougong plan` 会打印它的名字 | "
    "Say yes to one change that loses values; `dougong plan` prints the keys.",
)
@click.option("--yes", is_flag=True, help="对计划里的一切点头 | Say yes to everything that the plan shows.")
@click.option(
    "--take-up",
    multiple=True,
    metavar="RULE",
    help="这条规则现在就处理已过了时间的记录；`dougong plan` 会打印它的名字 | "
    "Let this rule deal now with the records that are past already; `dougong plan` prints its name.",
)
def apply(path: Path, accept: tuple[str, ...], yes: bool, take_up: tuple[str, ...]) -> None:
    """安装 PATH 处的模板，或把已装的应用改成它。不点头就不会丢内容。 |
    Install the template at PATH, or change the installed app to it. Values are never lost without a yes.

    Example: dougong apply app_templates/sales --accept "remove-field sales.visit.note"
    """
    with opened() as runtime:
        go_on(runtime, progress)
        ready = prepared(runtime, path, read_folder(path))
        if unknown := [rule for rule in take_up if rule not in ready.past]:
            raise click.UsageError(say(f"没有过了时间的记录：{unknown[0]}", f"no records are past under {unknown[0]}"))
        finish(runtime, ready, "", accept, yes, take_up)


def finish(runtime: Runtime, ready: Prepared, kind: str, accept: tuple[str, ...], yes: bool, take_up: tuple[str, ...] = ()) -> None:
    """Shows the plan and carries it out; what it still needs a yes for ends the command."""
    show(ready)
    given = (*accept, *accepted(ready.plan)) if yes else accept
    if refused := ready.plan.refused(given):
        for change in refused:
            words = say("须先整理数据", "has to be tidied up first") if change.blocked else say("须同意", "needs a yes")
            click.echo(f"{change.key}: {words}", err=True)
        sys.exit(1)
    done = carry_out(runtime, ready, who=person(), kind=kind, accept=given, told=progress, take_up=take_up)
    if done.number is None:
        click.echo(say("没有变化", "nothing to change"))
    else:
        click.echo(say(f"已完成，编号 {done.number}", f"done, as number {done.number}"))
    for problem in ready.warnings:
        click.echo(problem.sentence(locale()))


def progress(what: str, done: int, of: int) -> None:
    """Of work that takes a while."""
    if of > BATCH:
        click.echo(f"{what}: {done} / {of}", err=True)


def person() -> str:
    """Who the ledger names for what a command did."""
    try:
        return getpass.getuser()
    except OSError:  # a machine without that user's name
        return "cli"
