"""A large change under way: what it will be, how far it is, and the columns beside the present ones in which it grows (SEMANTICS 10).

Until `finish` the earlier definition answers, from its own columns; a shadow takes a column's place in the apply's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, Table, Text, delete, insert, inspect, select, update

from dougong.sqltypes import Instant, Json
from dougong.store import ddl, ledger, names, system
from dougong.store.ledger import Release

FLIP = "flip_at"
table = Table(
    "dg_staged",
    system.metadata,
    Column("id", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the sources, kept as a definition
    Column("answers", Json, nullable=False),
    Column("kind", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("accept", Json, nullable=False),
    Column("since", Instant, nullable=False),
    Column("forms", Json, nullable=False),  # form key → {columns (field ids), after (the last row's id), done, of}
)


@dataclass(frozen=True)
class Reach:
    """How far one form is: `after` is the id of the last row that is done, `of` how many there were."""

    columns: tuple[str, ...]
    of: int
    after: int = 0
    done: int = 0


@dataclass(frozen=True)
class Staged:
    release: Release
    kind: str
    who: str
    accept: tuple[str, ...]
    since: datetime
    forms: Mapping[str, Reach]


def begin(
    connection: Connection, release: Release, *, kind: str, who: str, now: datetime, accept: Collection[str], forms: Mapping[str, Reach]
) -> None:
    """In a transaction of `Store.exclusive`: from its end these forms can only be read."""
    connection.execute(insert(table).values(
        id=1, app=release.app, version=release.version, digest=ledger.keep(connection, dict(release.sources), now), kind=kind, who=who,
        answers=dict(release.answers), accept=sorted(accept), since=now, forms={key: reach.__dict__ for key, reach in forms.items()},
    ))  # fmt: skip
    system.bump_revision(connection)


def read(connection: Connection, *, lock: bool = False) -> Staged | None:
    """What is under way; with `lock` nobody else goes on with it until the transaction ends."""
    query = select(table)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    forms = {key: Reach(**{**reach, "columns": tuple(reach["columns"])}) for key, reach in row.forms.items()}
    release = Release(row.app, row.version, ledger.kept(connection, row.digest), row.answers)
    return Staged(release, row.kind, row.who, tuple(row.accept), row.since, forms)


def read_only(connection: Connection) -> frozenset[str]:
    """The forms that can only be read meanwhile."""
    return frozenset(key for forms in connection.execute(select(table.c.forms)).scalars() for key in forms)


def reached(connection: Connection, staged: Staged, form: str, reach: Reach) -> None:
    """In the transaction that wrote the rows."""
    forms = {**staged.forms, form: reach}
    connection.execute(update(table).values(forms={key: one.__dict__ for key, one in forms.items()}))


def clear(connection: Connection) -> None:
    connection.execute(delete(table))


def shadow(name: str) -> str:
    """The column that grows beside the one of that name; no field's, since '$' stands in no id."""
    return names.short(f"s${name}")


def add_shadows(connection: Connection, beside: Table, columns: Sequence[str]) -> None:
    """`beside` is the form's table with the shadows as its columns. One that an earlier change left is used again."""
    there = {str(c["name"]) for c in inspect(connection).get_columns(beside.name)}
    for name in columns:
        if name not in there:
            ddl.add_column(connection, beside.c[name])


def take_places(connection: Connection, after: Table, columns: Sequence[str]) -> None:
    """The shadows become the columns; those that stood there become the shadows of the next change. Indexes are made anew."""
    moved = set(columns)
    standing = [str(i["name"]) for i in inspect(connection).get_indexes(after.name) if moved & set(i["column_names"])]
    for name in standing:
        ddl.drop_index(connection, name)
    for name in columns:
        between = names.short(f"t${name}")
        for old, new in ((name, between), (shadow(name), name), (between, shadow(name))):
            ddl.rename_column(connection, after.name, old, new)
    for index in sorted(after.indexes, key=lambda i: str(i.name)):
        if index.name in standing:
            ddl.create_index(connection, index)


def take_free_places(connection: Connection, after: Table, columns: Sequence[str]) -> None:
    """The same where nothing stands."""
    for name in columns:
        ddl.rename_column(connection, after.name, shadow(name), name)
