"""`dougong serve --processes`: several processes answer on one address; a dead one is replaced, and the end is everybody's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-c", "from dougong.cli.main import main; main()"]
WITHIN = 60


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process that looks after two others, and their address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = str(Path(__file__).parents[2] / "platform")
    env = {**os.environ, "PYTHONPATH": path, "DATABASE_URL": database_url, "DOUGONG_HOME": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*PROGRAM, "serve", "--processes", "2", "--port", str(port)], env=env, stdout=log, stderr=log)
    try:
        yield process, f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(WITHIN)


def serving(parent: int) -> set[int]:
    """The processes below it that serve: children but for Python's own keeper of resources."""
    below = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(pid) for pid in below if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def is_there(pid: int) -> bool:
    """A zombie isn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < end
        os.sched_yield()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=WITHIN) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_a_killed_process_is_replaced_and_the_end_of_the_first_is_the_end_of_all(served: tuple[subprocess.Popen[bytes], str]) -> None:
    process, address = served
    until(lambda: answers(address) and len(serving(process.pid)) == 2)
    gone, stays = sorted(serving(process.pid))
    os.kill(gone, signal.SIGKILL)
    assert answers(address)
    until(lambda: len(serving(process.pid) - {gone}) == 2)
    mine = serving(process.pid)
    assert stays in mine
    process.send_signal(signal.SIGTERM)
    assert process.wait(WITHIN) == 0
    assert not [pid for pid in mine if is_there(pid)]
    assert not answers(address)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_processes_that_nobody_looks_after_end_by_themselves(served: tuple[subprocess.Popen[bytes], str]) -> None:
    process, address = served
    until(lambda: answers(address) and len(serving(process.pid)) == 2)
    mine = serving(process.pid)
    process.kill()
    until(lambda: not any(is_there(pid) for pid in mine))
