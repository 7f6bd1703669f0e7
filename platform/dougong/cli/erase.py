"""`dougong erase`: takes a person's data away for good."""

from __future__ import annotations

import click

from dougong.cli.opened import opened
from dougong.cli.say import say
from dougong.context import SYSTEM
from dougong.erasing import erase as erase_record


@click.command()
@click.argument("form")
@click.argument("uid")
@click.option("--yes", is_flag=True, help="Do it without asking again.")
def erase(form: str, uid: str, yes: bool) -> None:
    """Erase the record of FORM with this UID (as in its page's address): values, history values, files, messages, traces.

    The record stays, empty, and its history verifies as erased. It can't be brought back, but stands in backups made before.

    Example: dougong erase sales.contact 01890a5d-ac96-774b-bcce-b302099a8057
    """
    if not yes:
        click.confirm(say("抹去后无法恢复，确定吗？", "What is erased can't be brought back. Go on?"), abort=True)
    with opened() as runtime:
        erase_record(runtime, SYSTEM, form, uid)
    click.echo(say("已抹去", "erased"))
