"""The server that is measured, as a process of its own: `dougong serve` with pages, API and the embedded worker.

`python -m tests.benchmarks.server PORT PROCESSES` with DATABASE_URL and DOUGONG_HOME in the environment.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dougong.cli import serve
from tests.benchmarks.measure import Client

ROOT = Path(__file__).parents[2]
ANSWERS_WITHIN = 60


def main(port: str, processes: str) -> None:
    serve.serve.main(["--port", port, "--processes", processes], standalone_mode=False)


class Server:
    """`seconds` is what it took from the start of the process to the first answer."""

    def __init__(self, port: int, pid: int, seconds: float) -> None:
        self.port, self.pid, self.seconds = port, pid, seconds

    def cpu(self) -> float:
        """Seconds of processor time so far, its worker's included."""
        ticks = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MiB."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return int(found[1]) / 1024


@contextmanager
def running(home: Path, url: str, token: str, processes: int = 1) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    env = {**os.environ, "DATABASE_URL": url, "DOUGONG_HOME": str(home), "PYTHONPATH": path}
    _compile()
    begun = time.perf_counter()
    with (home / "server.log").open("ab") as log:
        command = [sys.executable, "-m", "tests.benchmarks.server", str(port), str(processes)]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        _await(port, token, process)
        yield Server(port, process.pid, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(30)


def _compile() -> None:
    """Python finds the package compiled, as pip leaves it when it installs."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "platform"), str(Path(__file__).parent)], check=False)


def _await(port: int, token: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + ANSWERS_WITHIN
    while True:
        try:
            with closing(Client(port, token)) as client:
                client.get("/api/v1/bench/customer", limit=1)
            return
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
