"""The workspace that the settings name, for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dougong.runtime import Runtime
from dougong.settings import Settings


@contextmanager
def opened(address: str = "") -> Iterator[Runtime]:
    """`address` is what people type where DOUGONG_BASE_URL says nothing; without either no link is sent."""
    settings = Settings.read()
    runtime = Runtime(replace(settings, base_url=settings.base_url or address))
    try:
        yield runtime
    finally:
        runtime.close()
