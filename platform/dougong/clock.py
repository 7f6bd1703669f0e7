"""The one place that knows the time. Scenario tests and backtests bring a clock of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant: UTC, cut to milliseconds."""


class SystemClock:
    def now(self) -> datetime:
        return to_millis(datetime.now(UTC))


class VirtualClock:
    """Stands still until it is moved; never moves back."""

    def __init__(self, at: datetime) -> None:
        self._now = to_millis(at.astimezone(UTC))

    def now(self) -> datetime:
        return self._now

    def move_to(self, at: datetime) -> None:
        self._now = max(self._now, to_millis(at.astimezone(UTC)))


def to_millis(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
