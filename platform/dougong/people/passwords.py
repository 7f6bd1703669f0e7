"""Passwords: argon2id, few at a time, the same work whether the account exists or not (THREATS S34)."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, select

from dougong.people import credentials
from dougong.people.identity import sign_in_key
from dougong.people.tables import login
from dougong.problems import Problem, Problems

SHORTEST, LONGEST = 8, 128
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's setting for 19 MiB
_slots = threading.BoundedSemaphore(2)
_WAIT_SECONDS = 10.0


@cache
def _nobody() -> str:
    """What an account without a password is compared with."""
    return _hasher.hash(credentials.new())


def check(password: str, names: Iterable[str | None]) -> None:
    """Raises Problems where the password is too easy to guess; `names` are the person's own."""
    plain = _normal(password)
    if len(plain) < SHORTEST or len(plain) > LONGEST:
        raise Problems([Problem("password-length", {"shortest": SHORTEST, "longest": LONGEST}, field="password")])
    own = {sign_in_key(name) for name in names if name}
    if sign_in_key(plain) in own or len(set(plain)) < 4 or _is_run(plain):
        raise Problems([Problem("password-easy", field="password")])


def hashed(password: str) -> str:
    """Takes tens of milliseconds and 19 MiB: never call it with a transaction open."""
    with _slot():
        return _hasher.hash(_normal(password))


def matches(password: str, stored: str | None) -> bool:
    """As slow without a stored hash as with one, the first time too."""
    with _slot():
        nobody = _nobody()
        try:
            return _hasher.verify(stored or nobody, _normal(password)[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False


def store(connection: Connection, user: int, hash: str) -> None:
    connection.execute(login.update().where(login.c.user == user).values(password=hash))


def given(connection: Connection) -> bool:
    """Has anybody one?"""
    return connection.execute(select(login.c.user).where(login.c.password.is_not(None)).limit(1)).first() is not None


def stored(connection: Connection, user: int) -> str | None:
    return connection.execute(select(login.c.password).where(login.c.user == user)).scalar_one_or_none()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())


def _is_run(text: str) -> bool:
    """12345678, abcdefgh, 87654321."""
    return {ord(b) - ord(a) for a, b in pairwise(text)} in ({1}, {-1})


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=_WAIT_SECONDS):
        raise Problems([Problem("sign-in-busy")])
    try:
        yield
    finally:
        _slots.release()
