"""Ids for many rows before they are written: SQLite gives none back from one statement for many rows, and asking row by row is slow."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select, text


def take_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """`count` ids that nobody else gets, in order. In a write transaction, and written in it: SQLite has one writer at a time."""
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(connection.dialect.identifier_preparer.format_table(table), "id")
        return list(connection.execute(select(func.nextval(sequence)).select_from(func.generate_series(1, count))).scalars())
    last = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    if table.dialect_options["sqlite"]["autoincrement"]:
        kept = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}).scalar()
        last = max(last, kept or 0)
    return list(range(last + 1, last + 1 + count))
