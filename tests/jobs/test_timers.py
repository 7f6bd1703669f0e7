"""Timers: each once, by its key; one that fails stops nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dougong.clock import VirtualClock
from dougong.context import SYSTEM, Ctx
from dougong.jobs import background, timers
from dougong.jobs.timers import MOST_ATTEMPTS, Timer
from dougong.problems import Problem, Problems
from dougong.spec.app import Workspace
from dougong.store.engine import Store

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Bench:
    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.store.prepare()
        self.clock = VirtualClock(NOW)
        self.rung: list[str] = []

    @contextmanager
    def open(self) -> Iterator[Ctx]:
        with self.store.write() as connection:
            yield Ctx(Workspace(1, {}, {}, {}), connection, SYSTEM, self.clock, self.clock.now())

    def put(self, key: str, minutes: float, kind: str = "k", owner: str = "") -> None:
        with self.open() as ctx:
            timers.put(ctx.connection, Timer(key, kind, NOW + timedelta(minutes=minutes), {"key": key}, owner))

    def ring(self, minutes: float) -> int:
        self.clock.move_to(NOW + timedelta(minutes=minutes))
        return timers.ring(self.open, {"k": self.note, "bad": self.fail})

    def note(self, ctx: Ctx, payload: Mapping[str, Any]) -> None:
        self.rung.append(payload["key"])

    def fail(self, ctx: Ctx, payload: Mapping[str, Any]) -> None:
        timers.put(ctx.connection, Timer("left behind", "k", NOW, {"key": "left behind"}))
        raise RuntimeError("planted")


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = Bench(database_url)
    yield made
    made.store.close()


def test_timers_ring_in_the_order_of_their_due_time_and_once(bench: Bench) -> None:
    for key, minutes in (("c", 30), ("a", 10), ("b", 20)):
        bench.put(key, minutes)
    assert (bench.ring(25), bench.ring(25), bench.ring(60)) == (2, 0, 1)
    assert bench.rung == ["a", "b", "c"]


def test_the_same_key_is_the_same_timer_moved(bench: Bench) -> None:
    bench.put("a", 10)
    bench.put("a", 50)
    assert (bench.ring(20), bench.ring(50)) == (0, 1)


def test_timers_are_cancelled_alone_or_with_their_owner(bench: Bench) -> None:
    for key, owner in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "y")):
        bench.put(key, 1, owner=owner)
    with bench.open() as ctx:
        timers.cancel_all(ctx.connection, "k", "x")
        timers.cancel(ctx.connection, "c")
    bench.ring(5)
    assert bench.rung == ["d"]


def test_one_that_fails_leaves_nothing_behind_is_tried_again_and_at_last_listed(bench: Bench) -> None:
    bench.put("bad", 1, kind="bad")
    bench.put("good", 2)
    for minutes in range(1, 60 * 24, 30):
        bench.ring(minutes)
    assert bench.rung == ["good"]
    with bench.open() as ctx:
        (given_up,) = timers.given_up(ctx.connection)
        assert (given_up["key"], given_up["attempts"], given_up["error"]) == ("bad", MOST_ATTEMPTS, "planted")
        assert timers.next_due(ctx.connection) is None
        assert timers.retry(ctx.connection, given_up["id"], NOW) and not timers.retry(ctx.connection, given_up["id"], NOW)
        assert timers.next_due(ctx.connection) == NOW


class Works:
    def __init__(self, *answers: Any) -> None:
        self.answers, self.seen = list(answers), list[Mapping[str, Any]]()

    def __call__(self, open_: background.Open, job: background.Job) -> Any:
        self.seen.append(job.progress)
        with open_() as ctx:
            job.report(ctx, done=len(self.seen), total=3)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def submitted(bench: Bench) -> str:
    with bench.open() as ctx:
        return background.submit(ctx, "import", {"file": "a"})


def test_a_job_keeps_its_progress_and_goes_on_after_a_crash(bench: Bench) -> None:
    uid, work = submitted(bench), Works(KeyboardInterrupt(), {"rows": 9})
    with pytest.raises(KeyboardInterrupt):
        background.work(bench.open, {"import": work})
    bench.clock.move_to(NOW + timedelta(minutes=4))
    assert background.work(bench.open, {"import": work}) == 0
    bench.clock.move_to(NOW + timedelta(minutes=6))
    assert background.work(bench.open, {"import": work}) == 1
    with bench.store.read() as connection:
        status = background.status(connection, uid)
    assert status is not None
    assert (status["state"], status["result"], status["progress"]) == ("done", {"rows": 9}, {"done": 2, "total": 3})
    assert work.seen == [{}, {"done": 1, "total": 3}]


@pytest.mark.parametrize(("error", "tries"), [(Problems([Problem("job-unknown", {"name": "x"})]), 1), (RuntimeError("planted"), 4)])
def test_a_job_that_fails_is_dead_and_can_be_started_again(bench: Bench, error: Exception, tries: int) -> None:
    uid, work = submitted(bench), Works(*[error] * tries, "fine")
    for minutes in range(0, 60, 12):
        bench.clock.move_to(NOW + timedelta(minutes=minutes))
        background.work(bench.open, {"import": work})
    assert len(work.seen) == tries
    with bench.open() as ctx:
        (job,) = background.dead(ctx.connection)
        assert job["uid"] == uid and background.retry(ctx, job["id"]) and not background.retry(ctx, job["id"])
    assert background.work(bench.open, {"import": work}) == 1
    with bench.store.read() as connection:
        status = background.status(connection, uid)
    assert status is not None and status["result"] == "fine"
