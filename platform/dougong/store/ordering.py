"""The column that a text sorts by (SEMANTICS 1), for rows that were there before it."""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, Table, Text, bindparam, select, update

from dougong import pinyin
from dougong.fields.base import ORDER
from dougong.sqltypes import Id
from dougong.store import ddl
from dougong.store.tables import stored_type

BATCH = 2_000


def add(connection: Connection, table: str, key: str) -> None:
    """The column beside `key`, with what each row's text sorts by."""
    there = Table(table, MetaData(), Column("id", Id), Column(key, Text), Column(key + ORDER, stored_type(Text())))
    ddl.add_column(connection, there.c[key + ORDER])
    row, text, after = there.c.id, there.c[key], 0
    statement = update(there).where(row == bindparam("row")).values({key + ORDER: bindparam("order")})
    while True:
        query = select(row, text).where(text.is_not(None), row > after).order_by(row).limit(BATCH)
        found = [{"row": id, "order": pinyin.order(value)} for id, value in connection.execute(query)]
        if found:
            connection.execute(statement, found)
        if len(found) < BATCH:
            return
        after = found[-1]["row"]
