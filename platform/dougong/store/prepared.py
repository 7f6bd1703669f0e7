"""Statements of a table that every save needs, made once per table: putting one together costs more than running it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Dialect, Insert, Integer, Select, Table, Update, bindparam, func, insert, select, text, update

T = TypeVar("T")


def adding(table: Table) -> Insert:
    """Of one row; gives its id."""
    return _once(table, "adding", lambda: insert(table).returning(table.c.id))


def changing(table: Table) -> Update:
    """Of the row `at_id`; the other parameters are its new values."""
    return _once(table, "changing", lambda: update(table).where(table.c.id == bindparam("at_id")))


def locking(table: Table) -> Select[Any]:
    """The rows `at_ids` in id order, locked without their keys: two who each wrote a child hold the parent's key already, and would
    wait for one another."""
    def make() -> Select[Any]:
        rows = select(table).where(table.c.id.in_(bindparam("at_ids", expanding=True))).order_by(table.c.id)
        return rows.with_for_update(key_share=True)

    return _once(table, "locking", make)


def live(table: Table) -> Select[Any]:
    """The rows `at_ids` that are not deleted, in id order."""

    def make() -> Select[Any]:
        return select(table).where(table.c.id.in_(bindparam("at_ids", expanding=True)), table.c.deleted_at.is_(None)).order_by(table.c.id)

    return _once(table, "live", make)


def named(table: Table) -> Select[Any]:
    """The id of the row `at_uid`, deleted or not."""
    return _once(table, "named", lambda: select(table.c.id).where(table.c.uid == bindparam("at_uid")))


def uids(table: Table) -> Select[Any]:
    """Id and uid of the rows `at_ids` that are not deleted."""

    def make() -> Select[Any]:
        return select(table.c.id, table.c.uid).where(table.c.id.in_(bindparam("at_ids", expanding=True)), table.c.deleted_at.is_(None))

    return _once(table, "uids", make)


def last_id(table: Table) -> Select[Any]:
    return _once(table, "last_id", lambda: select(func.coalesce(func.max(table.c.id), 0)))


def next_ids(table: Table, dialect: Dialect) -> Select[Any]:
    """The next `many` ids on PostgreSQL."""

    def make() -> Select[Any]:
        name = dialect.identifier_preparer.format_table(table)
        each = func.generate_series(1, bindparam("many", type_=Integer))
        return select(func.nextval(func.pg_get_serial_sequence(name, "id"))).select_from(each)

    return _once(table, "next_ids", make)


LAST_GIVEN = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
"""The last id that SQLite gave in the table `name`, which it must not give again."""


def _once(table: Table, name: str, make: Callable[[], T]) -> T:
    statements: dict[str, Any] = table.info.setdefault("prepared", {})
    if name not in statements:
        statements[name] = make()
    return statements[name]  # type: ignore[no-any-return]
