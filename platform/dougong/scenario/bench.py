"""Throw-away databases: one is set up with the app, every scenario plays on a copy of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, make_url, text

_numbers = count(1)


class Bench(Protocol):
    def base(self) -> str:
        """The address of the database to set up."""

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The address of a copy of it, gone afterwards. Nobody may be connected to the base any more."""


class SqliteBench:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def base(self) -> str:
        return f"sqlite:///{self._folder / 'base.db'}"

    @contextmanager
    def copy(self) -> Iterator[str]:
        path = self._folder / f"scenario{next(_numbers)}.db"
        shutil.copyfile(self._folder / "base.db", path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for leftover in self._folder.glob(path.name + "*"):
                leftover.unlink()


class PostgresBench:
    """Beside the database of `url`, whose user must be allowed to create databases."""

    def __init__(self, url: str, name: str) -> None:
        self._url = make_url(url)
        self._name = name
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")

    def base(self) -> str:
        self._run(f'CREATE DATABASE "{self._name}"')
        return self._address(self._name)

    @contextmanager
    def copy(self) -> Iterator[str]:
        name = f"{self._name}_{next(_numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self._name}"')
        try:
            yield self._address(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')
        self._admin.dispose()

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def bench(url: str) -> Iterator[Bench]:
    """On the kind of database that `url` names; nothing of it is touched but, on PostgreSQL, its server."""
    with tempfile.TemporaryDirectory(prefix="dougong-test-") as folder:
        if make_url(url).get_backend_name() == "sqlite":
            yield SqliteBench(Path(folder))
            return
        postgres = PostgresBench(url, f"dougong_test_{Path(folder).name[-8:].lower()}")
        try:
            yield postgres
        finally:
            postgres.close()
