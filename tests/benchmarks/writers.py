"""`python -m tests.benchmarks.writers [--seconds 60]`: four processes write to one SQLite file (THREATS R23).

Saves as pages make them, the worker, an import, and the command line's app changes, each in a process of its own: no error, and how
long the slowest took.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dougong.context import SYSTEM
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.records import importing_job, save
from dougong.records.importing import ColumnMapping
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.benchmarks import seed
from tests.benchmarks.measure import percentile

APP = Path(__file__).parent / "app"
TITLES = {"名称": "name", "城市": "city"}
BATCH = 200


@dataclass(frozen=True)
class Told:
    """What one process did: `milliseconds` of each piece of work, and its errors."""

    what: str
    milliseconds: tuple[float, ...]
    errors: tuple[str, ...]

    def __str__(self) -> str:
        if not self.milliseconds:
            return f"{self.what:<24} nothing done, {len(self.errors)} errors"
        taken = list(self.milliseconds)
        p50, p99 = percentile(taken, 0.5), percentile(taken, 0.99)
        figures = f"p50 {p50:7.1f} ms, p99 {p99:7.1f} ms, max {max(taken):7.1f} ms"
        return f"{self.what:<24} {len(taken):>6} times, {figures}, {len(self.errors)} errors"


def main(arguments: Sequence[str] | None = None) -> list[Told]:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.writers")
    options.add_argument("--seconds", type=float, default=60)
    chosen = options.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="dougong-writers-") as folder:
        home = Path(folder)
        with_runtime(home, lambda runtime: install(runtime, read_folder(APP), who="benchmark"))
        with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
            told = [pool.submit(run, home, what, chosen.seconds) for what in WORK]
            out = [one.result() for one in told]
    for one in out:
        print(one, *one.errors[:3], sep="\n  ", flush=True)
    return out


def with_runtime(home: Path, work: Callable[[Runtime], object]) -> None:
    runtime = Runtime(Settings.read({"DATABASE_URL": f"sqlite:///{home / 'dougong.db'}", "DOUGONG_HOME": str(home)}))
    try:
        work(runtime)
    finally:
        runtime.close()


def run(home: Path, what: str, seconds: float) -> Told:
    """In a process of its own."""
    taken: list[float] = []
    errors: list[str] = []

    def repeat(runtime: Runtime) -> None:
        until, dice = time.monotonic() + seconds, random.Random(what)
        while time.monotonic() < until:
            begun = time.perf_counter()
            try:
                WORK[what](runtime, dice)
            except Exception as error:  # every kind of failure is what is looked for here
                errors.append(f"{type(error).__name__}: {error}"[:200])
            taken.append((time.perf_counter() - begun) * 1000)

    with_runtime(home, repeat)
    return Told(what, tuple(taken), tuple(errors))


def _saves(runtime: Runtime, dice: random.Random) -> None:
    values = {"name": seed.name(dice), "city": dice.choice(seed.CITIES), "status": "new", "score": dice.choice((5, 77))}
    runtime.write(SYSTEM, lambda ctx: save.create(ctx, "bench.customer", values), "person")


def _work(runtime: Runtime, _dice: random.Random) -> None:
    runtime.work()
    time.sleep(0.02)  # the worker sleeps between its rounds


def _imports(runtime: Runtime, dice: random.Random) -> None:
    """Handed in like a page does; the worker's process takes it up, and this one too."""
    rows = "\n".join(f"{seed.name(dice)},{dice.choice(seed.CITIES)}" for _ in range(BATCH))
    table = io.BytesIO(f"{','.join(TITLES)}\n{rows}".encode())
    with runtime.transaction(SYSTEM, "person") as ctx:
        importing_job.submit(ctx, runtime.storage, table, ColumnMapping("bench.customer", TITLES), rehearse=False)
    runtime.work_jobs()


def _changes(runtime: Runtime, dice: random.Random) -> None:
    """An app that is changed while others write: they must never write by the old definition."""
    field = f"n{dice.randint(1, 50)}: {{name: 数, type: integer}}"
    form = f"form: slip\nname: 条 {dice.randint(1, 10**6)}\nfields: {{text: {{name: 字, type: text}}, {field}}}\n"
    install(runtime, {"app.yaml": "app: aside\nname: 旁\nversion: '1'\n", "form.yaml": form}, who="benchmark", accept=EVERYTHING)
    time.sleep(1)


class _Everything(frozenset[str]):
    """Says yes to whatever a plan asks."""

    def __contains__(self, key: object) -> bool:
        return True


EVERYTHING = _Everything()
WORK: dict[str, Callable[[Runtime, random.Random], None]] = {"saves": _saves, "worker": _work, "import": _imports, "app changes": _changes}

if __name__ == "__main__":
    main()
