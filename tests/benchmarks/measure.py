"""Timings of one kind of work, and a client that is an ordinary user with a token."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Timing:
    """Milliseconds."""

    p50: float
    p95: float

    def __str__(self) -> str:
        return f"{self.p50:.1f} · {self.p95:.1f}"


def timed(work: Callable[[int], Any], times: int, warm: int = 3) -> Timing:
    """`work(i)` so often; the first few are not counted."""
    taken = []
    for number in range(-warm, times):
        begun = time.perf_counter()
        work(number + warm)
        if number >= 0:
            taken.append((time.perf_counter() - begun) * 1000)
    return Timing(percentile(taken, 0.5), percentile(taken, 0.95))


def percentile(taken: list[float], share: float) -> float:
    return sorted(taken)[min(int(len(taken) * share), len(taken) - 1)]


class Client:
    """One connection that is kept open."""

    def __init__(self, port: int, token: str) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        pairs = "&".join(f"{k}={quote(str(one))}" for k, v in query.items() for one in (v if isinstance(v, list) else [v]))
        return self._send("GET", f"{path}?{pairs}" if pairs else path)

    def post(self, path: str, values: dict[str, Any]) -> Any:
        return self._send("POST", path, json.dumps({"values": values}))

    def _send(self, method: str, path: str, body: str | None = None) -> Any:
        self._http.request(method, path, body, self._headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)
