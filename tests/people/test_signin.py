"""Signing in, and what ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median
from time import perf_counter

import pytest
from sqlalchemy import select

from dougong.people import attempts, links, passwords, sessions, signin, tables, tokens, users
from dougong.people.signin import Device
from dougong.problems import Problems
from dougong.store.engine import Store
from tests.people.conftest import NOW, PASSWORD, hire

PHONE = Device("10.0.0.1", "phone")
HASH = passwords.hashed(PASSWORD)


def employ(store: Store, name: str, **entries: object) -> int:
    id = hire(store, name, **entries)
    with store.write() as connection:
        passwords.store(connection, id, HASH)
    return id


def refusal(store: Store, name: str, password: str, device: Device = PHONE) -> str:
    with pytest.raises(Problems) as found:
        signin.sign_in(store, NOW, name, password, device)
    return found.value.problems[0].code


def test_one_signs_in_by_mail_phone_or_name_however_it_is_typed(store: Store) -> None:
    id = employ(store, "王强", email="wang@example.com", phone="13800138000", login="wang")
    for typed in ("Wang@Example.com", " wang@example.com ", "138 0013 8000", "+8613800138000", "ＷＡＮＧ", "wang\u200b"):
        secret = signin.sign_in(store, NOW, typed, "lattice pine ３７", PHONE)
        with store.read() as connection:
            found = sessions.find(connection, secret, NOW)
        assert found is not None and (found.user, found.device, found.address) == (id, "phone", "10.0.0.1"), typed


def test_every_failure_has_the_same_answer(store: Store) -> None:
    employ(store, "wang")
    hire(store, "invited")
    left = employ(store, "left")
    with store.write() as connection:
        users.deactivate(connection, left)
    assert refusal(store, "wang", "wrong password") == "sign-in-failed"
    for name in ("nobody", "left", "invited", "", "\x00", "x" * 5000, "138"):
        assert refusal(store, name, PASSWORD) == "sign-in-failed", name


def test_an_unknown_account_takes_as_long_as_a_known_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signin, "PER_ADDRESS", 10**6)
    employ(store, "wang")

    def seconds(name: str) -> float:
        begin = perf_counter()
        refusal(store, name, "wrong password")
        return perf_counter() - begin

    pairs = [(seconds("wang"), seconds(f"nobody{n}")) for n in range(8)]
    known, unknown = (median(column) for column in zip(*pairs, strict=True))
    assert 0.6 < known / unknown < 1.7


def test_guessing_stops_per_account_whatever_name_and_address_it_comes_by(store: Store) -> None:
    employ(store, "王强", email="wang@example.com", login="wang")
    answers = [
        refusal(store, "wang" if n % 2 else "WANG@example.com", "wrong password", Device(f"10.0.0.{n}"))
        for n in range(signin.PER_ACCOUNT + 1)
    ]
    assert answers == ["sign-in-failed"] * signin.PER_ACCOUNT + ["too-many-attempts"]
    assert refusal(store, "wang", PASSWORD) == "too-many-attempts"
    assert signin.sign_in(store, NOW + attempts.WINDOW, "wang", PASSWORD, PHONE)


def test_unknown_accounts_are_limited_alike(store: Store) -> None:
    answers = [refusal(store, "nobody", "wrong", Device(f"10.0.0.{n}")) for n in range(signin.PER_ACCOUNT + 1)]
    assert answers[-2:] == ["sign-in-failed", "too-many-attempts"]


def test_guessing_stops_per_address_even_in_parallel(store: Store) -> None:
    def attempt(n: int) -> bool:
        with store.write() as connection:
            return attempts.take(connection, NOW, {f"name:{n}": 5, "address:10.0.0.9": 7})

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(20))) == 7


def test_a_success_clears_the_account(store: Store) -> None:
    employ(store, "wang")
    for _ in range(3):
        for _ in range(signin.PER_ACCOUNT - 1):
            refusal(store, "wang", "wrong password")
        assert signin.sign_in(store, NOW, "wang", PASSWORD, PHONE)


def test_a_device_is_forgotten_after_thirty_idle_days(store: Store) -> None:
    id = employ(store, "wang")
    secret = signin.sign_in(store, NOW, "wang", PASSWORD, PHONE)
    almost = NOW + sessions.IDLE - timedelta(seconds=1)
    with store.write() as connection:
        found = sessions.find(connection, secret, almost)
        assert found is not None and found.stale(almost) and not found.stale(NOW)
        sessions.seen(connection, found, almost)
        assert sessions.find(connection, secret, NOW + sessions.IDLE)
        assert sessions.find(connection, secret, almost + sessions.IDLE) is None
        assert sessions.of(connection, id, almost + sessions.IDLE) == []


def test_one_device_is_ended_and_the_other_stays(store: Store) -> None:
    id = employ(store, "wang")
    phone, desk = (signin.sign_in(store, NOW, "wang", PASSWORD, Device("", name)) for name in ("phone", "desk"))
    other = hire(store, "other")
    with store.write() as connection:
        mine = {s.device: s.id for s in sessions.of(connection, id, NOW)}
        sessions.end(connection, other, mine["desk"])
        sessions.end(connection, id, mine["phone"])
        assert sessions.find(connection, phone, NOW) is None
        assert sessions.find(connection, desk, NOW) is not None


def test_a_changed_password_ends_every_other_session_and_token(store: Store) -> None:
    id = employ(store, "wang")
    before = signin.sign_in(store, NOW, "wang", PASSWORD, PHONE)
    with store.write() as connection:
        token = tokens.create(connection, id, "sheet", NOW, timedelta(days=1))
    with pytest.raises(Problems) as found:
        signin.change_password(store, NOW, id, "wrong password", "copper bridge 12", PHONE)
    assert found.value.problems[0].code == "password-wrong"
    after = signin.change_password(store, NOW, id, PASSWORD, "copper bridge 12", PHONE)
    with store.read() as connection:
        assert sessions.find(connection, before, NOW) is None and tokens.find(connection, token, NOW) is None
        assert sessions.find(connection, after, NOW)
    assert refusal(store, "wang", PASSWORD) == "sign-in-failed"


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "password-length"), ("x" * 129, "password-length"), ("12345678", "password-easy"), ("aaaabbbb", "password-easy"),
     ("138 0013 8000", "password-easy"), ("WANG@example.com", "password-easy"), ("hgfedcba", "password-easy")],
)
def test_passwords_that_anybody_guesses_are_refused(password: str, code: str) -> None:
    with pytest.raises(Problems) as found:
        passwords.check(password, ["wang@example.com", "13800138000", ""])
    assert [p.code for p in found.value] == [code]


def test_nothing_secret_stands_in_the_database_in_clear(store: Store) -> None:
    id = employ(store, "wang")
    secret = signin.sign_in(store, NOW, "wang", PASSWORD, PHONE)
    with store.write() as connection:
        token = tokens.create(connection, id, "sheet", NOW, timedelta(days=1))
        link = links.make(connection, "reset", id, id, NOW, "https://crm.example").rsplit("/", 1)[1]
    with store.read() as connection:
        rows = [str(connection.execute(select(t)).all()) for t in (tables.session, tables.token, tables.link, tables.login, tables.attempt)]
    assert not any(word in row for word in (secret, token, link, PASSWORD) for row in rows)
