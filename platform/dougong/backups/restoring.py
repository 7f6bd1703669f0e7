"""Bringing an archive back to an empty place. A restored workspace holds rules, timers and messages back (THREATS R5)."""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, inspect, make_url

from dougong.backups.archive import DATABASES, FORMAT, address, digest, run
from dougong.problems import Problem, Problems
from dougong.settings import Settings
from dougong.store import system
from dougong.store.engine import Store

HELD = "held"
"""A setting of a restored workspace: no rule, timer, message or webhook until an administrator lets them go."""


def hold(store: Store, held: bool) -> None:
    with store.exclusive() as connection:
        system.change_settings(connection, {HELD: held})


def bring_back(settings: Settings, file: Path) -> None:
    """Raises Problems `restore-not-empty`, `backup-unreadable`, `restore-no-room`; then the place is as it was."""
    to = make_url(settings.database_url)
    kind, files = to.get_backend_name(), settings.home / "files"
    _demand_empty(settings, kind)
    with _unpacked(file, settings.home) as folder:
        about = json.loads((folder / "about.json").read_text("utf-8"))
        database = folder / DATABASES[kind]
        if about.get("format") != FORMAT or not database.is_file() or digest(database) != about.get("sha256"):
            raise _unreadable(about.get("database", ""))
        try:
            if (folder / "files").is_dir():
                (folder / "files").replace(files)
            if kind == "sqlite":
                database.replace(to.database or "")
            else:
                known = ("--no-owner", "--exit-on-error", "--single-transaction")
                run("pg_restore", *known, "-d", address(settings.database_url), str(database))
        except BaseException:
            shutil.rmtree(files, ignore_errors=True)
            raise


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
    """On the same disk, so that moving is all or nothing. No path leads out, none stands for two files, no links or devices (S25)."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as work:
        try:
            with tarfile.open(file, "r:gz") as archive:
                members = archive.getmembers()
                if strange := _strange(members):
                    raise _unreadable(strange)
                _demand_room(members, home)
                archive.extractall(work, members, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise _unreadable(str(error)[:200]) from None
        yield Path(work)


def _strange(members: Sequence[tarfile.TarInfo]) -> str:
    """The first thing in it that a backup never holds; '' where all is as we write it."""
    seen: set[str] = set()
    for member in members:
        first, *rest = member.name.split("/")
        ours = (first == "files" and rest) or (not rest and first in ("about.json", *DATABASES.values()))
        if not member.isreg() or not ours or "" in rest or {".", ".."} & set(rest) or "\\" in member.name or member.name.lower() in seen:
            return member.name[:100]
        seen.add(member.name.lower())
    return "" if "about.json" in seen else "about.json"


def _demand_room(members: Sequence[tarfile.TarInfo], home: Path) -> None:
    needed, free = sum(member.size for member in members), shutil.disk_usage(home).free
    if needed > free:
        raise Problems([Problem("restore-no-room", {"needed": f"{needed >> 20} MB", "free": f"{free >> 20} MB"})])


def _unreadable(why: str) -> Problems:
    return Problems([Problem("backup-unreadable", {"why": why})])
