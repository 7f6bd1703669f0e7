from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from dougong.clock import VirtualClock
from dougong.runtime import Runtime
from tests.records.ground import MONDAY, Base, Ground, set_up, settings

Make = Callable[..., Ground]
PEOPLE: dict[str, dict[str, Any]] = {
    "li": {"roles": ["clerk"]},
    "wang": {"manager": "li", "roles": ["clerk"]},
    "zhao": {"manager": "li", "roles": ["clerk"]},
}


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Base]:
    """App and people, installed once on each kind of database; every test works on a copy."""
    return {"": (str(tmp_path_factory.mktemp("bases")), None, {})}  # type: ignore[dict-item]  # the folder stands beside them


@pytest.fixture
def workspace(database_url: str, bases: dict[str, Base]) -> Iterator[Make]:
    """`workspace(form, role, …, people=…)`: the YAML texts of an app, up and running on this test's own database."""
    made: list[Ground] = []

    def make(*app: str, people: Mapping[str, Mapping[str, Any]] = PEOPLE, url: str = database_url) -> Ground:
        where, compiled, ids = _base(bases, url, app, people)
        _copy(where, url)
        clock = VirtualClock(MONDAY)
        made.append(Ground(Runtime(settings(url), clock, prepared=compiled), clock, ids))
        return made[-1]

    yield make
    for ground in made:
        ground.runtime.close()


def _base(bases: dict[str, Base], url: str, app: tuple[str, ...], people: Mapping[str, Mapping[str, Any]]) -> Base:
    name = json.dumps([make_url(url).get_backend_name(), app, people], default=str)
    if name not in bases:
        if make_url(url).get_backend_name() == "sqlite":
            where = f"sqlite:///{bases[''][0]}/{len(bases)}.db"
        else:
            base = f"base{uuid4().hex}"
            where = make_url(url).set(database=base).render_as_string(hide_password=False)
            _admin(url, f"CREATE DATABASE {base}")
        bases[name] = (where, *set_up(where, app, people))
    return bases[name]


def _copy(base: str, url: str) -> None:
    source, target = make_url(base).database or "", make_url(url).database or ""
    if url.startswith("sqlite"):
        shutil.copyfile(source, target)
        return
    _admin(url, f"DROP DATABASE {target}")
    _admin(url, f"CREATE DATABASE {target} TEMPLATE {source}")


def _admin(url: str, statement: str) -> None:
    engine = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
