"""`dougong doctor`: is everything that is kept twice the same twice?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click
import sqlalchemy as sa

from dougong import stuck
from dougong.backups import daily
from dougong.cli.opened import opened
from dougong.cli.say import locale, say
from dougong.context import SYSTEM, Ctx
from dougong.documents import pdf
from dougong.expr.types import DATETIME
from dougong.fields.show import show
from dougong.records import history, recount
from dougong.runtime import Runtime
from dougong.store import search

SHOWN = 20
CHUNK = 1000


@click.command()
@click.option(
    "--recount",
    "count",
    is_flag=True,
    help="再把每个计算值重算一遍来对比 | Also work every computed value out afresh and compare.",
)
def doctor(count: bool) -> None:
    """检查数据库、历史的哈希链和搜索索引。 |
    Check the database, the history's hash chains and the search index.

    Example: dougong doctor --recount
    """
    with opened() as runtime, runtime.read(SYSTEM, locale()) as ctx:
        checks = [
            (say("数据库", "database"), _database(ctx)), (say("历史", "history"), _history(ctx)), (say("搜索", "search"), _search(ctx)),
            *([(say("计算值", "computed values"), _recount(ctx))] if count else []), (say("应用", "apps"), _apps(ctx)),
            (say("备份", "backup"), _backup(runtime, ctx)), (say("文档", "documents"), _documents(ctx)),
            (say("没有送到的", "did not get through"), (one.line(locale()) for one in stuck.listed(ctx, CHUNK))),
        ]  # fmt: skip
        found = [_told(name, faults) for name, faults in checks]
    sys.exit(1 if any(found) else 0)


def _told(name: str, faults: Iterator[str]) -> int:
    number = 0
    for number, fault in enumerate(faults, 1):
        if number <= SHOWN:
            click.echo(f"  {name}: {fault}")
    click.echo(f"✗ {name}: {number}" if number else f"✓ {name}")
    return number


def _database(ctx: Ctx) -> Iterator[str]:
    """PostgreSQL keeps its own pages; SQLite is asked."""
    if ctx.connection.dialect.name == "sqlite":
        for pragma in ("integrity_check", "foreign_key_check"):
            for row in ctx.connection.exec_driver_sql(f"PRAGMA {pragma}"):
                if row[0] != "ok":
                    yield " ".join(map(str, row))


def _history(ctx: Ctx) -> Iterator[str]:
    h = history.history_table.c
    for form, record in ctx.connection.execute(sa.select(h.form, h.record).distinct().order_by(h.form, h.record)).all():
        if (entry := history.broken_at(ctx, form, record)) is not None:
            yield say(f"{form} 的记录 {record}：第 {entry} 条对不上", f"{form} record {record}: entry {entry} does not fit")


def _search(ctx: Ctx) -> Iterator[str]:
    for key, table in ctx.workspace.tables.items():
        index = search.search_index(table) if isinstance(table, sa.Table) else None
        if index is None:
            continue
        texts = [
            (table.c[name].label(f"now_{place}"), index.table.c[name].label(f"had_{place}"))
            for place, name in enumerate(index.fields.values())
        ]
        query = sa.select(table.c.uid, *(c for pair in texts for c in pair)).outerjoin(index.table, index.table.c.id == table.c.id)
        for row in ctx.connection.execute(query.where(table.c.deleted_at.is_(None))):
            pairs: list[tuple[Any, Any]] = list(zip(row[1::2], row[2::2], strict=True))
            if any(search.content(now) != had for now, had in pairs):
                yield f"{key} {row.uid}"


def _recount(ctx: Ctx) -> Iterator[str]:
    for form in ctx.workspace.forms.values():
        if form.app:
            for d in recount.differences(ctx, form.key):
                yield say(
                    f"{d.form} {d.uid} {d.field}：存的是 {d.stored}，应为 {d.fresh}",
                    f"{d.form} {d.uid} {d.field}: {d.stored} is kept, {d.fresh} is right",
                )


def _apps(ctx: Ctx) -> Iterator[str]:
    """Broken rules: they are switched off, the rest of their app runs."""
    for app in ctx.workspace.apps.values():
        for automation in app.automations.values():
            if automation.broken:
                yield f"{automation.key}: {automation.broken[0].sentence(locale())}"


def _backup(runtime: Runtime, ctx: Ctx) -> Iterator[str]:
    """On the embedded default; says when the last one was made."""
    found = daily.status(ctx.connection, runtime.settings.home, ctx.now)
    if found is None:
        return
    if found.made is not None:
        at = show(found.made, DATETIME, locale(), ctx.workspace.calendar)
        size = f"{max(1, found.size >> 20)} MB"
        click.echo(say(f"  备份: 最近一次 {at}，{found.file}，{size}", f"  backup: the last one {at}, {found.file}, {size}"))
    if found.problem is not None:
        yield found.problem.sentence(locale())


def _documents(ctx: Ctx) -> Iterator[str]:
    """Whether this machine can print what its apps declare; one without documents needs nothing."""
    written = any(path.startswith("documents/") for app in ctx.workspace.apps.values() for path in app.sources)
    if written and (wanted := pdf.missing()):
        yield wanted.sentence(locale())
