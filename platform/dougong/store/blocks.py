"""Ids for many rows before they are written: SQLite gives none back from one statement for many rows, and asking row by row is slow."""

from __future__ import annotations

from sqlalchemy import Connection, Table

from dougong.store import prepared


def take_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """`count` ids that nobody else gets, in order. In a write transaction, and written in it: SQLite has one writer at a time."""
    if connection.dialect.name == "postgresql":
        return list(connection.execute(prepared.next_ids(table, connection.dialect), {"many": count}).scalars())
    last = connection.execute(prepared.last_id(table)).scalar_one()
    if table.dialect_options["sqlite"]["autoincrement"]:
        kept = connection.execute(prepared.LAST_GIVEN, {"name": table.name}).scalar()
        last = max(last, kept or 0)
    return list(range(last + 1, last + 1 + count))
