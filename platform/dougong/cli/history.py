"""`dougong history`, `rollback` and `uninstall`: what was applied, and back to what was, with everything entered since kept."""

from __future__ import annotations

from pathlib import Path

import click

from dougong.cli.apply import finish
from dougong.cli.exporting import write_forms
from dougong.cli.opened import opened
from dougong.cli.say import locale, say
from dougong.context import SYSTEM
from dougong.expr.types import DATETIME
from dougong.fields.show import show
from dougong.lifecycle import prepare_removal, prepare_rollback
from dougong.store import ledger

KINDS = {
    "install": ("安装", "installed"), "change": ("修改", "changed"), "rollback": ("退回", "taken back"), "uninstall": ("卸载", "removed"),
}  # fmt: skip


@click.command()
@click.argument("app", default="")
@click.option("--plans", is_flag=True, help="再列出当时看到的计划 | Also show each plan as the person saw it.")
def history(app: str, plans: bool) -> None:
    """列出工作区（或只是 APP）做过的改动：谁、何时，新的在前。编号就是 `rollback --to` 用的。 |
    Show what was applied to the workspace, or to APP alone: by whom, when, newest first. The numbers are those of `rollback --to`.

    Example: dougong history sales --plans
    """
    with opened() as runtime, runtime.read(SYSTEM) as ctx:
        there = set(ledger.installed(ctx.connection))
        for entry in ledger.history(ctx.connection, app, limit=1_000):
            at, done = show(entry.at, DATETIME, locale(), ctx.workspace.calendar), say(*KINDS[entry.kind])
            now = entry.app in there
            there.discard(entry.app)
            click.echo(f"{entry.id:>5}  {at}  {entry.app} {done}  {entry.who}{say('  现行版本', '  as it is now') if now else ''}")
            for line in entry.plan[locale()] if plans else ():
                click.echo(f"         {line}")


@click.command()
@click.argument("app")
@click.option(
    "--to",
    "number",
    type=int,
    metavar="N",
    help="退到 `dougong history` 里第 N 次改动之后的样子（默认退一个版本） | "
    "To what change N of `dougong history` left (default: one version back).",
)
@click.option("--accept", multiple=True, metavar="KEY", help="对一处会丢内容的改动点头 | Say yes to one change that loses values.")
@click.option("--yes", is_flag=True, help="对计划里的一切点头 | Say yes to everything that the plan shows.")
def rollback(app: str, number: int | None, accept: tuple[str, ...], yes: bool) -> None:
    """把 APP 退回一个版本，再来一次再退一个；这是一次向前的改动，其间录入的都留着。 |
    Take APP one version back, and one more each time, by a plan forward: rows and values entered since are kept.

    Example: dougong rollback sales --to 7
    """
    with opened() as runtime:
        finish(runtime, prepare_rollback(runtime, app, number), "rollback", accept, yes)


@click.command()
@click.argument("app")
@click.option(
    "--export",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="先把每个表单写成 CSV 放进 FOLDER | First write every form as CSV into FOLDER.",
)
@click.option("--yes", is_flag=True, help="对收起它的表点头 | Say yes to setting its tables aside.")
def uninstall(app: str, folder: Path | None, yes: bool) -> None:
    """卸载 APP。数据收起来，再装就回来。 |
    Remove APP. Its data is kept aside and comes back when the app is installed again.

    Example: dougong uninstall sales --export old-sales --yes
    """
    with opened() as runtime:
        ready = prepare_removal(runtime, app)
        if folder is not None:
            for path in write_forms(runtime, app, folder):
                click.echo(say(f"已导出 {path}", f"exported {path}"))
        finish(runtime, ready, "uninstall", (), yes)
