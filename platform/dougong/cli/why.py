"""`dougong why`: why a rule ran for a record, or why it did not."""

from __future__ import annotations

import click
from sqlalchemy import select

from dougong.automation.decide import plan
from dougong.automation.why import why as explained
from dougong.cli.opened import opened
from dougong.cli.say import locale
from dougong.context import SYSTEM
from dougong.problems import Problem, Problems, suggest


@click.command()
@click.argument("rule")
@click.argument("uid")
def why(rule: str, uid: str) -> None:
    """说清 RULE（应用.规则）对这个 UID（页面地址里的）的记录为什么执行了，或为什么没有。 |
    Say why RULE (app.rule) ran for the record with this UID (as in the page's address), or did not, because …

    Example: dougong why sales.stalled_customer 01890a5d-ac96-774b-bcce-b302099a8057
    """
    with opened() as runtime, runtime.read(SYSTEM, locale()) as ctx:
        known = plan(ctx.workspace).all
        if rule not in known:
            raise Problems([Problem("why-no-rule", {"rule": rule}, suggestion=suggest(rule, known))])
        table = ctx.workspace.tables.get(known[rule].on.form)
        id = ctx.connection.execute(select(table.c.id).where(table.c.uid == uid)).scalar() if table is not None else None
        if id is None:
            raise Problems([Problem("no-such-record")])
        for problem in explained(runtime, ctx, rule, id):
            click.echo(problem.sentence(locale()))
