"""One archive with the database and all files, taken while people work.

Sessions, API tokens and open links stay out: in what is restored nobody is signed in (THREATS S54).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from dougong.problems import Problem, Problems
from dougong.store.engine import Store

LEFT_OUT = ("dg_session", "dg_token", "dg_link")
DATABASES = {"sqlite": "database.db", "postgresql": "database.dump"}
FORMAT = 1


def make(store: Store, home: Path, file: Path, now: datetime) -> None:
    """The archive appears whole or not at all. Files are added after the database, so that none that it names is missing.

    Raises Problems `backup-failed`, `backup-no-program`.
    """
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as work:
            _write(store, home, Path(work), part, now)
        part.replace(file)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        raise Problems([Problem("backup-failed", {"why": str(error)[:300]})]) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _write(store: Store, home: Path, work: Path, part: Path, now: datetime) -> None:
    database = work / DATABASES[store.dialect]
    if store.dialect == "sqlite":
        _copy_sqlite(make_url(store.url).database or "", database)
    else:
        without = [f"--exclude-table-data={table}" for table in LEFT_OUT]
        run("pg_dump", "-Fc", "--no-owner", *without, "-f", str(database), address(store.url))
    told = {"format": FORMAT, "database": database.name, "sha256": digest(database), "made": now.isoformat()}
    (work / "about.json").write_text(json.dumps(told), "utf-8")
    with tarfile.open(part, "w:gz", compresslevel=6) as archive:
        part.chmod(0o600)
        for path in (work / "about.json", database):
            archive.add(path, path.name)
        files = home / "files"
        for path in sorted(p for p in files.rglob("*") if p.suffix != ".part"):
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                if path.is_file():
                    archive.add(path, f"files/{path.relative_to(files).as_posix()}")


def _copy_sqlite(source: str, target: Path) -> None:
    """SQLite's own way of copying: one unchanging view of the database, beside which others write on."""
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        for table in LEFT_OUT:
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("VACUUM")  # what was deleted is gone from the file, too


def run(program: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs."""
    found = shutil.which(program)
    if found is None:
        raise Problems([Problem("backup-no-program")])
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problems([Problem("backup-failed", {"why": done.stderr.strip()[-300:]})])


def address(url: str) -> str:
    """As PostgreSQL's own programs read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
