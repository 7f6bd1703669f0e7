"""Where the bytes are. One implementation for now: a folder."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO, Protocol

from dougong.problems import Problem, Problems

_KEY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9a-f]{40}")


def new_key(day: date) -> str:
    """'2026-03-05/<160 random bits>': never made of anything that came from outside; the day lets `strays` be found."""
    return f"{day.isoformat()}/{secrets.token_hex(20)}"


class Storage(Protocol):
    def write(self, key: str, chunks: Iterable[bytes]) -> None:
        """Keeps all of it or, on any error, nothing. A key is written once."""

    def open(self, key: str) -> BinaryIO:
        """Raises KeyError where nothing is kept under the key."""

    def delete(self, key: str) -> None:
        """Harmless when repeated."""

    def keys(self, before: date) -> Iterator[str]:
        """Every key of a day before `before`."""


class Disk:
    """Files in a folder of their own, one folder a day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, key: str, chunks: Iterable[bytes]) -> None:
        path = self._path(key)
        part = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                for chunk in chunks:
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            part.replace(path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                part.unlink()
            if isinstance(error, OSError):
                raise Problems([Problem("no-room-for-files")]) from error
            raise

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise KeyError(key) from None

    def delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        path.with_suffix(".part").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the day still holds others
            path.parent.rmdir()

    def keys(self, before: date) -> Iterator[str]:
        if not self.folder.is_dir():
            return
        for day in sorted(self.folder.iterdir()):
            if day.is_dir() and day.name < before.isoformat():
                yield from (key for f in sorted(day.iterdir()) if _KEY.fullmatch(key := f"{day.name}/{f.stem}"))

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise KeyError(key)
        return self.folder / key
