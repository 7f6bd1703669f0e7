"""`python -m tests.benchmarks [--customers 127000] [--visits 500000] [--postgres] [--package] [--quick] [--readme]`: measures, and
writes the table itself.

Everything goes through HTTP to a server process of its own, as an ordinary user with rights on and twenty rules. Nothing is
scaled up; a row that was not run says so.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import create_engine, func, select, text

from dougong.cli.validate import validate
from dougong.clock import SystemClock
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.people import roles, tokens, users
from dougong.people.users import Person
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests import postgres
from tests.benchmarks import package, seed, template
from tests.benchmarks.rows import NOT_RUN, Ground, Row, measured
from tests.benchmarks.server import ROOT, running

HERE = Path(__file__).parent
CLERKS = 50
DURABLE = "-c shared_buffers=1GB -c random_page_cost=1.1 -c max_wal_size=4GB"
LARGE = 5_000
"""Lines of a template."""
QUICK = (300, 900, 0.05)


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    options.add_argument("--customers", type=int, default=127_000)
    options.add_argument("--visits", type=int, default=500_000)
    options.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    options.add_argument("--quick", action="store_true", help="few rows, few repeats: to see that it runs")
    options.add_argument("--package", action="store_true", help="also build the package and install it into a fresh environment")
    options.add_argument("--readme", action="store_true", help="write the table into README.md")
    chosen = options.parse_args(arguments)
    customers, visits, effort = QUICK if chosen.quick else (chosen.customers, chosen.visits, 1.0)
    begun = time.monotonic()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dougong-bench-")))
        url = _postgres(stack) if chosen.postgres else f"sqlite:///{home / 'dougong.db'}"
        installed = _sales_app(home, url if chosen.postgres else f"sqlite:///{home / 'sales.db'}")
        runtime, token = _prepare(home, url, customers, visits)
        head = [*_facts(runtime), f"seeded after {time.monotonic() - begun:.0f} s, load average then {os.getloadavg()[0]:.1f}"]
        server = stack.enter_context(running(home, url, token))
        bare = create_engine(url)
        rows = []
        ground = Ground(runtime, server, token, bare, customers, effort, random.Random(7), stack, partial(running, home, url, token))
        for row in chain(measured(ground), _beside(home, installed, chosen.package)):
            rows.append(row)
            print(f"{row.work:<62} {row.measured:>16} {row.cpu:>8} {row.bare:>16}", flush=True)
        bare.dispose()
        runtime.close()
    head.append(f"the whole run: {time.monotonic() - begun:.0f} s; load average at its end {os.getloadavg()[0]:.1f}")
    _write(head, rows, chosen.readme, "postgresql" if chosen.postgres else "sqlite")
    return rows


def _prepare(home: Path, url: str, customers: int, visits: int) -> tuple[Runtime, str]:
    runtime = Runtime(Settings.read({"DATABASE_URL": url, "DOUGONG_HOME": str(home)}), SystemClock())
    install(runtime, read_folder(HERE / "app"), who="benchmark")
    with runtime.store.write() as connection:
        people = [users.create(connection, Person(name=f"职员{n}", login=f"clerk{n}")) for n in range(CLERKS)]
        for person in people:
            roles.give(connection, person, "bench", "clerk")
        token = tokens.create(connection, people[0], "benchmark", runtime.clock.now(), timedelta(days=30))
    seed.fill(runtime, customers, visits, people)
    with runtime.store.write() as connection:
        connection.execute(text("ANALYZE"))
    runtime.work()
    return runtime, str(token)


def _beside(home: Path, installed: float, packaged: bool) -> Iterator[Row]:
    """What no server is asked for; `installed` are the seconds of the sales app."""
    yield Row("install of the sales app (s)", "≤ 3", f"{installed:.1f}")
    folder = home / "large"
    folder.mkdir()
    lines, begun = template.write(folder, LARGE), time.perf_counter()
    answer = CliRunner().invoke(validate, [str(folder)])
    seconds = time.perf_counter() - begun
    if answer.exit_code:
        raise RuntimeError(answer.output[:2000])
    yield Row(f"validate a template of {lines:,} lines (s)", "≤ 2", f"{seconds:.1f}")
    told = "{:.0f} s, {:.0f} MiB".format(*package.install()) if packaged else f"{NOT_RUN}: --package"
    yield Row("install of the package", "≤ 60 s, ≤ 150 MiB", told)


def _sales_app(home: Path, url: str) -> float:
    """Seconds; on PostgreSQL it stays beside the benchmark's own app."""
    runtime = Runtime(Settings.read({"DATABASE_URL": url, "DOUGONG_HOME": str(home)}), SystemClock())
    begun = time.perf_counter()
    install(runtime, read_folder(ROOT / "app_templates" / "sales"), who="benchmark")
    seconds = time.perf_counter() - begun
    runtime.close()
    return seconds


def _facts(runtime: Runtime) -> list[str]:
    tables = runtime.workspace().tables
    with runtime.store.read() as connection:
        counted = (select(func.count()).select_from(tables[f"bench.{name}"]) for name in ("customer", "visit"))
        counts = [connection.execute(query).scalar_one() for query in counted]
        if runtime.store.dialect == "postgresql":
            version = connection.execute(text("select version()")).scalar_one().split(" (")[0] + ", durable, shared_buffers 1 GB"
        else:
            version = f"SQLite {sqlite3.sqlite_version}, WAL, synchronous NORMAL"
    described = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(described, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    machine = f"CPython {platform.python_version()}, {os.cpu_count()} cores"
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit}; {version}; {machine}",
        f"count(*): {counts[0]:,} customers, {counts[1]:,} visits",
    ]


def _postgres(stack: ExitStack) -> str:
    address = stack.enter_context(postgres.server(DURABLE))
    admin = create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE bench"))
    admin.dispose()
    return address.format("bench")


def _write(head: list[str], rows: list[Row], into_readme: bool, kind: str) -> None:
    cells = [f"| {row.work} | {row.aim} | {row.measured} | {row.cpu} | {row.bare} |" for row in rows]
    title = ["", "| work (ms p50 · p95) | aim | measured | server's CPU | bare SQL |", "|---|---|---|---|---|"]
    table = "\n".join([*(f"{line}  " for line in head), *title, *cells])
    print("\n" + table)
    if into_readme:
        path, begin, end = ROOT / "README.md", f"<!-- benchmark {kind} -->", f"<!-- end {kind} -->"
        before, _, rest = path.read_text("utf-8").partition(begin)
        path.write_text(f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}", "utf-8")


if __name__ == "__main__":
    main()
