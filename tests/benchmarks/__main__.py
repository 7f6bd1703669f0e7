"""`python -m tests.benchmarks [--customers 127000] [--visits 500000] [--postgres] [--readme]`: measures, and writes the table itself.

Everything goes through HTTP to a server process of its own, as an ordinary user with rights on and twenty rules; beside each
row stands the bare SQL of the same work in the same run. Nothing is scaled up; a row that was not run says so.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import create_engine, func, select, text

from dougong.clock import SystemClock
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.people import roles, tokens, users
from dougong.people.users import Person
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests import postgres
from tests.benchmarks import seed
from tests.benchmarks.measure import Client, Timing, timed

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
Row = tuple[str, str, str]


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    options.add_argument("--customers", type=int, default=127_000)
    options.add_argument("--visits", type=int, default=500_000)
    options.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    options.add_argument("--readme", action="store_true", help="write the table into README.md")
    chosen = options.parse_args()
    begun = time.monotonic()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dougong-bench-")))
        url = _postgres(stack) if chosen.postgres else f"sqlite:///{home / 'dougong.db'}"
        runtime, token = _prepare(home, url, chosen.customers, chosen.visits)
        seeded = time.monotonic() - begun
        head = _facts(runtime, seeded)
        with _server(home, url) as (port, process):
            rows = _rows(runtime, Client(port, token), port, token, process)
        runtime.close()
    _write(head, rows, time.monotonic() - begun, chosen.readme, "postgres" if chosen.postgres else "sqlite")


def _prepare(home: Path, url: str, customers: int, visits: int) -> tuple[Runtime, str]:
    runtime = Runtime(Settings.read({"DATABASE_URL": url, "DOUGONG_HOME": str(home)}), SystemClock())
    install(runtime, read_folder(HERE / "app"), who="benchmark")
    with runtime.store.write() as connection:
        people = [users.create(connection, Person(name=f"职员{n}", login=f"clerk{n}")) for n in range(50)]
        for person in people:
            roles.give(connection, person, "bench", "clerk")
        token = tokens.create(connection, people[0], "benchmark", runtime.clock.now(), timedelta(days=30))
    seed.fill(runtime, customers, visits, people)
    with runtime.store.write() as connection:
        connection.execute(text("ANALYZE"))
    return runtime, str(token)


def _facts(runtime: Runtime, seeded: float) -> list[str]:
    tables = runtime.workspace().tables
    with runtime.store.read() as connection:
        counts = {name: connection.execute(select(func.count()).select_from(tables[f"bench.{name}"])).scalar_one() for name in ("customer", "visit")}
        version = connection.execute(text("select version()")).scalar_one().split(",")[0] if runtime.store.dialect == "postgresql" else f"SQLite {sqlite3.sqlite_version}"
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return [
        f"{version}, CPython {platform.python_version()}, {os.cpu_count()} cores, commit {commit}",
        f"count(*): {counts['customer']:,} customers, {counts['visit']:,} visits; seeded in {seeded:.0f} s",
    ]


def _rows(runtime: Runtime, client: Client, port: int, token: str, process: subprocess.Popen[bytes]) -> list[Row]:
    forms, dice = "/api/v1/bench/customer", random.Random(7)
    bare = create_engine(runtime.settings.database_url)
    names = [seed.name(dice) for _ in range(400)]
    pieces = [n[i : i + dice.randint(2, 4)] for n in names if len(n) > 6 for i in [dice.randint(0, 3)]]
    rows: list[Row] = []

    def row(work: str, measured: Timing | str, sql: Timing | str = "") -> None:
        rows.append((work, str(measured), str(sql)))
        print(f"{work:<60} {measured!s:>16} {sql!s:>16}", flush=True)

    row("cold start: first page after start (s)", f"{_cold_start(runtime):.2f}")
    row("picker, 2–4 characters out of a name", timed(lambda i: client.get(forms, search=pieces[i % len(pieces)], limit=20), 100),
        timed(lambda i: _sql(bare, "select id from bench__customer where name like :x order by id desc limit 20", x=f"%{pieces[i % len(pieces)]}%"), 20))
    row("picker, phone prefix", timed(lambda i: client.get(forms, search=f"13{i % 90 + 10}", limit=20), 100),
        timed(lambda i: _sql(bare, "select id from bench__customer where phone like :x order by id desc limit 20", x=f"13{i % 90 + 10}%"), 50))
    listed = {"filter": ["city:==:宁波", "status:==:open"], "sort": "-last_action_at", "limit": 50}
    row("list, two filters and a sort, 50 rows, first page", timed(lambda i: client.get(forms, **listed), 60),
        timed(lambda i: _sql(bare, "select * from bench__customer where city='宁波' and status='open' and deleted_at is null order by last_action_at desc limit 50"), 30))
    row("count with a filter, exact up to 10,000", timed(lambda i: client.get(forms, filter="status:==:won", count="true", limit=1), 40),
        timed(lambda i: _sql(bare, "select count(*) from (select 1 from bench__customer where status='won' limit 10001) x"), 20))
    cursor = _deep_cursor(client, forms, 40)
    row("list, the cursor 2,000 rows in, 50 rows", timed(lambda i: client.get(forms, limit=50, cursor=cursor), 60))
    body = lambda i: {"name": names[i % len(names)], "phone": f"139{dice.randint(10**7, 10**8 - 1)}", "city": "宁波", "status": "new", "score": 5}  # noqa: E731
    row("create, 1 client, 20 rules on, history, outbox", timed(lambda i: client.post(forms, body(i)), 200))
    row("create, 8 clients (a second)", f"{_parallel(port, token, forms, body):.0f}")
    row("create with a rule → effect seen", timed(lambda i: _effect(client, forms, body(i), i), 30))
    row("memory of the server after all this (MiB)", f"{_memory(process.pid):.0f}")
    for missing in ("count by city and status", "import, checked, with history", "time-rule tick with 1,000 due", "the cursor at row 500,000", "install of the package"):
        row(missing, "not run")
    bare.dispose()
    return rows


def _sql(engine: object, statement: str, **values: object) -> None:
    with engine.connect() as connection:  # type: ignore[attr-defined]
        connection.execute(text(statement), values).all()


def _deep_cursor(client: Client, forms: str, pages: int) -> str:
    cursor = ""
    for _ in range(pages):
        cursor = client.get(forms, limit=50, cursor=cursor)["next"]
    return cursor


def _parallel(port: int, token: str, forms: str, body: object, clients: int = 8, each: int = 60) -> float:
    def work(_: int) -> None:
        own = Client(port, token)
        for i in range(each):
            own.post(forms, body(i))  # type: ignore[operator]

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, range(clients)))
    return clients * each / (time.perf_counter() - begun)


def _effect(client: Client, forms: str, body: dict[str, object], number: int) -> None:
    """A created record whose rule makes another one: until that one can be read."""
    mark = f"回音{number}-{time.time_ns()}"
    client.post(forms, {**body, "name": mark, "score": 77})
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if client.get("/api/v1/bench/echo", filter=f"text:==:{mark}", limit=1)["rows"]:
            return
    raise RuntimeError("the rule's effect was not seen within 30 s")


def _cold_start(runtime: Runtime) -> float:
    begun = time.perf_counter()
    with _server(runtime.settings.home, runtime.settings.database_url):
        return time.perf_counter() - begun


@contextmanager
def _server(home: Path, url: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server process; yields once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "DATABASE_URL": url, "DOUGONG_HOME": str(home), "PYTHONPATH": str(ROOT / "platform")}
    command = [sys.executable, "-c", "from dougong.cli.main import main; main()", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


def _memory(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024  # type: ignore[index]


def _postgres(stack: ExitStack) -> str:
    address = stack.enter_context(postgres.server())
    admin = create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE bench"))
    admin.dispose()
    return address.format("bench")


def _write(head: list[str], rows: list[Row], seconds: float, into_readme: bool, kind: str) -> None:
    table = [*head, f"the whole run: {seconds:.0f} s", "", "| work | ms p50 · p95 | bare SQL |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    print("\n" + "\n".join(table))
    if into_readme:
        path, begin, end = ROOT / "README.md", f"<!-- benchmark {kind} -->", f"<!-- end {kind} -->"
        before, _, rest = path.read_text("utf-8").partition(begin)
        after = rest.partition(end)[2]
        path.write_text(f"{before}{begin}\n" + "\n".join(table) + f"\n{end}{after}", "utf-8")


if __name__ == "__main__":
    main()
