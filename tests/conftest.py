"""What all tests share: real databases, both of them, a real Redis, a real browser.

Nothing is skipped: where a program isn't there, the tests that need it fail. `python3 .start test` names what it could not install
in DOUGONG_TEST_WITHOUT; the tests that need it are then left out, and listed one by one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import create_engine, text

from tests import browser as browsers
from tests import postgres, redis

_numbers = count(1)
NEEDS = {
    "postgresql": "postgres_address", "redis": "redis_url", "chromium": "browser",
    "poppler": "pdf_text", "font": "pdf_text", "pango": "pdf_text",
}  # fmt: skip
"""What may be lacking → the fixture by which a test asks for it; a test may also ask by a parameter of that name."""
_left_out: list[str] = []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lacking = os.environ.get("DOUGONG_TEST_WITHOUT", "").split()
    out = [item for item in items if any(_asks_for(item, name) for name in lacking)]
    if out:
        _left_out.extend(item.nodeid for item in out)
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def _asks_for(item: pytest.Item, name: str) -> bool:
    callspec = getattr(item, "callspec", None)
    return NEEDS[name] in getattr(item, "fixturenames", ()) or (callspec is not None and name in callspec.params.values())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _left_out:
        terminalreporter.section(f"left out, not run: {len(_left_out)} tests, without {os.environ['DOUGONG_TEST_WITHOUT']}")
        for name in _left_out:
            terminalreporter.write_line(name)


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    with postgres.server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database; every test that asks for it runs on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'dougong.db'}"
        return
    address = request.getfixturevalue("postgres_address")
    name = f"t{next(_numbers)}"
    admin = create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        version = connection.dialect.server_version_info or (0,)
        fast = " STRATEGY FILE_COPY" if version >= (15,) else ""  # six times faster than through the log; earlier versions do just that
        connection.execute(text(f"CREATE DATABASE {name}{fast}"))
    yield address.format(name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of this run's own; a test begins by emptying what it uses."""
    with redis.server() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as opened:
        yield opened


@pytest.fixture
def page_phone(browser: Browser) -> Iterator[Page]:
    with browsers.page(browser, browsers.PHONE) as page:
        yield page


@pytest.fixture
def page_desk(browser: Browser) -> Iterator[Page]:
    with browsers.page(browser, browsers.DESK) as page:
        yield page


@pytest.fixture
def pdf_text() -> Callable[[Path], str]:
    """What a person can select in a PDF."""
    return lambda path: subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True).stdout
