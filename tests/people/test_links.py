"""Invites and password resets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from dougong.people import credentials, links, sessions, signin, users
from dougong.people.signin import Device
from dougong.problems import Problems
from dougong.store.engine import Store
from tests.people.conftest import NOW, PASSWORD, hire

BASE = "https://crm.example"
HERE = Device("10.0.0.1", "phone")


def made(store: Store, person: int, purpose: links.Purpose = "invite") -> str:
    with store.write() as connection:
        url = links.make(connection, purpose, person, person, NOW, BASE)
    head, secret = url.rsplit("/", 1)
    assert head == f"{BASE}/{purpose}" and len(secret) >= 43  # 256 bits
    return secret


def test_an_invited_person_chooses_a_password_and_is_in(store: Store) -> None:
    id = hire(store, "wang")
    session = signin.accept(store, NOW, "invite", made(store, id), PASSWORD, HERE)
    with store.read() as connection:
        found = sessions.find(connection, session, NOW)
    assert found is not None and found.user == id
    assert signin.sign_in(store, NOW, "wang", PASSWORD, HERE)


@pytest.mark.parametrize("way", ["used", "expired", "other purpose", "guessed", "replaced", "left"])
def test_every_dead_link_has_the_same_answer(store: Store, way: str) -> None:
    id = hire(store, "wang")
    secret, now, purpose = made(store, id), NOW, "invite"
    match way:
        case "used":
            signin.accept(store, NOW, "invite", secret, PASSWORD, HERE)
        case "expired":
            now += links.LASTS["invite"]
        case "other purpose":
            purpose = "reset"
        case "guessed":
            secret = credentials.new()
        case "replaced":
            made(store, id, "reset")
        case "left":
            other = hire(store, "other")
            with store.write() as connection:
                users.deactivate(connection, id)
                users.activate(connection, id)
            assert other != id
    with pytest.raises(Problems) as found:
        signin.accept(store, now, _purpose(purpose), secret, PASSWORD, HERE)
    assert [p.code for p in found.value] == ["link-not-valid"]


def test_a_refused_password_does_not_use_up_the_link(store: Store) -> None:
    secret = made(store, hire(store, "wang"))
    with pytest.raises(Problems):
        signin.accept(store, NOW, "invite", secret, "12345678", HERE)
    assert signin.accept(store, NOW, "invite", secret, PASSWORD, HERE)


def test_of_two_who_use_a_link_at_once_one_gets_through(store: Store) -> None:
    secret = made(store, hire(store, "wang"))

    def use(_: int) -> bool:
        try:
            with store.write() as connection:
                links.use(connection, "invite", secret, NOW)
        except Problems:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(use, range(6))) == 1


def test_without_a_configured_address_there_is_no_link(store: Store) -> None:
    id = hire(store, "wang")
    with pytest.raises(Problems) as found, store.write() as connection:
        links.make(connection, "invite", id, id, NOW, "")
    assert [p.code for p in found.value] == ["no-base-url"]


def _purpose(word: str) -> Literal["invite", "reset"]:
    return "invite" if word == "invite" else "reset"
