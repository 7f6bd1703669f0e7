"""The few statements that change tables, the same on both databases. No table is ever rebuilt or dropped, and no value."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Index, Table, inspect
from sqlalchemy.schema import AddConstraint, CreateColumn, CreateIndex, CreateTable


def create_table(connection: Connection, table: Table) -> None:
    """Without indexes. On PostgreSQL also without references, since two new tables may refer to each other: `connect_table`."""
    early: list[Any] | None = None if connection.dialect.name == "sqlite" else []
    connection.execute(CreateTable(table, include_foreign_key_constraints=early))


def connect_table(connection: Connection, table: Table) -> None:
    """What `create_table` left for the time when all new tables are there."""
    if connection.dialect.name != "sqlite":
        for constraint in sorted(table.foreign_key_constraints, key=lambda c: list(c.column_keys)):
            connection.execute(AddConstraint(constraint))


def create_junction(connection: Connection, table: Table) -> None:
    connection.execute(CreateTable(table))
    for index in table.indexes:
        create_index(connection, index)


def move_junction(connection: Connection, table: str, name: str, index: Index | None = None) -> None:
    """Out of the way its index is dropped, since another table of pairs may need the name; back again it is given `index`."""
    for found in inspect(connection).get_indexes(table):
        drop_index(connection, str(found["name"]))
    rename_table(connection, table, name)
    if index is not None:
        create_index(connection, index)


def create_index(connection: Connection, index: Index) -> None:
    connection.execute(CreateIndex(index))


def drop_index(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(f"DROP INDEX {_quoted(connection, name)}")


def add_column(connection: Connection, column: Column[Any]) -> None:
    """With its reference, where it has one. SQLAlchemy writes the column's definition, and none for this statement."""
    definition = str(CreateColumn(column).compile(dialect=connection.dialect))
    for key in column.foreign_keys:
        target = _quoted(connection, key.column.table.name)
        definition += f" REFERENCES {target} ({_quoted(connection, key.column.name)}) ON DELETE {key.ondelete}"
    connection.exec_driver_sql(f"ALTER TABLE {_quoted(connection, column.table.name)} ADD COLUMN {definition}")


def drop_column(connection: Connection, table: str, column: str) -> None:
    """Only of what follows from other columns. Its indexes go first."""
    connection.exec_driver_sql(f"ALTER TABLE {_quoted(connection, table)} DROP COLUMN {_quoted(connection, column)}")


def rename_table(connection: Connection, table: str, name: str) -> None:
    connection.exec_driver_sql(f"ALTER TABLE {_quoted(connection, table)} RENAME TO {_quoted(connection, name)}")


def rename_column(connection: Connection, table: str, column: str, name: str) -> None:
    old, new = _quoted(connection, column), _quoted(connection, name)
    connection.exec_driver_sql(f"ALTER TABLE {_quoted(connection, table)} RENAME COLUMN {old} TO {new}")


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
