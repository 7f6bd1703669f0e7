"""A database with two people in it, and a folder for files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from dougong.files import tables  # noqa: F401 - so that `prepare` makes its table
from dougong.files.storage import Disk
from dougong.people.tables import user
from dougong.store.engine import Store

NOW = datetime(2026, 3, 5, 6, 30, tzinfo=UTC)
WANG, LI = 1, 2


@dataclass
class Office:
    store: Store
    disk: Disk


def kept_in(disk: Disk) -> list[Path]:
    """Every file in the folder."""
    return sorted(p for p in disk.folder.rglob("*") if p.is_file())


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "files")


@pytest.fixture
def office(database_url: str, disk: Disk) -> Iterator[Office]:
    store = Store(database_url)
    store.prepare()
    with store.write() as connection:
        for id, name in ((WANG, "王强"), (LI, "李敏")):
            connection.execute(insert(user).values(id=id, uid=f"u{id}", name=name, active=True))
    yield Office(store, disk)
    store.close()
