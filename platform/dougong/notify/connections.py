"""What an administrator connected: robots, DingTalk, webhooks, by the name that templates use; and people's addresses there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, Text, delete, insert, select

from dougong.sqltypes import Id, Json
from dougong.store.system import metadata

connection_table = Table(
    "dg_connection",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("options", Json, nullable=False),
)

address_table = Table(
    "dg_address",
    metadata,
    Column("user", Id, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("address", Text, nullable=False),
)


@dataclass(frozen=True)
class Connected:
    """`kind` is 'dingtalk_robot', 'dingtalk' or 'webhook'; `options` hold its address and secrets."""

    name: str
    kind: str
    options: Mapping[str, Any]


def connect(connection: Connection, to: Connected) -> None:
    """Adds it, or puts it in the place of the one with that name."""
    disconnect(connection, to.name)
    connection.execute(insert(connection_table).values(name=to.name, kind=to.kind, options=dict(to.options)))


def disconnect(connection: Connection, name: str) -> None:
    connection.execute(delete(connection_table).where(connection_table.c.name == name))


def connected(connection: Connection) -> dict[str, Connected]:
    """All of them by name."""
    rows = connection.execute(select(connection_table)).mappings()
    return {row["name"]: Connected(row["name"], row["kind"], row["options"]) for row in rows}


def set_address(connection: Connection, user: int, kind: str, address: str) -> None:
    """Where a person is reached ('dingtalk': the userid there); '' takes it away."""
    t = address_table
    connection.execute(delete(t).where(t.c.user == user, t.c.kind == kind))
    if address:
        connection.execute(insert(t).values(user=user, kind=kind, address=address))


def address_of(connection: Connection, user: int, kind: str) -> str:
    t = address_table
    return connection.execute(select(t.c.address).where(t.c.user == user, t.c.kind == kind)).scalar() or ""
