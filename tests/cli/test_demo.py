"""The main job: one command, the sales app with sample data, a page to sign in on."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """What the command has printed by the time it serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-u",
        "-c",
        "from dougong.cli.main import main; main()",
        "demo",
        "--port",
        str(port),
        "--keep",
        str(tmp_path),
    ]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "platform"), "DOUGONG_LANG": "zh"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if "Ctrl+C" in line:
                break
        try:
            yield told
        finally:
            process.terminate()
            process.wait(20)


def test_it_prints_an_address_and_random_passwords_and_serves(demo: str) -> None:
    address = re.search(r"http://127\.0\.0\.1:\d+/", demo)
    assert address, demo
    people = dict(re.findall(r"^  (\w+) +(\S{8,}) ", demo, re.MULTILINE))
    assert {"admin", "zhou", "li", "wang"} <= set(people)
    assert len(set(people.values())) == len(people)
    with urllib.request.urlopen(address[0], timeout=30) as page:
        assert page.status == 200
        assert "/sign-in" in page.url
