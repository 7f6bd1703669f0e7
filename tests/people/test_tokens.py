"""API tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dougong.people import tokens
from dougong.problems import Problems
from dougong.store.engine import Store
from tests.people.conftest import NOW, hire

DAY = timedelta(days=1)


def test_a_token_acts_for_its_person_until_it_expires(store: Store) -> None:
    id = hire(store, "wang")
    with store.write() as connection:
        secret = tokens.create(connection, id, " 报表 ", NOW, DAY)
        found = tokens.find(connection, secret, NOW + DAY - timedelta(seconds=1))
        assert found is not None and (found.user, found.name) == (id, "wang")
        assert tokens.find(connection, secret, NOW + DAY) is None
        assert tokens.find(connection, secret + "x", NOW) is None
        assert [(t.name, t.expires_at) for t in tokens.of(connection, id)] == [("报表", NOW + DAY)]


def test_only_its_owner_revokes_it(store: Store) -> None:
    id, other = hire(store, "wang"), hire(store, "other")
    with store.write() as connection:
        secret = tokens.create(connection, id, "sheet", NOW, DAY)
        number = tokens.of(connection, id)[0].id
        tokens.revoke(connection, other, number)
        found = tokens.find(connection, secret, NOW)
        assert found is not None and found.user == id
        tokens.revoke(connection, id, number)
        assert tokens.find(connection, secret, NOW) is None


def test_a_token_has_a_name_and_an_end(store: Store) -> None:
    id = hire(store, "wang")
    for name, lasts, code in (("", DAY, "token-name-missing"), ("a", 0 * DAY, "token-lasts-wrong"), ("a", 367 * DAY, "token-lasts-wrong")):
        with pytest.raises(Problems) as found, store.write() as connection:
            tokens.create(connection, id, name, NOW, lasts)
        assert [p.code for p in found.value] == [code]
