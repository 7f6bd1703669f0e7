"""Customers and visits by seed, written straight into the tables: the ground that the benchmark stands on.

The rows are what the save steps would have left; history and events of these rows are not made.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, text
from uuid6 import uuid7

from dougong import pinyin
from dougong.context import SYSTEM
from dougong.runtime import Runtime
from dougong.store import search
from dougong.store.rows import insert_columns

CITIES = ("杭州", "宁波", "温州", "绍兴", "嘉兴", "湖州", "金华", "台州", "上海", "苏州", "无锡", "南京", "合肥", "厦门", "济南", "青岛")
WORDS = "华东中南北方新康瑞安泰和盛兴隆恒远创智慧明德仁济同仁博爱长海天宏伟业诚信达通利丰润泽嘉禾鼎"
TRADES = ("医疗器械", "医院", "骨科医院", "五金制品", "智能科技", "建材", "电子", "贸易", "生物制药", "精密机械")
CHUNK = 20_000


def name(dice: random.Random) -> str:
    brand = "".join(dice.choices(WORDS, k=dice.randint(2, 4)))
    return dice.choice(CITIES) + brand + dice.choice(TRADES) + dice.choice(("有限公司", "", "股份有限公司"))


def fill(runtime: Runtime, customers: int, visits: int, owners: list[int], seed: int = 20260302) -> None:
    """Writes the rows in chunks, one transaction each, then the search index."""
    dice = random.Random(seed)
    start = runtime.clock.now() - timedelta(hours=71)
    per = visits / customers
    made = 0
    while made < customers:
        count = min(CHUNK, customers - made)
        with runtime.transaction(SYSTEM, "demo") as ctx:
            table, child = ctx.workspace.tables["bench.customer"], ctx.workspace.tables["bench.visit"]
            rows = list(_customers(dice, made + 1, count, owners, start, per))
            _put(ctx.connection, table, rows)
            below = _visits(dice, rows)
            while part := list(islice(below, CHUNK)):
                _put(ctx.connection, child, part)
        _follow(runtime)
        made += count
    after: int | None = 0
    while after is not None:
        with runtime.store.write() as connection:
            after = search.rebuild(connection, runtime.workspace().tables["bench.customer"], after)


def _put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    insert_columns(connection, table, {name: [row[name] for row in rows] for name in rows[0]})


def _follow(runtime: Runtime) -> None:
    """PostgreSQL counts on from where the given ids end; SQLite does so by itself."""
    if runtime.store.dialect == "postgresql":
        with runtime.store.write() as connection:
            sequence = "pg_get_serial_sequence('bench__customer', 'id')"
            connection.execute(text(f"SELECT setval({sequence}, (SELECT max(id) FROM bench__customer))"))


def _customers(dice: random.Random, first: int, count: int, owners: list[int], start: datetime, per: float) -> Iterator[dict[str, Any]]:
    """`per` is how many visits each has on the average."""
    for id in range(first, first + count):
        at = start + timedelta(milliseconds=id)
        owner, called, city = dice.choice(owners), name(dice), dice.choice(CITIES)
        yield {
            "id": id, "uid": str(uuid7()), "revision": 1, "phone": f"1{dice.randint(3000000000, 9999999999)}",
            "name": called, "name__order": pinyin.order(called), "city": city, "city__order": pinyin.order(city),
            "status": dice.choice(("new", "open", "won", "lost")), "score": dice.randint(0, 99),
            "owner": owner, "creator": owner, "created_at": at, "modified_at": at, "touched_at": at, "last_action_at": at,
            "visit_count": int(per) + (dice.random() < per % 1),
        }  # fmt: skip


def _visits(dice: random.Random, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for _ in range(row["visit_count"]):
            at = row["created_at"] - timedelta(days=dice.randint(1, 300))
            yield {
                "uid": str(uuid7()), "revision": 1, "customer": row["id"], "kind": dice.choice(("first", "demo", "talk")), "ended_at": at,
                "owner": row["owner"], "creator": row["owner"], "created_at": at, "modified_at": at, "touched_at": at,
            }  # fmt: skip
