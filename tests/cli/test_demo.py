"""The main job: one command, the sales app with sample data, a page to sign in on."""

from __future__ import annotations

import base64
import io
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from dougong.web import bundle


@contextmanager
def running(home: Path, last: str, *more: str) -> Iterator[str]:
    """What the command has printed by the time it serves, up to the line with `last` in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [sys.executable, "-u", "-c", "from dougong.cli.main import main; main()"]
    command = [*program, "demo", *more, "--port", str(port), "--keep", str(home)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "platform"), "DOUGONG_LANG": "zh"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if last in line:
                break
        try:
            yield told
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path, "Ctrl+C") as told:
        yield told


READ = """async ([picture, decoder]) => {
    const drawn = new Image();
    drawn.src = picture;
    await drawn.decode();
    const canvas = document.createElement("canvas");
    canvas.width = drawn.width;
    canvas.height = drawn.height;
    canvas.getContext("2d").drawImage(drawn, 0, 0);
    return (await import(decoder)).decode(canvas);
}"""


def photographed(blocks: list[str]) -> str:
    """The half blocks as one sees them, light on dark, as the address of a PNG."""
    sides = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    picture = Image.new("1", (len(blocks[0]), 2 * len(blocks)))
    for y, line in enumerate(blocks):
        for x, block in enumerate(line):
            for half, light in enumerate(sides[block]):
                picture.putpixel((x, 2 * y + half), light)
    out = io.BytesIO()
    picture.resize((picture.width * 8, picture.height * 8)).convert("RGB").save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def test_the_code_for_phones_is_read_back_and_its_address_opens(tmp_path: Path, page_phone: Page) -> None:
    with running(tmp_path, "▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀", "--phone", "examples/first") as told:
        blocks = [line for line in told.splitlines() if line and set(line) <= set("█▀▄ ")]
        local = re.search(r":(\d+)/", told)
        assert local and len(blocks) > 12, told
        page_phone.goto(f"http://127.0.0.1:{local[1]}/")
        (decoder,) = (path.name for path in bundle.DIST.glob("decode-*.js"))
        read = page_phone.evaluate(READ, [photographed(blocks), f"/static/dist/{decoder}"])
        assert read in told and read.endswith(f":{local[1]}/")
        page_phone.goto(read)
        assert page_phone.url == f"{read}sign-in?next=/"
        assert page_phone.locator("[name=password]").is_visible()


def test_it_prints_an_address_and_random_passwords_and_serves(demo: str) -> None:
    address = re.search(r"http://127\.0\.0\.1:\d+/", demo)
    assert address, demo
    people = dict(re.findall(r"^  (\w+) +(\S{8,}) ", demo, re.MULTILINE))
    assert {"admin", "zhou", "li", "wang"} <= set(people)
    assert len(set(people.values())) == len(people)
    with urllib.request.urlopen(address[0], timeout=30) as page:
        assert page.status == 200
        assert "/sign-in" in page.url
