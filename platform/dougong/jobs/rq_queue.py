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

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue as Rq
from rq.exceptions import DequeueTimeout, DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from dougong.jobs.queue import SWEEP, SWEEP_SECONDS, Handlers, call

RING = "dougong.jobs.ring"  # the only function name we take; it is a word, not a place in our code
FORGET = 60  # seconds after which a wish that nobody took is dropped: the sweep has done it
QUEUE = "dougong"
log = logging.getLogger(__name__)


class RqQueue:
    def __init__(self, url: str, sweep_seconds: float = SWEEP_SECONDS) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=2, health_check_interval=30)
        self._rq = Rq(QUEUE, connection=self._redis, serializer=JSONSerializer)
        self._sweep = sweep_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self, name: str = SWEEP, args: Mapping[str, Any] | None = None) -> None:
        wish = [name, dict(args or {})]
        id = hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()
        try:
            self._rq.enqueue_call(RING, args=wish, job_id=id, unique=True, ttl=FORGET, failure_ttl=FORGET, result_ttl=0)
        except DuplicateJobError:
            return  # wished for already
        except RedisError as error:
            log.warning("Redis is away: %s", error)

    def start(self, handlers: Handlers) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, args=(handlers,), name="dougong-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._redis.close()

    def healthy(self) -> bool:
        """For the health page."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def _loop(self, handlers: Handlers) -> None:
        swept = float("-inf")
        while not self._stopping.is_set():
            if time.monotonic() - swept >= self._sweep:
                call(handlers, SWEEP, {})
                swept = time.monotonic()
            try:
                wish = self._next()
            except RedisError as error:
                log.warning("Redis is away: %s", error)
                self._stopping.wait(min(1.0, self._sweep))
                continue
            if wish is not None:
                call(handlers, *wish)

    def _next(self) -> tuple[str, Mapping[str, Any]] | None:
        """The oldest wish; waits for one for at most a second. None where there is none, or it isn't one of ours."""
        try:
            _, id = Rq.lpop([self._rq.key], 1, connection=self._redis)
        except DequeueTimeout:
            return None
        job = Job(id.decode() if isinstance(id, bytes) else id, connection=self._redis, serializer=JSONSerializer)
        try:
            job.restore(self._redis.hgetall(job.key))
            if job.func_name != RING:
                raise ValueError(f"function {job.func_name!r} is not accepted")
            name, args = job.args
            if not isinstance(name, str) or not isinstance(args, dict):
                raise TypeError("a wish is a name and a mapping")
        except RedisError:
            raise
        except Exception as error:  # whatever somebody else put there
            log.error("refused what lay in Redis: %s", error)
            return None
        finally:
            self._redis.delete(job.key)
        return name, args
