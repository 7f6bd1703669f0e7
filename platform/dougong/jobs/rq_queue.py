"""The queue over Redis, for several processes: RQ's format as an alarm clock, and nothing more.

What lies in Redis is a name and JSON, never code: nothing is imported or unpickled from it, one function name is accepted,
and handlers are looked up among our own (THREATS S3). Redis may stop, be emptied or refuse us: the sweep goes on (R7).
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from dougong.jobs.queue import SWEEP, SWEEP_SECONDS, Handlers, call

RING = "dougong.jobs.ring"  # the only function name we take; it is a word, not a place in our code
FORGET = 60  # seconds after which a wish that nobody took is dropped: the sweep has done it
QUEUE = "dougong"
log = logging.getLogger(__name__)


class RqQueue:
    def __init__(self, url: str, sweep_seconds: float = SWEEP_SECONDS) -> None:
        # Not for processes without Redis: the two take a tenth of a second and 8 MiB.
        import redis
        import rq.exceptions

        self._wishes, self._server = rq, redis
        self._redis = redis.Redis.from_url(url, socket_connect_timeout=2, health_check_interval=30)
        self._rq = rq.Queue(QUEUE, connection=self._redis, serializer=rq.serializers.JSONSerializer)
        self._sweep = sweep_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._away, self._again = False, 0.0

    def wake(self, name: str = SWEEP, args: Mapping[str, Any] | None = None) -> None:
        if self._away and time.monotonic() < self._again:
            return  # nobody waits for what doesn't answer
        wish = [name, dict(args or {})]
        id = hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()
        try:
            self._rq.enqueue_call(RING, args=wish, job_id=id, unique=True, ttl=FORGET, failure_ttl=FORGET, result_ttl=0)
        except self._wishes.exceptions.DuplicateJobError:
            pass  # wished for already
        except self._server.RedisError as error:
            self._is_away(error)
        else:
            self._is_back()

    def start(self, handlers: Handlers) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, args=(handlers,), name="dougong-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._redis.close()

    def _loop(self, handlers: Handlers) -> None:
        swept = float("-inf")
        while not self._stopping.is_set():
            if time.monotonic() - swept >= self._sweep:
                call(handlers, SWEEP, {})
                swept = time.monotonic()
            try:
                wish = self._next()
            except self._server.RedisError as error:
                self._is_away(error)
                self._stopping.wait(min(1.0, self._sweep))
                continue
            self._is_back()
            if wish is not None:
                call(handlers, *wish)

    def _is_away(self, error: Exception) -> None:
        """Told once, not with every save."""
        if not self._away:
            log.warning("Redis is away, work is found by looking every %s seconds: %s", self._sweep, error)
        self._away, self._again = True, time.monotonic() + self._sweep

    def _is_back(self) -> None:
        if self._away:
            log.warning("Redis is back")
        self._away = False

    def _next(self) -> tuple[str, Mapping[str, Any]] | None:
        """The oldest wish; waits for one for at most a second. None where there is none, or it isn't one of ours."""
        try:
            _, id = self._wishes.Queue.lpop([self._rq.key], 1, connection=self._redis)
        except self._wishes.exceptions.DequeueTimeout:
            return None
        wished = id.decode() if isinstance(id, bytes) else id
        job = self._wishes.job.Job(wished, connection=self._redis, serializer=self._wishes.serializers.JSONSerializer)
        try:
            job.restore(self._redis.hgetall(job.key))
            if job.func_name != RING:
                raise ValueError(f"function {job.func_name!r} is not accepted")
            name, args = job.args
            if not isinstance(name, str) or not isinstance(args, dict):
                raise TypeError("a wish is a name and a mapping")
        except self._server.RedisError:
            raise
        except Exception as error:  # whatever somebody else put there
            log.error("refused what lay in Redis: %s", error)
            return None
        finally:
            self._redis.delete(job.key)
        return name, args
