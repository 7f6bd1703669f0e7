"""The first run: the company and its first administrator, made exactly once (THREATS S15)."""

from __future__ import annotations

from sqlalchemy import Connection

from dougong.people import company as companies
from dougong.people import passwords, roles, users
from dougong.people.company import Company
from dougong.people.users import Person
from dougong.problems import Problem, Problems
from dougong.store.engine import Store


def begun(connection: Connection) -> bool:
    """Also where somebody was given a password at the command line: whoever opens the first page then is anybody."""
    return companies.get(connection) is not None or passwords.given(connection)


def begin(store: Store, company: Company, administrator: Person, password: str) -> int:
    """The administrator's id. Of many who try at once one succeeds; the others get Problems `already-set-up`."""
    with store.read() as connection:
        if begun(connection):
            raise _already()
        tidy = users.checked(connection, administrator)
    passwords.check(password, (tidy.name, tidy.email, tidy.phone, tidy.login))
    hash = passwords.hashed(password)
    with store.exclusive() as connection:
        if begun(connection):
            raise _already()
        companies.change(connection, company)
        id = users.create(connection, tidy)
        roles.give(connection, id, roles.WORKSPACE, roles.ADMINISTRATOR)
        passwords.store(connection, id, hash)
        return id


def _already() -> Problems:
    return Problems([Problem("already-set-up")])
