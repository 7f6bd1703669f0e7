"""A running site: a company with its people and the app `deals` (beside this file), on a database of its own."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from dougong.expr.types import Calendar
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.people import passwords, roles, setup, users
from dougong.people.company import Company
from dougong.people.users import Person
from dougong.records import entry, save
from dougong.runtime import Runtime
from dougong.settings import Settings
from dougong.web.app import create_app

PASSWORD = "maple-river-copper-42"
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}
DESK = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"}
EXPECTED = "422|ERR_INTERNET_DISCONNECTED|htmx:(sendError|afterRequest)"
"""What the console says about refusals and a network that a test takes away."""
_HASH = passwords.hashed(PASSWORD)


@dataclass
class Site:
    runtime: Runtime
    people: dict[str, int] = field(default_factory=dict)

    def make(self, who: str, form: str, **raw: Any) -> str:
        """A record written as that person; its uid."""
        actor = self.runtime.actor(self.people[who])

        def work(ctx: Any) -> str:
            return save.create(ctx, form, entry.parse(ctx, ctx.workspace.forms[form], raw)).uid

        return self.runtime.write(actor, work)

    def client(self, who: str = "", locale: str = "zh-CN") -> Visitor:
        visitor = Visitor(create_app(self.runtime).test_client(), locale)
        if who:
            visitor.sign_in(who)
        return visitor


class Visitor:
    """A browser without a screen: keeps cookies and sends the page's own token."""

    def __init__(self, client: FlaskClient, locale: str) -> None:
        self.http, self.locale = client, locale

    def get(self, url: str, **kwargs: Any) -> TestResponse:
        return self.http.get(url, buffered=True, headers={"Accept-Language": self.locale, **kwargs.pop("headers", {})}, **kwargs)

    def post(self, url: str, data: dict[str, Any] | None = None, token: str | None = None, **kwargs: Any) -> TestResponse:
        given = {"csrf_token": self.token() if token is None else token, **(data or {})}
        return self.http.post(
            url, data=given, buffered=True, headers={"Accept-Language": self.locale, **kwargs.pop("headers", {})}, **kwargs
        )

    def token(self) -> str:
        page = self.get("/", follow_redirects=True).text
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found, page[:2000]
        return found[1]

    def sign_in(self, who: str) -> None:
        answer = self.post("/sign-in", {"name": who, "password": PASSWORD})
        assert answer.status_code == 303, answer.text


def build(home: Path, template: Path, database_url: str = "") -> Site:
    settings = replace(Settings.read({}), home=home, database_url=database_url or f"sqlite:///{home / 'dougong.db'}")
    runtime = Runtime(settings)
    admin = setup.begin(runtime.store, Company("甬城器械", Calendar(), "zh"), Person(name="管理员", login="admin"), PASSWORD)
    site = Site(runtime, {"admin": admin})
    install(runtime, read_folder(template), who="test")
    return site


def staff(site: Site, app: str, roster: dict[str, tuple[str, str, str]]) -> None:
    """login → (name, role, manager's login)."""
    with site.runtime.store.write() as connection:
        for login, (name, role, manager) in roster.items():
            id = users.create(connection, Person(name=name, login=login, manager=site.people.get(manager)))
            passwords.store(connection, id, _HASH)
            roles.give(connection, id, app, role)
            site.people[login] = id


PEOPLE = {"li": ("李敏", "chief", ""), "wang": ("王强", "seller", "li"), "zhou": ("周倩", "seller", "li"), "he": ("何平", "helper", "li")}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """The database that each test gets a copy of."""
    home = tmp_path_factory.mktemp("site")
    made = build(home, Path(__file__).parent / "deals")
    staff(made, "deals", PEOPLE)
    made.runtime.close()
    return home, made.people


@pytest.fixture
def site(tmp_path: Path, prepared: tuple[Path, dict[str, int]]) -> Iterator[Site]:
    home, people = prepared
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    made = Site(Runtime(replace(Settings.read({}), home=tmp_path, database_url=f"sqlite:///{tmp_path / 'dougong.db'}")), dict(people))
    yield made
    made.runtime.close()


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(site.runtime), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """visit('wang', PHONE) → a page of that person, signed in; anything the console reports fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(who: str = "", device: dict[str, Any] = PHONE) -> Page:
        context = browser.new_context(**device, base_url=address)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" and not re.search(EXPECTED, said.text) else None)
        if who:
            page.goto("/sign-in")
            page.fill("[name=name]", who)
            page.fill("[name=password]", PASSWORD)
            page.click("button.primary")
            page.wait_for_url("**/")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults
