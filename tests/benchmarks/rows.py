"""The rows of the table: each piece of work through HTTP, beside the bare SQL of the same work in the same run."""

from __future__ import annotations

import csv
import io
import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select, text
from uuid6 import uuid7

from dougong.automation import time_rules
from dougong.automation.decide import plan
from dougong.context import SYSTEM
from dougong.jobs import background
from dougong.records import importing_job
from dougong.records.importing import ColumnMapping
from dougong.runtime import Runtime
from tests.benchmarks import seed
from tests.benchmarks.measure import Client, Timing, percentile, timed
from tests.benchmarks.server import Server

FORM = "/api/v1/bench/customer"
NOT_RUN = "not run"
DEEP = 500_000
BY_CITY = "select city, status, count(*) from bench__customer where deleted_at is null group by city, status"
TITLES = {"名称": "name", "手机": "phone", "城市": "city", "状态": "status"}


@dataclass(frozen=True)
class Row:
    """`aim` is that of ARCHITECTURE "Speed"; texts are milliseconds `p50 · p95` unless the work names another unit. `cpu` are the
    server's processor milliseconds for one request, which say more where others use the machine too."""

    work: str
    aim: str
    measured: str
    bare: str = ""
    cpu: str = ""


@dataclass
class Ground:
    """What stands when measuring begins. `effort` scales how often each work is repeated, never a result."""

    runtime: Runtime
    server: Server
    token: str
    bare: Engine
    customers: int
    effort: float
    dice: random.Random
    open: ExitStack
    another: Callable[[int], AbstractContextManager[Server]]
    """A second server on the same database, of so many processes."""

    def client(self, port: int = 0) -> Client:
        """Closed when all is measured."""
        return self.open.enter_context(closing(Client(port or self.server.port, self.token)))

    def times(self, often: int) -> int:
        return max(3, int(often * self.effort))

    def asked(self, work: str, aim: str, request: Callable[[int], Any], often: int, bare: Timing | None = None) -> Row:
        """The row of a request; `often` it is sent."""
        warm, times = 3, self.times(often)
        for number in range(warm):
            request(number)
        begun = self.server.cpu()
        took = timed(lambda number: request(number + warm), times, warm=0)
        return Row(work, aim, str(took), str(bare or ""), f"{(self.server.cpu() - begun) / times * 1000:.1f}")

    def sql(self, statement: str, **values: object) -> Any:
        with self.bare.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else None

    def body(self) -> dict[str, Any]:
        phone = f"139{self.dice.randint(10**7, 10**8 - 1)}"
        return {"name": seed.name(self.dice), "phone": phone, "city": "宁波", "status": "new", "score": 5}


def measured(ground: Ground) -> Iterator[Row]:
    """In an order in which what writes comes after what reads."""
    yield Row("cold start, to the first answer (s)", "≤ 1", f"{ground.server.seconds:.2f}")
    for part in (_pickers, _lists, _counts):
        yield from part(ground)
    yield Row("memory of the server after these reads (MiB)", "≤ 120", f"{ground.server.memory():.0f}")
    for part in (_creates, _effects, _quiet, _ticks, _imports):
        yield from part(ground)


def _pickers(ground: Ground) -> Iterator[Row]:
    client = ground.client()
    names = [name for name in (seed.name(ground.dice) for _ in range(600)) if len(name) > 6]
    pieces = [name[at : at + ground.dice.randint(2, 4)] for name in names for at in [ground.dice.randint(0, 3)]]
    scan = "select id, name from bench__customer where name like :x and deleted_at is null order by id desc limit 20"
    yield ground.asked(
        "picker, 2–4 characters out of a Chinese name", "SQLite ≤ 3 · 8, PostgreSQL ≤ 5 · 45",
        lambda i: client.get(FORM, search=pieces[i % len(pieces)], limit=20), 200,
        timed(lambda i: ground.sql(scan, x=f"%{pieces[i % len(pieces)]}%"), ground.times(30)),
    )  # fmt: skip
    prefixes = [f"1{ground.dice.randint(300, 999)}{'0123456789'[n % 10] * (n % 4)}" for n in range(100)]
    prefix = "select id, name from bench__customer where phone like :x and deleted_at is null order by id desc limit 20"
    yield ground.asked(
        "picker, phone prefix of 4–7 digits", "≤ 3 · 8",
        lambda i: client.get(FORM, search=prefixes[i % 100], limit=20), 200,
        timed(lambda i: ground.sql(prefix, x=f"{prefixes[i % 100]}%"), ground.times(30)),
    )  # fmt: skip


def _lists(ground: Ground) -> Iterator[Row]:
    client = ground.client()
    wanted = {"filter": ["city:eq:宁波", "status:eq:open"], "sort": "-last_action_at", "limit": 50}
    rows = "select * from bench__customer where deleted_at is null"
    by = "order by last_action_at desc nulls last, id desc limit 50"
    yield ground.asked(
        "list, two filters and a sort, 50 rows, first page", "≤ 6 · 12", lambda i: client.get(FORM, **wanted), 100,
        timed(lambda i: ground.sql(f"{rows} and city = '宁波' and status = 'open' {by}"), ground.times(50)),
    )  # fmt: skip
    depth = min(DEEP, ground.customers // 5 * 2)
    cursor, place = _deep(ground, client, depth)
    behind = f"{rows} and (last_action_at, id) < (:at, :id) {by}"
    yield ground.asked(
        f"list with a sort, 50 rows, the cursor at row {depth:,}", "≤ 6 · 12",
        lambda i: client.get(FORM, sort="-last_action_at", limit=50, cursor=cursor), 100,
        timed(lambda i: ground.sql(behind, at=place[0], id=place[1]), ground.times(50)),
    )  # fmt: skip


def _deep(ground: Ground, client: Client, depth: int) -> tuple[str, tuple[Any, int]]:
    """The cursor there, walked to page by page, and the same place for bare SQL."""
    cursor, gone, uid = "", 0, ""
    while gone < depth:
        page = client.get(FORM, sort="-last_action_at", limit=min(500, depth - gone), cursor=cursor, fields="name")
        cursor, gone, uid = page["next"], gone + len(page["records"]), page["records"][-1]["uid"]
    at, id = ground.sql("select last_action_at, id from bench__customer where uid = :uid", uid=uid)[0]
    return cursor, (at, id)


def _counts(ground: Ground) -> Iterator[Row]:
    client = ground.client()
    won = "select 1 from bench__customer where status = 'won' and deleted_at is null limit 10001"
    yield ground.asked(
        "count of one filter, exact up to 10,000, and the first row", "≤ 4 · 8",
        lambda i: client.get(FORM, filter="status:eq:won", count="true", limit=1), 100,
        timed(lambda i: ground.sql(f"select count(*) from ({won}) x"), ground.times(50)),
    )  # fmt: skip


    grouped = timed(lambda i: ground.sql(BY_CITY), ground.times(10))
    yield ground.asked("count by city and status", "≤ 20 · 50", lambda i: client.get(FORM, count_by="city,status"), 30, grouped)


def _creates(ground: Ground) -> Iterator[Row]:
    client, columns = ground.client(), "uid, revision, name, phone, city, status, score"
    ground.sql("create table bare_customer as select * from bench__customer limit 0")
    insert = f"insert into bare_customer ({columns}) values (:uid, 1, :name, :phone, :city, :status, :score)"
    yield ground.asked(
        "create, 1 client, 20 rules on, history, outbox", "≤ 3 · 5", lambda i: client.post(FORM, ground.body()), 200,
        timed(lambda i: ground.sql(insert, uid=str(uuid7()), **ground.body()), ground.times(200)),
    )  # fmt: skip
    yield Row("create, 8 clients (a second)", "≥ 1,000", f"{_together(ground, 8, ground.server.port):,.0f}")
    if ground.bare.dialect.name == "postgresql":
        processes = os.cpu_count() or 1
        with ground.another(processes) as server:
            yield Row(f"create, 8 clients, {processes} processes (a second)", "≥ 1,000", f"{_together(ground, 8, server.port):,.0f}")


def _together(ground: Ground, clients: int, port: int) -> float:
    each = ground.times(100)
    bodies = [[ground.body() for _ in range(each)] for _ in range(clients)]

    def work(mine: list[dict[str, Any]]) -> None:
        client = ground.client(port)
        for body in mine:
            client.post(FORM, body)

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, bodies))
    return clients * each / (time.perf_counter() - begun)


def _effects(ground: Ground) -> Iterator[Row]:
    client = ground.client()
    _quiet_again(ground)

    def once(number: int) -> None:
        mark = f"回音{number}-{time.time_ns()}"
        client.post(FORM, {**ground.body(), "name": mark, "score": 77})
        until = time.monotonic() + 60
        while not client.get("/api/v1/bench/echo", filter=f"text:eq:{mark}", limit=1)["records"]:
            if time.monotonic() > until:
                raise RuntimeError("the rule's effect was not seen within a minute")
            time.sleep(0.002)

    yield ground.asked("create with a rule → effect seen", "≤ 12 · 25", once, 50)


def _quiet_again(ground: Ground) -> None:
    """Waits until the server's worker has done all that the rows before have set off."""
    until = time.monotonic() + 600
    while ground.sql("select 1 from dg_event where state <> 'done' limit 1"):
        if time.monotonic() > until:
            raise RuntimeError("the worker is not done after ten minutes")
        time.sleep(0.05)


def _quiet(ground: Ground) -> Iterator[Row]:
    _quiet_again(ground)
    yield Row("a round of the worker with nothing due", "", str(timed(lambda i: ground.runtime.work(), ground.times(30))))


class _TakenBack(Exception):
    """Undoes a measured transaction."""


def _ticks(ground: Ground) -> Iterator[Row]:
    """The instant at which a thousand seeded records have been without action for 72 hours, taken back each time."""
    due = min(1_000, ground.customers)
    first = ground.sql("select id from bench__customer order by id limit 1")[0][0]
    taken: list[float] = []
    for _ in range(ground.times(10)):
        try:
            with ground.runtime.transaction(SYSTEM, "automation") as ctx:
                table = ctx.workspace.tables["bench.customer"]
                since = ctx.connection.execute(select(table.c.last_action_at).where(table.c.id == first)).scalar_one()
                at = since + timedelta(hours=72, milliseconds=due - 1)
                begun = time.perf_counter()
                found = time_rules.walk(replace(ctx, now=at), plan(ctx.workspace).timed["bench.silent"])
                taken.append((time.perf_counter() - begun) * 1000)
                assert found >= due, (found, due)
                raise _TakenBack
        except _TakenBack:
            continue
    spread = Timing(percentile(taken, 0.5), percentile(taken, 0.95))
    yield Row(f"time-rule tick: {due:,} due found, their runs enlisted", "≤ 50 to find", str(spread))


def _imports(ground: Ground) -> Iterator[Row]:
    count = max(300, int(20_000 * min(ground.effort, 1)))
    rows = [ground.body() for _ in range(count)]
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerows([list(TITLES), *([row[id] for id in TITLES.values()] for row in rows)])
    seconds = _imported(ground, table.getvalue().encode(), count)
    insert = "insert into bare_customer (uid, revision, name, phone, city, status) values (:uid, 1, :name, :phone, :city, :status)"
    ready = [{**row, "uid": str(uuid7())} for row in rows]
    begun = time.perf_counter()
    for start in range(0, count, 500):
        with ground.bare.begin() as connection:
            connection.execute(text(insert), ready[start : start + 500])
    bare = count / (time.perf_counter() - begun)
    yield Row(f"import of {count:,} rows, checked, with history (rows a second)", "≥ 15,000", f"{count / seconds:,.0f}", f"{bare:,.0f}")
    yield Row("memory of the server after the import (MiB)", "≤ 200", f"{ground.server.memory():.0f}")


def _imported(ground: Ground, table: bytes, count: int) -> float:
    """By the server's own worker; from its taking the work to the end."""
    runtime, mapping = ground.runtime, ColumnMapping("bench.customer", TITLES)
    with runtime.transaction(SYSTEM, "person") as ctx:
        uid = importing_job.submit(ctx, runtime.storage, io.BytesIO(table), mapping, rehearse=False)
    begun, until = 0.0, time.monotonic() + 900
    while time.monotonic() < until:
        with runtime.store.read() as connection:
            job = background.status(connection, uid)
        assert job is not None
        if job["state"] == "done":
            assert job["result"]["created"] == count, job["result"]
            return time.perf_counter() - begun
        if job["state"] == "dead":
            raise RuntimeError(str(job["problem"]))
        begun = begun or (time.perf_counter() if job["state"] == "running" else 0.0)
        time.sleep(0.01)
    raise RuntimeError("the import is not done after fifteen minutes")
