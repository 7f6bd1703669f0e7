"""People: created, changed, deactivated here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from uuid6 import uuid7

from dougong.fields.base import Locale, Refused
from dougong.fields.phone import Phone
from dougong.people import hierarchy, identity, roles, sessions
from dougong.people.forms import LANGUAGES, SYSTEM_FORMS
from dougong.people.tables import link, login, login_key, team, token, user
from dougong.people.writes import insert_once
from dougong.problems import Problem, Problems

_TEXTS = ("name", "email", "phone", "login", "region", "title")


@dataclass(frozen=True)
class Person:
    """What may be entered about somebody. `login` is a further name to sign in by, and what `user.wang` in a template means.

    `language` '' leaves it to the person's browser.
    """

    name: str
    email: str = ""
    phone: str = ""
    login: str = ""
    manager: int | None = None
    team: int | None = None
    region: str = ""
    language: str = "zh"
    title: str = ""


@dataclass(frozen=True)
class User:
    id: int
    uid: str
    revision: int
    active: bool
    person: Person
    has_password: bool = field(repr=False)


def create(connection: Connection, person: Person) -> int:
    """The new person's id. They can sign in once they have accepted an invite (links.py)."""
    tidy = checked(connection, person)
    row = _columns(tidy) | {"uid": str(uuid7()), "revision": 1, "active": True}
    id = int(connection.execute(insert(user).values(row).returning(user.c.id)).scalar_one())
    connection.execute(insert(login).values(user=id, name=tidy.login or None))
    _keep_keys(connection, id, tidy)
    if tidy.manager is not None:
        hierarchy.place(connection, id, tidy.manager)
    return id


def edit(connection: Connection, id: int, person: Person, revision: int | None = None) -> None:
    """Replaces all that is entered about somebody. With `revision`, refused where somebody else was faster."""
    before = existing(connection, id)
    tidy = checked(connection, person)
    found = update(user).where(user.c.id == id, *([user.c.revision == revision] if revision is not None else []))
    if connection.execute(found.values(_columns(tidy) | {"revision": user.c.revision + 1})).rowcount != 1:
        raise Problems([Problem("person-changed-meanwhile", {"name": before.person.name}, form="user")])
    connection.execute(update(login).where(login.c.user == id).values(name=tidy.login or None))
    connection.execute(delete(login_key).where(login_key.c.user == id))
    _keep_keys(connection, id, tidy)
    if tidy.manager != before.person.manager:
        hierarchy.place(connection, id, tidy.manager)


def deactivate(connection: Connection, id: int) -> None:
    """Ends every session, token and open link with the same commit (THREATS S17). Their records stay theirs."""
    existing(connection, id)
    roles.keep_an_administrator(connection, without=id)
    connection.execute(update(user).where(user.c.id == id).values(active=False, revision=user.c.revision + 1))
    end_access(connection, id)


def activate(connection: Connection, id: int) -> None:
    existing(connection, id)
    connection.execute(update(user).where(user.c.id == id).values(active=True, revision=user.c.revision + 1))


def end_access(connection: Connection, id: int) -> None:
    """Whatever was handed out to act as this person is void from now on."""
    sessions.end_all(connection, id)
    connection.execute(delete(token).where(token.c.user == id))
    connection.execute(delete(link).where(link.c.user == id))


def get(connection: Connection, id: int) -> User | None:
    return next(iter(_users(connection, user.c.id == id)), None)


def by_uid(connection: Connection, uid: str) -> User | None:
    return next(iter(_users(connection, user.c.uid == identity.clean(uid))), None)


def by_key(connection: Connection, name: str) -> User | None:
    """By e-mail, phone or login name, as one would type it to sign in."""
    owner = select(login_key.c.user).where(login_key.c.key == identity.sign_in_key(name))
    return next(iter(_users(connection, user.c.id.in_(owner))), None)


def everyone(connection: Connection) -> Sequence[User]:
    """All of them, also those who left, by name."""
    return _users(connection)


def existing(connection: Connection, id: int) -> User:
    found = get(connection, id)
    if found is None:
        raise Problems([Problem("person-not-found", form="user")])
    return found


def checked(connection: Connection, person: Person) -> Person:
    """The person with tidy values. Raises all that is wrong with them together; taken names show only when written."""
    texts: dict[str, Any] = {name: identity.clean(getattr(person, name)) for name in _TEXTS}
    tidy = replace(person, **texts)
    phone = _phone(tidy.phone)
    problems = [
        Problem(code, {"value": value}, form="user", field=name)
        for name, code, value, bad in (
            ("name", "person-name-missing", "", not tidy.name),
            ("email", "email-not-valid", tidy.email, tidy.email and not identity.is_email(tidy.email)),
            ("phone", "phone-not-valid", tidy.phone, phone is None),
            ("login", "login-not-valid", tidy.login, tidy.login and not identity.is_login(tidy.login)),
            ("email", "person-unreachable", tidy.name, not (tidy.email or tidy.phone or tidy.login)),
            ("language", "language-not-known", tidy.language, tidy.language not in ("", *LANGUAGES)),
            ("manager", "person-not-found", "", tidy.manager is not None and get(connection, tidy.manager) is None),
            ("team", "team-not-found", "", tidy.team is not None and not _team_exists(connection, tidy.team)),
        )
        if bad
    ]
    if problems:
        raise Problems(problems)
    return replace(tidy, phone=phone or "")


def _phone(written: str) -> str | None:
    """In the one spelling that all phone fields share, so that people's numbers equal customers' numbers; None: not a phone."""
    try:
        return Phone().parse(SYSTEM_FORMS["user"].fields["phone"], written, Locale()) or ""
    except Refused:
        return None


def _keep_keys(connection: Connection, id: int, person: Person) -> None:
    problems = []
    for name, written in (("email", person.email), ("phone", person.phone), ("login", person.login)):
        key = identity.sign_in_key(written)
        if key and not insert_once(connection, login_key, {"key": key, "user": id}) and _owner(connection, key) != id:
            problems.append(Problem("sign-in-name-taken", {"value": written}, form="user", field=name))
    if problems:
        raise Problems(problems)


def _owner(connection: Connection, key: str) -> int | None:
    return connection.execute(select(login_key.c.user).where(login_key.c.key == key)).scalar_one_or_none()


def _team_exists(connection: Connection, id: int) -> bool:
    return connection.execute(select(team.c.id).where(team.c.id == id, team.c.deleted_at.is_(None))).first() is not None


def _columns(person: Person) -> dict[str, Any]:
    """Without the manager, whom hierarchy.place writes. Empty text is stored as empty (SEMANTICS 1)."""
    names = ("name", "email", "phone", "team", "region", "language", "title")
    return {name: getattr(person, name) or None for name in names}


def _users(connection: Connection, *where: Any) -> list[User]:
    query = select(user, login.c.name.label("login"), login.c.password.is_not(None).label("has_password"))
    found = query.join(login, login.c.user == user.c.id).where(user.c.deleted_at.is_(None), *where)
    return [_user(row._mapping) for row in connection.execute(found.order_by(user.c.name, user.c.id))]


def _user(row: RowMapping) -> User:
    texts: dict[str, Any] = {name: row[name] or "" for name in _TEXTS}
    person = Person(**texts, manager=row["manager"], team=row["team"], language=row["language"] or "")
    return User(row["id"], row["uid"], row["revision"], row["active"], person, bool(row["has_password"]))
