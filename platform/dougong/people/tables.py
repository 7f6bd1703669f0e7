"""The tables of people. Whatever is secret stands outside `dg_user`, whose columns formulas can read."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text

from dougong.sqltypes import Id, Instant
from dougong.store.system import metadata


def _person(name: str, *, primary_key: bool = False, index: bool = False) -> Column[int]:
    return Column(name, Id, ForeignKey("dg_user.id"), primary_key=primary_key, nullable=False, index=index, autoincrement=False)


user = Table(
    "dg_user", metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False, default=1),
    Column("deleted_at", Instant),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    Column("manager", Id, ForeignKey("dg_user.id"), index=True),
    Column("team", Id, ForeignKey("dg_team.id", name="dg_user_team", use_alter=True), index=True),
    Column("region", Text),
    Column("language", Text),
    Column("active", Boolean, nullable=False, default=True),
    Column("title", Text),
)

team = Table(
    "dg_team", metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False, default=1),
    Column("deleted_at", Instant),
    Column("name", Text, nullable=False, unique=True),
    Column("code", Text, unique=True),
    Column("manager", Id, ForeignKey("dg_user.id"), index=True),
    Column("parent", Id, ForeignKey("dg_team.id"), index=True),
    Column("group_robot", Text),
)

subordinate = Table(
    "dg_subordinate", metadata,
    _person("manager", primary_key=True),
    _person("person", primary_key=True, index=True),
    Column("depth", Integer, nullable=False),  # 1: reports directly
    comment="who stands above whom, at every distance; kept by people/hierarchy.py",
)

login = Table(
    "dg_login", metadata,
    _person("user", primary_key=True),
    Column("name", Text),
    Column("password", Text),  # an argon2id hash; empty until the invite is accepted
)

login_key = Table(
    "dg_login_key", metadata,
    Column("key", Text, primary_key=True),  # normalised: one address, number or name signs in one person only
    _person("user", index=True),
)

user_role = Table(
    "dg_user_role", metadata,
    _person("user", primary_key=True),
    Column("app", Text, primary_key=True),  # '' is the workspace itself
    Column("role", Text, primary_key=True),
)

session = Table(
    "dg_session", metadata,
    Column("id", Id, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    _person("user", index=True),
    Column("device", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
)

token = Table(
    "dg_token", metadata,
    Column("id", Id, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    _person("user", index=True),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

link = Table(
    "dg_link", metadata,
    Column("hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),  # invite, reset
    _person("user", index=True),
    _person("made_by"),
    Column("expires_at", Instant, nullable=False),
)

attempt = Table(
    "dg_attempt", metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, index=True),
    Column("at", Instant, nullable=False, index=True),
)
