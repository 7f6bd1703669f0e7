"""Proving who one is. Hashing takes long, so it happens between transactions, never inside one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dougong.people import attempts, credentials, links, passwords, sessions, users
from dougong.people.identity import sign_in_key
from dougong.problems import Problem, Problems
from dougong.store.engine import Store

PER_ACCOUNT = 10
PER_ADDRESS = 60
"""Failed tries in `attempts.WINDOW`; an office behind one address shares the second."""


@dataclass(frozen=True)
class Device:
    """What the server itself knows of the other side: its network address and how the browser names itself."""

    address: str = ""
    name: str = ""


def sign_in(store: Store, now: datetime, name: str, password: str, device: Device) -> str:
    """The secret of a new session. Same answer, same work for an unknown name, a wrong password and somebody who left (S34)."""
    with store.write() as connection:
        found = users.by_key(connection, name)
        account = _account(found.id) if found else "name:" + credentials.digest(sign_in_key(name))
        allowed = attempts.take(connection, now, {account: PER_ACCOUNT, "address:" + device.address: PER_ADDRESS})
        stored = passwords.stored(connection, found.id if found else 0)
    if not allowed:
        raise attempts.too_many()
    if not passwords.matches(password, stored) or found is None:
        raise _failed()
    with store.write() as connection:
        _still(connection, found.id, stored)
        attempts.forget(connection, account)
        return sessions.open(connection, found.id, now, device.name, device.address)


def change_password(store: Store, now: datetime, person: int, current: str, new: str, device: Device) -> str:
    """The secret of the new session that replaces all others; API tokens end too (S17)."""
    with store.write() as connection:
        who = users.existing(connection, person)
        allowed = attempts.take(connection, now, {_account(person): PER_ACCOUNT})
        stored = passwords.stored(connection, person)
    if not allowed:
        raise attempts.too_many()
    if not passwords.matches(current, stored):
        raise Problems([Problem("password-wrong", field="current")])
    passwords.check(new, _names(who))
    hash = passwords.hashed(new)
    with store.write() as connection:
        _still(connection, person, stored)
        return _renew(connection, person, hash, now, device)


def accept(store: Store, now: datetime, purpose: links.Purpose, secret: str, password: str, device: Device) -> str:
    """Sets the password by an invite or reset link; the secret of the only session there is now."""
    with store.read() as connection:
        who = users.existing(connection, links.person_of(connection, purpose, secret, now))
    passwords.check(password, _names(who))
    hash = passwords.hashed(password)
    with store.write() as connection:
        return _renew(connection, links.use(connection, purpose, secret, now), hash, now, device)


def _renew(connection: Connection, person: int, hash: str, now: datetime, device: Device) -> str:
    passwords.store(connection, person, hash)
    users.end_access(connection, person)
    attempts.forget(connection, _account(person))
    return sessions.open(connection, person, now, device.name, device.address)


def _still(connection: Connection, person: int, stored: str | None) -> None:
    """Between the transactions the person may have been deactivated, or the password changed."""
    now = users.get(connection, person)
    if now is None or not now.active or passwords.stored(connection, person) != stored:
        raise _failed()


def _failed() -> Problems:
    return Problems([Problem("sign-in-failed")])


def _account(person: int) -> str:
    return f"user:{person}"


def _names(who: users.User) -> tuple[str, ...]:
    return (who.person.name, who.person.email, who.person.phone, who.person.login)
