"""Rows that exist at most once, by their unique key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], returning: Column[Any] | None = None) -> list[Any]:
    """Inserts what isn't there yet; the `returning` column of the rows that were new, in no order. Rows have the same keys."""
    if not rows:
        return []
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(table).on_conflict_do_nothing()
    if returning is None:
        connection.execute(statement, [dict(row) for row in rows])
        return []
    return list(connection.execute(statement.returning(returning), [dict(row) for row in rows]).scalars())
