"""Two things that both databases say differently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """False where a row with the same key stands already; the transaction goes on."""
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    return connection.execute(insert.values(row).on_conflict_do_nothing()).rowcount == 1


def alone(connection: Connection, table: Table) -> None:
    """One writer of `table` at a time until the transaction ends; readers go on. SQLite has only one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))
