"""A prepared workspace, and people in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dougong.people import tables, users
from dougong.people.users import Person
from dougong.store.engine import Store

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PASSWORD = "lattice pine 37"
assert tables.user is not None  # imported, so that Store.prepare makes them


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.prepare()
    yield store
    store.close()


def hire(store: Store, name: str, **entries: object) -> int:
    """A person who signs in by login name; the id."""
    entries.setdefault("login", name)
    with store.write() as connection:
        return users.create(connection, Person(name=name, **entries))  # type: ignore[arg-type]
