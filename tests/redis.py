"""A Redis server of our own for the tests: on a socket in a temporary folder, nothing written, thrown away after."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN = 10.0  # seconds


@contextmanager
def server() -> Iterator[str]:
    """Yields its address."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("Redis is not installed: apt-get install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="dg-redis-", dir="/tmp"))  # a socket's path must stay short
    socket = folder / "socket"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    process = subprocess.Popen([program, *options, "--logfile", str(folder / "log")])
    try:
        until = time.monotonic() + STARTS_WITHIN
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Redis did not start: {(folder / 'log').read_text()}")
            time.sleep(0.01)
        yield f"unix://{socket}?db=0"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
