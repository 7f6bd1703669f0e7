"""`dougong backup` and `dougong restore`: database and files in one archive, taken while people work.

Sessions, API tokens and open links stay out (THREATS S54). A restored workspace holds rules, timers and messages back (R5).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from sqlalchemy import create_engine, inspect, make_url

from dougong.cli.opened import opened
from dougong.cli.say import say
from dougong.problems import Problem, Problems
from dougong.runtime import HELD, Runtime
from dougong.settings import Settings
from dougong.store import system

LEFT_OUT = ("dg_session", "dg_token", "dg_link")
DATABASES = {"sqlite": "database.db", "postgresql": "database.dump"}
FORMAT = 1


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write database and files into FILE (.tar.gz). People may go on working.

    Example: dougong backup backup-2026-03-05.tar.gz
    """
    with opened() as runtime, tempfile.TemporaryDirectory() as work:
        make(runtime, file, Path(work))
    click.echo(say(f"已备份到 {file}（{file.stat().st_size >> 10} KB）", f"backed up to {file} ({file.stat().st_size >> 10} KB)"))


def make(runtime: Runtime, file: Path, work: Path) -> None:
    """The archive appears whole or not at all. Files are added after the database, so that none that it names is missing."""
    kind = runtime.store.dialect
    database = work / DATABASES[kind]
    if kind == "sqlite":
        _copy_sqlite(make_url(runtime.store.url).database or "", database)
    else:
        _run(
            "pg_dump",
            "-Fc",
            "--no-owner",
            *(f"--exclude-table-data={t}" for t in LEFT_OUT),
            "-f",
            str(database),
            _address(runtime.store.url),
        )
    told = {"format": FORMAT, "database": database.name, "sha256": _digest(database), "made": runtime.clock.now().isoformat()}
    (work / "about.json").write_text(json.dumps(told), "utf-8")
    part = file.with_name(file.name + ".part")
    with tarfile.open(part, "w:gz") as archive:
        for path in (work / "about.json", database):
            archive.add(path, path.name)
        files = runtime.settings.home / "files"
        for path in sorted(p for p in files.rglob("*") if p.is_file() and p.suffix != ".part"):
            archive.add(path, f"files/{path.relative_to(files).as_posix()}")
    part.chmod(0o600)
    part.replace(file)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--release", is_flag=True, help="Let rules, timers and messages of a restored workspace go.")
def restore(file: Path | None, release: bool) -> None:
    """Bring the backup FILE into an empty DOUGONG_HOME (or an empty PostgreSQL database). Nothing is sent until --release.

    Example: DOUGONG_HOME=/srv/copy dougong restore backup-2026-03-05.tar.gz
    """
    if (file is None) == (not release):
        raise click.UsageError(say("请给出备份文件或 --release 之一", "give either a backup file or --release"))
    if file is not None:
        bring_back(Settings.read(), file)
    with opened() as runtime, runtime.store.exclusive() as connection:
        system.change_settings(connection, {HELD: file is not None})
    if file is not None:
        click.echo(
            say(
                "已恢复。规则、计时和消息暂停，确认无误后运行 dougong restore --release",
                "restored. Rules, timers and messages are held: dougong restore --release lets them go",
            )
        )
    else:
        click.echo(say("规则、计时和消息已恢复运行", "rules, timers and messages run again"))


def bring_back(settings: Settings, file: Path) -> None:
    """Raises Problems `restore-not-empty`, `backup-unreadable`; then the place is as it was."""
    address = make_url(settings.database_url)
    kind = address.get_backend_name()
    _demand_empty(settings, kind)
    with _unpacked(file, settings.home) as folder:
        about = json.loads((folder / "about.json").read_text("utf-8"))
        database = folder / DATABASES[kind]
        if about.get("format") != FORMAT or not database.is_file() or _digest(database) != about.get("sha256"):
            raise Problems([Problem("backup-unreadable", {"why": about.get("database", "")})])
        if (folder / "files").is_dir():
            (folder / "files").replace(settings.home / "files")
        if kind == "sqlite":
            database.replace(address.database or "")
        else:
            _run(
                "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "-d", _address(settings.database_url), str(database)
            )


def _demand_empty(settings: Settings, kind: str) -> None:
    files = settings.home / "files"
    if files.is_dir() and any(files.iterdir()):
        raise Problems([Problem("restore-not-empty", {"place": str(files)})])
    if kind == "sqlite":
        path = Path(make_url(settings.database_url).database or "")
        if path.exists():
            raise Problems([Problem("restore-not-empty", {"place": str(path)})])
        path.parent.mkdir(parents=True, exist_ok=True)
        return
    engine = create_engine(settings.database_url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    if tables:
        raise Problems([Problem("restore-not-empty", {"place": str(make_url(settings.database_url).database)})])


@contextmanager
def _unpacked(file: Path, home: Path) -> Iterator[Path]:
    """On the same disk, so that moving is all or nothing. No path leads out, no links or devices (THREATS S25)."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as work:
        try:
            with tarfile.open(file, "r:gz") as archive:
                members = archive.getmembers()
                if any(not m.isreg() or m.name.split("/")[0] not in ("about.json", "files", *DATABASES.values()) for m in members):
                    raise tarfile.TarError("strange contents")
                archive.extractall(work, members, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise Problems([Problem("backup-unreadable", {"why": str(error)[:200]})]) from None
        if not (Path(work) / "about.json").is_file():
            raise Problems([Problem("backup-unreadable", {"why": "about.json"})])
        yield Path(work)


def _copy_sqlite(source: str, target: Path) -> None:
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        for table in LEFT_OUT:
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("VACUUM")  # what was deleted is gone from the file, too


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise Problems([Problem("backup-no-program")])
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problems([Problem("backup-failed", {"why": done.stderr.strip()[-300:]})])


def _address(url: str) -> str:
    """As PostgreSQL's own programs read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
