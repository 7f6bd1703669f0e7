"""A thread of its own for what may take long and isn't urgent, so that rules and messages don't wait for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Repeating:
    """Calls `work` again and again with a pause between; what it raises ends that call alone."""

    def __init__(self, work: Callable[[], object], name: str, seconds: float = 60) -> None:
        self._work, self._name, self._seconds = work, name, seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Lets a call at work finish."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self._work()
            except Exception:  # the next call must find the thread alive
                log.exception("%s failed", self._name)
