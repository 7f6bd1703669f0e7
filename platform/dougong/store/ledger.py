"""What was applied, by whom and when; which definitions there were; what stands aside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from dougong.store import physical, system
from dougong.store.physical import Key


@dataclass(frozen=True)
class Release:
    """One state of an app: `sources` are its files by relative path, as written; `answers` those to its `ask:`."""

    app: str
    version: str
    sources: Mapping[str, str]
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class Installed(Release):
    digest: str
    installed_at: datetime
    enabled: bool


@dataclass(frozen=True)
class Entry:
    """One apply. `plan` is what the person saw, by language; `before` and `after` name sources, None where the app wasn't there."""

    id: int
    at: datetime
    who: str
    app: str
    kind: str
    plan: Mapping[str, list[str]]
    before: str | None
    after: str | None
    revision: int


def digest(body: Any) -> str:
    """The name of a definition: the hash of its content."""
    return sha256(json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def keep(connection: Connection, body: Any, now: datetime) -> str:
    """Keeps a definition for good, once; its digest."""
    name = digest(body)
    if connection.execute(select(system.definition.c.digest).where(system.definition.c.digest == name)).first() is None:
        connection.execute(insert(system.definition).values(digest=name, body=body, since=now))
    return name


def kept(connection: Connection, name: str) -> Any:
    """The definition of that digest; LookupError where there never was one."""
    row = connection.execute(select(system.definition.c.body).where(system.definition.c.digest == name)).first()
    if row is None:
        raise LookupError(name)
    return row.body


def installed(connection: Connection) -> dict[str, Installed]:
    """The apps by id, in the order of installation."""
    rows = connection.execute(select(system.app).order_by(system.app.c.installed_at, system.app.c.id)).mappings()
    return {row["id"]: _installed(dict(row)) for row in rows}


def history(connection: Connection, app: str = "", limit: int = 100) -> list[Entry]:
    """Newest first."""
    query = select(system.change).order_by(system.change.c.id.desc()).limit(limit)
    rows = connection.execute(query.where(system.change.c.app == app) if app else query).mappings()
    return [Entry(**row) for row in rows]


@dataclass(frozen=True)
class Version:
    """A state that an app had: what apply `number` left behind, {} where the app wasn't there any more. 0 is before all of them."""

    number: int
    sources: Mapping[str, str]
    at: datetime | None = None
    who: str = ""


def earlier(connection: Connection, app: str, number: int | None = None) -> Version:
    """What apply `number` of the app left behind; by default the version before the present one.

    A rollback goes down on the pile of versions and lays nothing on it, so that a second one goes down one more.
    LookupError without such an apply, or with nothing to go back to.
    """
    c = system.change.c
    rows = connection.execute(select(c.id, c.kind, c.before, c.after, c.at, c.who).where(c.app == app).order_by(c.id)).all()
    if number is None and rows and (below := _pile(rows)[-2:-1]):
        number = below[0][0]
        if not number:
            return Version(0, kept(connection, rows[0].before) if rows[0].before else {})
    for row in rows:
        if row.id == number:
            return Version(row.id, kept(connection, row.after) if row.after else {}, row.at, row.who)
    raise LookupError(f"{app} {number or ''}")


def _pile(rows: Sequence[Any]) -> list[tuple[int, str | None]]:
    """(number, digest) of the versions that lie below one another, the present one on top."""
    pile: list[tuple[int, str | None]] = [(0, rows[0].before)]
    for row in rows:
        known = [place for place, (_, digest) in enumerate(pile[:-1]) if digest == row.after]
        if row.kind == "rollback" and known:
            del pile[known[-1] + 1 :]
        else:
            pile.append((row.id, row.after))
    return pile


def asides(connection: Connection, app: str = "") -> list[Key]:
    """Forms and fields that are kept though no template has them, newest last; where one is asked for again, plan brings it back.

    Columns of an aside form count as live within it.
    """
    return [k for k in physical.read_keys(connection) if k.state == "aside" and app in ("", k.app)]


def record(connection: Connection, release: Release, kind: str, who: str, now: datetime, plan: Mapping[str, list[str]]) -> int:
    """Writes the apply, and the app as it is afterwards (no sources: it is gone); moves the revision. The apply's number."""
    before = installed(connection).get(release.app)
    after = keep(connection, dict(release.sources), now) if release.sources else None
    revision = system.bump_revision(connection)
    row = connection.execute(insert(system.change).values(
        at=now, who=who, app=release.app, kind=kind, plan=plan, before=before.digest if before else None, after=after, revision=revision
    ))  # fmt: skip
    connection.execute(delete(system.app).where(system.app.c.id == release.app))
    if after:
        connection.execute(insert(system.app).values(
            id=release.app, version=release.version, digest=after, sources=dict(release.sources), answers=dict(release.answers),
            installed_at=before.installed_at if before else now, enabled=before.enabled if before else True,
        ))  # fmt: skip
    assert row.inserted_primary_key
    return int(row.inserted_primary_key[0])


def _installed(row: dict[str, Any]) -> Installed:
    row["app"] = row.pop("id")
    return Installed(**row)
