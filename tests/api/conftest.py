"""A company with the app `desk`, its people and their tokens, behind the API alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from dougong.api import door
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.people import roles, tokens, users
from dougong.people.users import Person
from dougong.records import entry, save
from dougong.runtime import Runtime
from dougong.settings import Settings

DESK = Path(__file__).parent / "desk"


@dataclass
class Site:
    runtime: Runtime
    app: Flask
    people: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str, method: str, address: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Accept-Language": "en", **more.pop("headers", {})}
        if body is not None:
            more |= {"data": json.dumps(body), "content_type": "application/json"}
        return self.app.test_client().open(f"/api/v1/{address}", method=method, headers=headers, buffered=True, **more)

    def make(self, who: str, form: str, raw: Mapping[str, Any]) -> str:
        """A record written as that person, not through the API; its uid."""
        actor = self.runtime.actor(self.people[who])
        return self.runtime.write(actor, lambda ctx: save.create(ctx, form, entry.parse(ctx, ctx.workspace.forms[form], raw)).uid)


def codes(answer: TestResponse) -> list[str]:
    return [p["code"] for p in answer.json["problems"]]


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    runtime = Runtime(replace(Settings.read({}), home=tmp_path, database_url=database_url))
    install(runtime, read_folder(DESK), who="test")
    app = Flask(__name__)
    app.register_blueprint(door.blueprint(runtime))
    made = Site(runtime, app)
    with runtime.store.write() as connection:
        for login, role in {"li": "boss", "wang": "clerk", "zhou": "clerk", "none": ""}.items():
            made.people[login] = users.create(connection, Person(name=login, login=login))
            if role:
                roles.give(connection, made.people[login], "desk", role)
            made.tokens[login] = tokens.create(connection, made.people[login], "test", runtime.clock.now(), timedelta(days=1))
    yield made
    runtime.close()
