"""How workers are woken. The database says what there is to do; a queue only says: look now.

Two transports, one contract (tests/jobs/test_queue.py): whatever was wished for is done at least once; a wish that is lost is
made good by the sweep, which comes every few seconds; a handler that fails harms neither the loop nor the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

SWEEP = "work"
"""The handler that a sweep calls, without arguments."""
SWEEP_SECONDS = 3.0
Handlers = Mapping[str, Callable[[Mapping[str, Any]], object]]
log = logging.getLogger(__name__)


class Queue(Protocol):
    def wake(self, name: str = SWEEP, args: Mapping[str, Any] | None = None) -> None:
        """Asks for handler `name` soon; `args` are JSON. Call it after the commit. Never raises: the sweep makes it good."""

    def start(self, handlers: Handlers) -> None:
        """Begins to work in a thread of its own."""

    def stop(self) -> None:
        """Lets the handler at work finish, then ends the thread."""


def call(handlers: Handlers, name: str, args: Mapping[str, Any]) -> None:
    handler = handlers.get(name)
    if handler is None:
        log.error("no handler named %r", name)
        return
    try:
        handler(args)
    except Exception:  # the next wish must find the loop alive
        log.exception("handler %r failed", name)
