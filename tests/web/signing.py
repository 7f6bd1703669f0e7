"""A small app with the sign-in and people pages, and a browser for it that keeps cookies and sends the page's own proof."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

from flask import Flask, g
from werkzeug.test import Client, TestResponse

from dougong.clock import VirtualClock
from dougong.expr.types import Calendar
from dougong.people import company, passwords, roles, tables, users
from dougong.people.users import Person
from dougong.settings import Settings
from dougong.spec.app import App, Role, Workspace
from dougong.spec.label import Label
from dougong.store.engine import Store
from dougong.web import account, bundle, language, people_pages, session, setup, signin, team_pages
from dougong.web.formats import Reader

BASE = "http://crm.example"
PASSWORD = "lattice pine 37"
HASH = passwords.hashed(PASSWORD)
DESK = App("desk", Label("服务台", {"en": "Desk"}), "1", roles={
    name: Role(name, "desk", Label(name), {}) for name in ("agent", "lead")
})
assert tables.user is not None


@dataclass
class House:
    """The part of the running workspace that these pages use, over a real database."""

    store: Store
    settings: Settings
    clock: VirtualClock

    def workspace(self) -> Workspace:
        return Workspace(1, {"desk": DESK}, {}, {}, name="斗拱", locale="en")


def house(url: str, base_url: str = BASE, *, begun: bool = True) -> House:
    store = Store(url)
    store.prepare()
    if begun:
        with store.exclusive() as connection:
            company.change(connection, company.Company("斗拱"))
    return House(store, Settings.read({"DOUGONG_BASE_URL": base_url}), VirtualClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))


def app(house: House) -> Flask:
    made = Flask("dougong.web")
    made.secret_key = "only for flashed messages in tests"
    made.testing = True
    bundle.install(made)
    made.jinja_env.globals["rail_folded"] = lambda: False
    language.install(made, lambda: Reader(g.locale, Calendar(), house.clock.now()))
    session.install(made, house, frozenset({"api"}))
    for part in (signin, setup, account, people_pages, team_pages):
        made.register_blueprint(part.blueprint(house))
    made.context_processor(lambda: {"shell": {"workspace": "斗拱", "bar": [], "rail": [], "foot": []}})

    @made.get("/")
    def home() -> str:
        return f"{g.actor.name} {sorted(g.actor.roles)} {g.locale}"

    return made


class Browser(Client):
    """Posts forms as the page they stand on would."""

    def __init__(self, made: Flask, address: str = "10.0.0.1") -> None:
        super().__init__(made)
        self.address = address

    def open(self, *args: Any, **options: Any) -> TestResponse:
        options["base_url"] = options.get("base_url", BASE)
        options["environ_base"] = {"REMOTE_ADDR": self.address}
        return super().open(*args, **options)

    def proof(self, path: str = "/sign-in") -> str:
        found = re.search(r'name="csrf_token" value="(\w+)"', self.get(path).text)
        if found is None:
            found = re.search(r'name="csrf-token" content="(\w+)"', self.get("/me/devices").text)
        assert found is not None
        return found[1]

    def send(self, path: str, page: str = "", /, **fields: Any) -> TestResponse:
        """Posts `fields` as the form on `page` (default: the same path)."""
        return self.post(path, data={"csrf_token": self.proof(page or path), **fields})

    def enter(self, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        return self.send("/sign-in", name=name, password=password, **fields)


def employ(house: House, name: str, *held: tuple[str, str], **entries: Any) -> int:
    """Somebody who can sign in as `name`."""
    with house.store.write() as connection:
        id = users.create(connection, Person(name=name, login=name, language="en", **entries))
        passwords.store(connection, id, HASH)
        for pair in held:
            roles.give(connection, id, *pair)
    return id


def words(response: TestResponse) -> str:
    """The page's text without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())
