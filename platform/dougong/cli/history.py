"""`dougong rollback` and `dougong uninstall`: back to what was, with everything entered since kept."""

from __future__ import annotations

from pathlib import Path

import click

from dougong.cli.apply import finish
from dougong.cli.exporting import write_forms
from dougong.cli.opened import opened
from dougong.cli.say import say
from dougong.lifecycle import prepare_removal, prepare_rollback


@click.command()
@click.argument("app")
@click.option("--to", "number", type=int, metavar="N", help="The state before the change with this number (default: before the last).")
@click.option("--accept", multiple=True, metavar="KEY", help="Say yes to one change that loses values.")
@click.option("--yes", is_flag=True, help="Say yes to everything that the plan shows.")
def rollback(app: str, number: int | None, accept: tuple[str, ...], yes: bool) -> None:
    """Take APP back to what it was before its last change, by a plan forward: rows and values entered since are kept.

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
    help="First write every form as CSV into FOLDER.",
)
@click.option("--yes", is_flag=True, help="Say yes to setting its tables aside.")
def uninstall(app: str, folder: Path | None, yes: bool) -> None:
    """Remove APP. Its data is kept aside and comes back when the app is installed again.

    Example: dougong uninstall sales --export old-sales --yes
    """
    with opened() as runtime:
        ready = prepare_removal(runtime, app)
        if folder is not None:
            for path in write_forms(runtime, app, folder):
                click.echo(say(f"已导出 {path}", f"exported {path}"))
        finish(runtime, ready, "uninstall", (), yes)
