"""The queue inside the web process: one daemon thread, for workspaces without Redis."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

from dougong.jobs.queue import SWEEP, SWEEP_SECONDS, Handlers, call


class Embedded:
    def __init__(self, sweep_seconds: float = SWEEP_SECONDS) -> None:
        self._sweep = sweep_seconds
        self._wishes: dict[str, None] = {}  # as JSON, in order; the same wish twice is one
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def wake(self, name: str = SWEEP, args: Mapping[str, Any] | None = None) -> None:
        with self._changed:
            self._wishes[json.dumps([name, dict(args or {})], sort_keys=True)] = None
            self._changed.notify()

    def start(self, handlers: Handlers) -> None:
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, args=(handlers,), name="dougong-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _loop(self, handlers: Handlers) -> None:
        swept = float("-inf")
        while not self._stopping:
            if time.monotonic() - swept >= self._sweep:
                call(handlers, SWEEP, {})
                swept = time.monotonic()
            for wish in self._take(swept + self._sweep - time.monotonic()):
                name, args = json.loads(wish)
                call(handlers, name, args)

    def _take(self, seconds: float) -> list[str]:
        with self._changed:
            if not self._wishes and not self._stopping:
                self._changed.wait(max(seconds, 0.01))
            taken, self._wishes = list(self._wishes), {}
        return taken
