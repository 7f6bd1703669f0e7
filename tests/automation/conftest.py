from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.automation.world import World, build
from tests.notify.receiver import Receiver

Make = Callable[..., World]


@pytest.fixture
def make(database_url: str) -> Iterator[Make]:
    """Builds a world on the test's database."""
    made: list[World] = []

    def make_one(*automations: str, **more: Any) -> World:
        made.append(build(database_url, *automations, **more))
        return made[-1]

    yield make_one
    for world in made:
        world.store.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
