"""The workspace's own tables that storage itself needs, and the metadata on which every part hangs its `dg_` tables."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    select,
    true,
    update,
)

from dougong.sqltypes import Id, Instant, Json

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)

workspace = Table(
    "dg_workspace",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("settings", Json, nullable=False),  # name, zone, calendar, locale, currency
    Column("secret", Text, nullable=False),  # base key: of keyed hashes, signatures, sessions; never exported
)

app = Table(
    "dg_app",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the sources; names their dg_definition
    Column("sources", Json, nullable=False),  # relative path → text
    Column("answers", Json, nullable=False),  # to `ask:`
    Column("installed_at", Instant, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=true()),
)

change = Table(
    "dg_change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("kind", Text, nullable=False),  # install, change, rollback, uninstall
    Column("plan", Json, nullable=False),  # locale → lines, as the person saw them
    Column("before", Text),  # digests of the sources; empty: the app wasn't there
    Column("after", Text),
    Column("revision", Integer, nullable=False),  # of the workspace afterwards
    sqlite_autoincrement=True,
)
Index("ix_dg_change_app_id", change.c.app, change.c.id)

column = Table(
    "dg_column",
    metadata,
    Column("id", Id, primary_key=True),
    Column("parent", Id, ForeignKey("dg_column.id")),  # a field's form; empty for forms
    Column("app", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("field", Text, nullable=False),  # '' is the form's own row
    Column("names", Json, nullable=False),  # every id it has had
    Column("table", Text, nullable=False),  # of many-to-many links: the junction table
    Column("column", Text, nullable=False),  # physical key, without the field type's suffixes; '' for tables
    Column("suffixes", Json, nullable=False),  # one per column; none for junctions and tables
    Column("type", Text, nullable=False),  # how it is stored, see physical.description
    Column("state", Text, nullable=False),  # live, aside
    Column("since", Instant, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_dg_column_app_form_field", column.c.app, column.c.form, column.c.field)

definition = Table(
    "dg_definition",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("body", Json, nullable=False),  # an app's sources, or one compiled part that a run names
    Column("since", Instant, nullable=False),
)


@dataclass(frozen=True)
class WorkspaceRow:
    revision: int
    settings: Mapping[str, Any]
    secret: str


def create_system_tables(connection: Connection) -> None:
    """Creates what is missing of all `dg_` tables that are imported by now, and the workspace's one row."""
    metadata.create_all(connection)
    if connection.execute(select(workspace.c.id)).first() is None:
        connection.execute(insert(workspace).values(id=1, revision=1, settings={}, secret=secrets.token_urlsafe(32)))


_REVISION = select(workspace.c.revision)


def read_revision(connection: Connection) -> int:
    return int(connection.execute(_REVISION).scalar_one())


def read_workspace(connection: Connection) -> WorkspaceRow:
    row = connection.execute(select(workspace.c.revision, workspace.c.settings, workspace.c.secret)).one()
    return WorkspaceRow(row.revision, row.settings, row.secret)


def bump_revision(connection: Connection) -> int:
    """The new revision. Under `Store.exclusive()` only: every process recompiles when it sees the number."""
    revision = read_workspace(connection).revision + 1
    connection.execute(update(workspace).values(revision=revision))
    return revision


def change_settings(connection: Connection, changes: Mapping[str, Any]) -> int:
    """Merges `changes` into the workspace's settings; the new revision. Under `Store.exclusive()` only."""
    connection.execute(update(workspace).values(settings={**read_workspace(connection).settings, **changes}))
    return bump_revision(connection)
