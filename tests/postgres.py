"""A PostgreSQL server of our own for the tests: started once, on a socket in a temporary folder, thrown away after."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path:
    """The folder of initdb and postgres, as Debian or the PATH has them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return Path(on_path).parent


FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
"""Nothing of a test's database has to outlive the machine."""


@contextmanager
def server(settings: str = FAST) -> Iterator[str]:
    """Yields an SQLAlchemy address whose database name is to be filled in with `.format(name)`."""
    bin_ = binaries()
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    user = "postgres" if as_owner else getpass.getuser()
    folder = Path(tempfile.mkdtemp(prefix="dg-pg-", dir="/tmp"))  # a socket's path must stay short
    try:
        if as_owner:
            shutil.chown(folder, "postgres")
        data = folder / "data"
        run = [*as_owner, str(bin_ / "initdb"), "-D", str(data), "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-U", user, "-N"]
        subprocess.run(run, check=True, capture_output=True)
        options = f"-k {folder} -c listen_addresses='' {settings} -c max_connections=200"
        control = [*as_owner, str(bin_ / "pg_ctl"), "-D", str(data), "-w"]
        subprocess.run([*control, "-o", options, "-l", str(folder / "log"), "start"], check=True, capture_output=True)
        try:
            yield f"postgresql+psycopg://{user}@/{{}}?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
