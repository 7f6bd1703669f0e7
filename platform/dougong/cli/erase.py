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
@click.option("--yes", is_flag=True, help="不再询问 | Do it without asking again.")
def erase(form: str, uid: str, yes: bool) -> None:
    """彻底抹去 FORM 里这个 UID（页面地址里的）的记录：值、历史里的值、附件、消息、运行记录。 |
    Erase the record of FORM with this UID (as in its page's address): values, history values, files, messages, traces.

    记录留下空壳，历史仍能验证。抹去后无法恢复，但之前的备份里还有。 |
    The record stays, empty, and its history verifies as erased. It can't be brought back, but stands in backups made before.

    Example: dougong erase sales.contact 01890a5d-ac96-774b-bcce-b302099a8057
    """
    if not yes:
        click.confirm(say("抹去后无法恢复，确定吗？", "What is erased can't be brought back. Go on?"), abort=True)
    with opened() as runtime:
        erase_record(runtime, SYSTEM, form, uid)
    click.echo(say("已抹去", "erased"))
