"""`dougong backup` and `dougong restore`."""

from __future__ import annotations

from pathlib import Path

import click

from dougong.backups import archive
from dougong.backups.restoring import bring_back, hold
from dougong.cli.opened import opened
from dougong.cli.say import say
from dougong.settings import Settings


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """把数据库和附件写进 FILE（.tar.gz）。大家可以接着用。 |
    Write database and files into FILE (.tar.gz). People may go on working.

    Example: dougong backup backup-2026-03-05.tar.gz
    """
    with opened() as runtime:
        archive.make(runtime.store, runtime.settings.home, file, runtime.clock.now())
    click.echo(say(f"已备份到 {file}（{file.stat().st_size >> 10} KB）", f"backed up to {file} ({file.stat().st_size >> 10} KB)"))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--release",
    is_flag=True,
    help="让恢复出来的工作区的规则、计时和消息重新运行 | Let rules, timers and messages of a restored workspace go.",
)
def restore(file: Path | None, release: bool) -> None:
    """把备份 FILE 恢复到空的 DOUGONG_HOME（或空的 PostgreSQL 数据库）。--release 之前什么都不发。 |
    Bring the backup FILE into an empty DOUGONG_HOME (or an empty PostgreSQL database). Nothing is sent until --release.

    那里没有人是登录着的：会话、API 令牌和公开链接都不在备份里。 |
    Nobody is signed in there: sessions, API tokens and open links are not part of a backup.

    Example: DOUGONG_HOME=/srv/copy dougong restore backup-2026-03-05.tar.gz
    """
    if (file is None) == (not release):
        raise click.UsageError(say("请给出备份文件或 --release 之一", "give either a backup file or --release"))
    if file is not None:
        bring_back(Settings.read(), file)
    with opened() as runtime:
        hold(runtime.store, held=file is not None)
    if file is not None:
        click.echo(
            say(
                "已恢复。规则、计时和消息暂停，确认无误后运行 dougong restore --release，或由管理员在“设置”里放行",
                "restored. Rules, timers and messages are held: dougong restore --release lets them go, or the settings page",
            )
        )
    else:
        click.echo(say("规则、计时和消息已恢复运行", "rules, timers and messages run again"))
