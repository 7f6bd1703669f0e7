"""The workspace that the settings name, for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dougong.runtime import Runtime
from dougong.settings import Settings


@contextmanager
def opened() -> Iterator[Runtime]:
    runtime = Runtime(Settings.read())
    try:
        yield runtime
    finally:
        runtime.close()
