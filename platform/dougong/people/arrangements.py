"""What people arrange for themselves: small choices by name, and views of a list under a name of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Table, Text, delete, insert, or_, select, update
from uuid6 import uuid7

from dougong.problems import Problem, Problems
from dougong.sqltypes import Id, Instant, Json
from dougong.store.system import metadata

MOST_VIEWS = 30
LONGEST = 40

choice_table = Table(
    "dg_choice",
    metadata,
    Column("user", Id, ForeignKey("dg_user.id"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("value", Json, nullable=False),
)

own_view_table = Table(
    "dg_own_view",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("user", Id, ForeignKey("dg_user.id"), nullable=False),
    Column("form", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("args", Text, nullable=False),  # the list's address behind the ?
    Column("role", Text, nullable=False),  # whose holders see it too, 'app.role'; '' nobody
    Column("deleted_at", Instant),
)
Index("ix_dg_own_view_form", own_view_table.c.form)


@dataclass(frozen=True)
class OwnView:
    """`args` is the list's address behind the question mark: it opens nothing that its reader may not see anyway."""

    uid: str
    name: str
    args: str
    role: str
    mine: bool


def chosen(connection: Connection, user: int, name: str) -> Any:
    """None where nothing was chosen."""
    c = choice_table.c
    return connection.execute(select(c.value).where(c.user == user, c.name == name)).scalar()


def choose(connection: Connection, user: int, name: str, value: Any) -> None:
    """`value` is JSON; None takes the choice back."""
    c = choice_table.c
    connection.execute(delete(choice_table).where(c.user == user, c.name == name))
    if value is not None:
        connection.execute(insert(choice_table).values(user=user, name=name, value=value))


def views(connection: Connection, user: int, roles: Collection[str], form: str) -> Sequence[OwnView]:
    """One's own, and those that colleagues share with one of the roles; in the order in which they were made."""
    v = own_view_table.c
    reach = or_(v.user == user, v.role.in_(sorted(roles)))
    kept = select(own_view_table).where(v.form == form, v.deleted_at.is_(None), reach)
    rows = connection.execute(kept.order_by(v.id).limit(MOST_VIEWS * 2))
    return [OwnView(row.uid, row.name, row.args, row.role, row.user == user) for row in rows]


def keep_view(connection: Connection, user: int, form: str, name: str, args: str, role: str) -> str:
    """The view's uid; one's own view of the same name is replaced. Raises Problems."""
    tidy = " ".join(name.split())[:LONGEST]
    if not tidy:
        raise Problems([Problem("view-without-name", form=form, field="name")])
    v = own_view_table.c
    mine = connection.execute(select(v.uid, v.name).where(v.user == user, v.form == form, v.deleted_at.is_(None))).all()
    if known := next((row.uid for row in mine if row.name == tidy), None):
        connection.execute(update(own_view_table).where(v.uid == known).values(args=args, role=role))
        return str(known)
    if len(mine) >= MOST_VIEWS:
        raise Problems([Problem("too-many-views", {"limit": MOST_VIEWS}, form=form, field="name")])
    uid = str(uuid7())
    connection.execute(insert(own_view_table).values(uid=uid, user=user, form=form, name=tidy, args=args, role=role))
    return uid


def set_view_deleted(connection: Connection, user: int, uid: str, at: datetime | None) -> None:
    """`at` takes the view away, None brings it back; somebody else's is left alone."""
    v = own_view_table.c
    connection.execute(update(own_view_table).where(v.uid == uid, v.user == user).values(deleted_at=at))
