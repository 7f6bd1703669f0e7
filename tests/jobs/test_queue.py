"""One contract for both transports."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from redis import Redis
from rq import Queue as Rq

from dougong.jobs.embedded import Embedded
from dougong.jobs.queue import SWEEP, Queue
from dougong.jobs.rq_queue import QUEUE, RqQueue

NEVER, SOON = 3600.0, 0.05


class Calls:
    """What handlers were asked for."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Mapping[str, Any]]] = []
        self._changed = threading.Condition()

    def handler(self, name: str, fails: bool = False) -> Callable[[Mapping[str, Any]], None]:
        def handle(args: Mapping[str, Any]) -> None:
            with self._changed:
                self.seen.append((name, args))
                self._changed.notify_all()
            if fails:
                raise RuntimeError("planted")

        return handle

    def wait_for(self, name: str, times: int = 1) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: [n for n, _ in self.seen].count(name) >= times, timeout=10)


Start = Callable[..., Queue]


@pytest.fixture(params=["embedded", "redis"])
def make(request: pytest.FixtureRequest) -> Iterator[Start]:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    if url:
        with Redis.from_url(url) as redis:
            redis.flushall()
    made: list[Queue] = []

    def make_one(sweep: float = NEVER) -> Queue:
        made.append(RqQueue(url, sweep) if url else Embedded(sweep))
        return made[-1]

    yield make_one
    for queue in made:
        queue.stop()


def test_a_wish_reaches_its_handler_with_its_arguments(make: Start) -> None:
    calls, queue = Calls(), make()
    queue.start({SWEEP: calls.handler(SWEEP), "import": calls.handler("import")})
    queue.wake("import", {"job": "7", "名": "客户"})
    assert calls.wait_for("import")
    assert ("import", {"job": "7", "名": "客户"}) in calls.seen


def test_wishes_before_the_start_are_not_lost(make: Start) -> None:
    calls, queue = Calls(), make()
    queue.wake("late")
    queue.start({SWEEP: calls.handler(SWEEP), "late": calls.handler("late")})
    assert calls.wait_for("late")


def test_the_same_wish_many_times_is_done_few_times(make: Start) -> None:
    calls, queue = Calls(), make()
    for _ in range(50):
        queue.wake("often")
    queue.start({SWEEP: calls.handler(SWEEP), "often": calls.handler("often"), "last": calls.handler("last")})
    queue.wake("last")
    assert calls.wait_for("last")
    assert [name for name, _ in calls.seen].count("often") == 1


def test_a_handler_that_fails_stops_nothing(make: Start) -> None:
    calls, queue = Calls(), make()
    queue.start({SWEEP: calls.handler(SWEEP), "bad": calls.handler("bad", fails=True), "good": calls.handler("good")})
    queue.wake("bad")
    queue.wake("unheard of")
    queue.wake("good")
    assert calls.wait_for("good")


def test_the_sweep_comes_without_a_wish(make: Start) -> None:
    calls, queue = Calls(), make(SOON)
    queue.start({SWEEP: calls.handler(SWEEP)})
    assert calls.wait_for(SWEEP, times=3)


def test_without_redis_wishes_are_harmless_and_sweeps_go_on() -> None:
    calls, queue = Calls(), RqQueue("redis://127.0.0.1:1/0", SOON)
    queue.wake("lost")
    queue.start({SWEEP: calls.handler(SWEEP)})
    assert calls.wait_for(SWEEP, times=2)
    queue.stop()


def test_that_redis_is_away_is_told_once_and_not_with_every_save(caplog: pytest.LogCaptureFixture) -> None:
    calls, queue = Calls(), RqQueue("redis://127.0.0.1:1/0", SOON)
    queue.start({SWEEP: calls.handler(SWEEP)})
    for _ in range(20):
        queue.wake()
    assert calls.wait_for(SWEEP, times=3)
    queue.stop()
    assert [record.message.startswith("Redis is away") for record in caplog.records] == [True]


@pytest.mark.parametrize("planted", ["pickle", "function", "shape", "text"])
def test_what_others_put_into_redis_is_refused_and_not_run(redis_url: str, planted: str, tmp_path: Any) -> None:
    mark = tmp_path / "ran"
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        if planted == "pickle":
            Rq(QUEUE, connection=redis).enqueue("pathlib.Path.touch", mark)
        elif planted == "function":
            Rq(QUEUE, connection=redis, serializer="json").enqueue("os.mkdir", str(mark))
        elif planted == "shape":
            Rq(QUEUE, connection=redis, serializer="json").enqueue("dougong.jobs.ring", 1, 2, 3)
        else:
            redis.rpush(f"rq:queue:{QUEUE}", "no-such-job")
    calls, queue = Calls(), RqQueue(redis_url, NEVER)
    queue.start({SWEEP: calls.handler(SWEEP), "good": calls.handler("good")})
    queue.wake("good")
    assert calls.wait_for("good")
    queue.stop()
    assert not mark.exists()
    assert {name for name, _ in calls.seen} == {SWEEP, "good"}
