"""Many rows into one table, column by column: what SQLAlchemy does per value and per row is done once per column here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.exc import IntegrityError

if TYPE_CHECKING:
    import psycopg  # who works on SQLite loads no other driver

BY_COPY = 20
"""Rows: for fewer, a statement that is prepared already is quicker."""


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """`columns` maps names to as many values each, as the columns' types take them. Defaults are the caller's. Raises IntegrityError.

    One prepared statement, or on PostgreSQL from `BY_COPY` rows on COPY.
    """
    names, quoted = list(columns), connection.dialect.identifier_preparer
    rows = list(zip(*(_written(connection, table, name, columns[name]) for name in names), strict=True))
    into = f"{quoted.format_table(table)} ({', '.join(quoted.quote(name) for name in names)})"
    if connection.dialect.name == "postgresql" and len(rows) >= BY_COPY:
        _copy(connection, f"COPY {into} FROM STDIN", rows)
    elif rows:
        place = "?" if connection.dialect.name == "sqlite" else "%s"
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({', '.join([place] * len(names))})", rows)


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.IntegrityError as clash:
        raise IntegrityError(statement, None, clash) from clash


def _written(connection: Connection, table: Table, name: str, values: Sequence[Any]) -> Sequence[Any]:
    """The values as the driver takes them."""
    processor: Callable[[Any], Any] | None = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return values if processor is None else list(_processed(processor, values))


def _processed(processor: Callable[[Any], Any], values: Sequence[Any]) -> Iterator[Any]:
    """Values that are one and the same from row to row are worked out once."""
    last = written = None
    for value in values:
        if value is not last:
            last, written = value, processor(value)
        yield written
