from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.forms import Shop


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    shop = Shop(database_url)
    yield shop
    shop.store.close()
