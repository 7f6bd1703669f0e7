"""`dougong import`: brings a table in, through the same job as the import page."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from dougong.cli import mapping as mappings
from dougong.cli.opened import opened
from dougong.cli.say import locale, say
from dougong.context import SYSTEM
from dougong.jobs import background
from dougong.lang.render import render
from dougong.problems import Problem, Problems
from dougong.records import importing, importing_job, sheets
from dougong.runtime import Runtime

SHOWN = 20
PAUSE = 0.2
"""Seconds between two looks at a job that another worker has."""


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="说明哪列对哪个字段的 YAML 文件 | A YAML file that maps columns to fields.",
)
@click.option("--form", metavar="APP.FORM", help="没有对应文件时：按列标题对字段 | Without a mapping: columns are matched by their titles.")
@click.option("--dry-run", is_flag=True, help="只说会发生什么 | Only say what would happen.")
@click.option(
    "--errors",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="CSV",
    help="没导入的行连同原因写到哪里 | Where rows that stay out go, with the reason.",
)
def import_(file: Path, mapping: Path | None, form: str | None, dry_run: bool, errors: Path | None) -> None:
    """导入表格 FILE（CSV 或 xlsx）。有错的行不导入并列出；断了可以接着导。 |
    Import the table FILE (CSV or xlsx). Rows with faults stay out and are listed; one that was broken off goes on.

    Example: dougong import orders.csv --mapping orders.yaml --dry-run
    """
    if (mapping is None) == (form is None):
        raise click.UsageError(say("请给出 --mapping 或 --form 之一", "give either --mapping or --form"))
    with opened() as runtime:
        chosen = _read(runtime, mapping) if mapping else _guessed(runtime, form or "", file)
        with runtime.transaction(SYSTEM, "import", locale=locale()) as ctx:
            importing.check(ctx, chosen, sheets.headers(file))
            with file.open("rb") as stream:
                uid = importing_job.submit(ctx, runtime.storage, stream, chosen, rehearse=dry_run)
        done = _finish(runtime, uid)
        _tell(runtime, uid, done, dry_run, errors)
    sys.exit(1 if done["failed"] else 0)


def _read(runtime: Runtime, path: Path) -> importing.ColumnMapping:
    text = path.read_text("utf-8-sig")
    try:
        return mappings.read(path.name, text, runtime.workspace().forms)
    except Problems as problems:
        click.echo(render(problems.problems, {path.name: text}, locale(), f"{path.parent}/"), err=True)
        sys.exit(1)


def _guessed(runtime: Runtime, form: str, file: Path) -> importing.ColumnMapping:
    found = runtime.workspace().forms.get(form)
    if found is None:
        raise Problems([Problem("no-such-form", {"form": form})])
    return importing.ColumnMapping(form, importing.guess(found, sheets.headers(file), importing.importable(found, stage=True)))


def _finish(runtime: Runtime, uid: str) -> dict[str, Any]:
    """Works until the job is over, whoever takes it. Raises Problems where it was given up."""
    while True:
        if not runtime.work_jobs():
            time.sleep(PAUSE)
        with runtime.store.read() as connection:
            job = background.status(connection, uid)
        assert job is not None
        if job["state"] == "done":
            return dict(job["result"])
        if job["state"] == "dead":
            raise Problems([Problem(job["problem"]["code"], job["problem"]["args"])])


def _tell(runtime: Runtime, uid: str, done: dict[str, Any], dry_run: bool, errors: Path | None) -> None:
    click.echo(say(
        f"{done['rows']} 行：新建 {done['created']}，更新 {done['updated']}，未变 {done['unchanged']}，有错 {done['failed']}",
        f"{done['rows']} rows: {done['created']} created, {done['updated']} updated, {done['unchanged']} unchanged, "
        f"{done['failed']} with faults",
    ))  # fmt: skip
    if dry_run:
        for name, number in done["rules"].items():
            click.echo(say(f"规则“{name}”会触发 {number} 次", f"rule '{name}' would run {number} times"))
        if done["messages"]:
            click.echo(say(f"会发出至少 {done['messages']} 条消息", f"at least {done['messages']} messages would be sent"))
    with runtime.store.read() as connection:
        for row, why, warning in importing_job.faults(connection, uid, SHOWN):
            mark = say("提醒", "note") if warning else say("错误", "fault")
            click.echo(say(f"第 {row} 行 {mark}：{why['zh']}", f"row {row} {mark}: {why['en']}"))
        if errors is not None and done["failed"]:
            errors.write_text("".join(importing_job.faults_csv(connection, uid)), "utf-8", newline="")
            click.echo(say(f"未导入的行在 {errors}", f"rows that stayed out are in {errors}"))
