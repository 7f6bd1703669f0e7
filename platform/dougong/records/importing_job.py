"""An import as background work: resumed where it stopped, its faults kept per row; or a rehearsal, in which each batch is taken back.

Progress and rows are committed together: a worker that is killed in the middle leaves nothing to do twice (SEMANTICS 13).
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Boolean, Column, Connection, Index, Integer, Table, Text, delete, func, insert, select

from dougong.context import SYSTEM, Ctx
from dougong.events.outbox import event_table
from dougong.files.storage import Storage, new_key
from dougong.jobs import background
from dougong.jobs.background import Job, Open
from dougong.people import roles
from dougong.problems import LOCALES, Problem
from dougong.records import importing, sheets
from dougong.records.importing import ColumnMapping, Numbered, Report
from dougong.records.sheets import neutral
from dougong.sqltypes import Id, Json
from dougong.store.system import metadata

NAME = "import"
MOST_FAULTS = 10_000
"""Rows whose faults are kept; a table with more is the wrong table."""
Forecast = Callable[[Ctx, int], Mapping[str, int]]
"""How often each rule (by its name; '' counts messages) would run for the events behind that event id."""

fault_table = Table(
    "dg_import_fault",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job", Text, nullable=False),
    Column("row", Integer, nullable=False),
    Column("cells", Json, nullable=False),
    Column("why", Json, nullable=False),  # locale → sentences
    Column("warning", Boolean, nullable=False),
)
Index("dg_import_fault_job", fault_table.c.job, fault_table.c.row)


def submit(ctx: Ctx, storage: Storage, stream: BinaryIO, mapping: ColumnMapping, *, rehearse: bool) -> str:
    """Keeps the table and queues the work; the job's uid."""
    key = new_key(ctx.now.date())
    storage.write(key, iter(lambda: stream.read(1 << 16), b""))
    return submit_kept(ctx, key, mapping, rehearse=rehearse)


def submit_kept(ctx: Ctx, key: str, mapping: ColumnMapping, *, rehearse: bool) -> str:
    args = {"file": key, "mapping": {**mapping.__dict__, "columns": dict(mapping.columns)}, "rehearse": rehearse, "locale": ctx.locale}
    return background.submit(ctx, NAME, args)


def handler(storage: Storage, forecast: Forecast) -> background.Handler:
    """For Runtime.handlers under NAME."""

    def handle(open_: Open, job: Job) -> Any:
        with kept_file(storage, job.args["file"]) as path:
            work = _Work(open_, job, mapping_of(job.args), path, forecast)
            return work.rehearse() if job.args["rehearse"] else work.run()

    return handle


def mapping_of(args: Mapping[str, Any]) -> ColumnMapping:
    return ColumnMapping(**args["mapping"])


@contextmanager
def kept_file(storage: Storage, key: str) -> Iterator[Path]:
    """A kept table as a file that readers of spreadsheets can open."""
    with tempfile.NamedTemporaryFile() as local, storage.open(key) as stream:
        shutil.copyfileobj(stream, local)
        local.flush()
        yield Path(local.name)


@dataclass
class _Work:
    open_: Open
    job: Job
    mapping: ColumnMapping
    path: Path
    forecast: Forecast

    def run(self) -> dict[str, Any]:
        counts = self._begin(int(self.job.progress.get("row", 0)))
        for batch in importing.batches(self.path, counts["row"]):
            report = Report()
            with self.open_() as machine:
                ctx = self._acting(machine)
                importing.check(ctx, self.mapping, list(batch[0][1]))
                importing.run(ctx, self.mapping, batch, report, search_later=True)
                counts = self._told(machine, batch, report, counts)
        return counts

    def rehearse(self) -> dict[str, Any]:
        """From the beginning each time. What a batch wrote is gone before the next: values met earlier in the file are remembered here."""
        counts, met, rules = self._begin(0), set[str](), dict[str, int]()
        for batch in importing.batches(self.path):
            report = Report()
            with self.open_() as machine:
                ctx = self._acting(machine)
                importing.check(ctx, self.mapping, list(batch[0][1]))
                fresh = self._first_met(batch, met, report)
                last = ctx.connection.execute(select(func.coalesce(func.max(event_table.c.id), 0))).scalar_one()
                trial = ctx.connection.begin_nested()
                importing.run(ctx, self.mapping, fresh, report, search_later=True)
                for name, number in self.forecast(ctx, last).items():
                    rules[name] = rules.get(name, 0) + number
                trial.rollback()
                counts = self._told(machine, batch, report, counts)
        return {**counts, "messages": rules.pop("", 0), "rules": rules}

    def _begin(self, row: int) -> dict[str, Any]:
        with self.open_() as machine:
            if not row:
                machine.connection.execute(delete(fault_table).where(fault_table.c.job == self.job.uid))
            importing.check(self._acting(machine), self.mapping, sheets.headers(self.path))
        total = self.job.progress.get("total") or sum(1 for _ in sheets.rows(self.path))
        known = self.job.progress if row else {}
        return {**{name: known.get(name, 0) for name in Report().count()}, "row": row, "done": known.get("rows", 0), "total": total}

    def _acting(self, machine: Ctx) -> Ctx:
        """With the rights that the importer has at this moment."""
        actor = replace(SYSTEM, name="import") if self.job.actor is None else roles.actor_for(machine.connection, self.job.actor)
        return replace(machine, actor=actor, origin="import", locale=self.job.args["locale"])

    def _first_met(self, batch: list[Numbered], met: set[str], report: Report) -> list[Numbered]:
        """Rows whose key an earlier batch had would update what that one made."""
        title = next((t for t, id in self.mapping.columns.items() if id == self.mapping.key), "")
        fresh = [row for row in batch if not title or str(row[1].get(title, "")) not in met]
        report.rows += len(batch) - len(fresh)
        report.updated += len(batch) - len(fresh)
        met.update(str(row.get(title, "")) for _, row in batch if title)
        return fresh

    def _told(self, machine: Ctx, batch: list[Numbered], report: Report, counts: Mapping[str, Any]) -> dict[str, Any]:
        _keep(machine.connection, self.job.uid, report)
        sums = {name: counts[name] + number for name, number in report.count().items()}
        now = {**counts, **sums, "row": batch[-1][0], "done": sums["rows"]}
        self.job.report(machine, **now)
        return now


def _keep(connection: Connection, job: str, report: Report) -> None:
    kept = connection.execute(select(func.count()).where(fault_table.c.job == job)).scalar_one()
    noted = [(row, why, False) for row, why in report.faults] + [(row, why, True) for row, why in report.warnings]
    rows = [
        {
            "job": job,
            "row": number,
            "cells": dict(cells),
            "why": {locale: _sentences(why, locale) for locale in LOCALES},
            "warning": warning,
        }
        for (number, cells), why, warning in noted[: max(0, MOST_FAULTS - kept)]
    ]
    if rows:
        connection.execute(insert(fault_table), rows)


def _sentences(problems: Iterable[Problem], locale: str) -> str:
    return " ".join(dict.fromkeys(p.sentence(locale) for p in problems))


def faults(connection: Connection, job: str, limit: int) -> list[tuple[int, Mapping[str, str], bool]]:
    """(row number, sentences by language, whether the row came in all the same), in the table's order."""
    f = fault_table.c
    query = select(f.row, f.why, f.warning).where(f.job == job).order_by(f.row).limit(limit)
    return [(row, why, warning) for row, why, warning in connection.execute(query)]


def faults_csv(connection: Connection, job: str) -> Iterator[str]:
    """The rows that stayed out, as they were, with the reason in both languages: mended, the file can be imported as it is."""
    rows = (
        connection.execute(select(fault_table).where(fault_table.c.job == job, ~fault_table.c.warning).order_by(fault_table.c.row))
        .mappings()
        .all()
    )
    titles = list(dict.fromkeys(title for row in rows for title in row["cells"]))
    head = ["行号 Row", "原因", "Reason"]
    yield "\ufeff" + _csv([*head, *titles])
    for row in rows:
        yield _csv([row["row"], row["why"]["zh"], row["why"]["en"], *(row["cells"].get(title, "") for title in titles)])


def _csv(cells: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([cell if isinstance(cell, int | float) else neutral(str(cell)) for cell in cells])
    return out.getvalue()
