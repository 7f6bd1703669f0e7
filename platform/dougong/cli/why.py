"""`dougong why`: why a rule ran for a record, or why it did not."""

from __future__ import annotations

import click
from sqlalchemy import select

from dougong.automation import why as reasons
from dougong.cli.opened import opened
from dougong.cli.say import locale
from dougong.context import SYSTEM
from dougong.problems import Problem, Problems


@click.command()
@click.argument("rule")
@click.argument("record")
def why(rule: str, record: str) -> None:
    """Say why RULE (app.rule) ran for RECORD (its id as in the page's address), or did not, because …

    Example: dougong why sales.stalled_customer 01890a5d-ac96-774b-bcce-b302099a8057
    """
    with opened() as runtime, runtime.read(SYSTEM) as ctx:
        app, _, id = rule.partition(".")
        automation = ctx.workspace.apps[app].automations.get(id) if app in ctx.workspace.apps else None
        table = ctx.workspace.tables[automation.on.form] if automation and automation.on.form else None
        found = ctx.connection.execute(select(table.c.id).where(table.c.uid == record)).scalar() if table is not None else None
        if found is None:
            raise Problems([Problem("no-such-record")])
        for sentence in reasons.why(runtime, ctx, rule, found):
            click.echo(sentence.sentence(locale()))
