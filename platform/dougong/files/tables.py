"""The table of attachments."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from dougong.people.tables import user
from dougong.sqltypes import Id, Instant
from dougong.store.system import metadata

file = Table(
    "dg_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),  # for people; no path is ever made of it
    Column("kind", Text, nullable=False),  # image, audio, video, document, other
    Column("type", Text, nullable=False),  # content type, by content
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),  # of the bytes that are kept
    Column("key", Text, nullable=False, unique=True),  # where the store keeps them
    Column("thumb", Text),  # the thumbnail's key; pictures only
    Column("created_at", Instant, nullable=False),
    Column("creator", Id, ForeignKey(user.c.id)),  # empty: a public form or a machine
    Column("form", Text),  # these three are empty until the record is saved
    Column("record", Id),
    Column("field", Text),
    Index("ix_dg_file_owner", "form", "record"),
    Index("ix_dg_file_created_at", "created_at"),
)
