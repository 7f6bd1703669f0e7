"""People as the administrator enters them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dougong.people import links, passwords, roles, sessions, tables, tokens, users
from dougong.people.users import Person
from dougong.problems import Problems
from dougong.store.engine import Store
from tests.people.conftest import NOW, hire


def test_what_is_entered_comes_back_tidy(store: Store) -> None:
    manager = hire(store, "李敏")
    entry = Person("  王强\u200b ", " Wang@Example.com", "+86 138-0013-8000", "wang", manager, None, "宁波", "en", "销售")
    with store.write() as connection:
        id = users.create(connection, entry)
    with store.read() as connection:
        found = users.get(connection, id)
    assert found is not None and found.active and found.revision == 1 and not found.has_password
    assert found.person == Person("王强", "Wang@Example.com", "13800138000", "wang", manager, None, "宁波", "en", "销售")


def test_all_faults_of_an_entry_are_named_together(store: Store) -> None:
    for entry, faults in (
        (Person(" \u200b", login="x1"), {("name", "person-name-missing")}),
        (Person("a"), {("email", "person-unreachable")}),
        (Person("a", email="nobody"), {("email", "email-not-valid")}),
        (Person("a", email="раypal@example.com"), {("email", "email-not-valid")}),  # Cyrillic р and а
        (Person("a", login="аdmin"), {("login", "login-not-valid")}),
        (Person("a", phone="call me", login="x"), {("phone", "phone-not-valid"), ("login", "login-not-valid")}),
        (Person("a", login="aa", language="fr"), {("language", "language-not-known")}),
        (Person("a", login="aa", manager=999, team=999), {("manager", "person-not-found"), ("team", "team-not-found")}),
    ):
        with pytest.raises(Problems) as found, store.write() as connection:
            users.create(connection, entry)
        assert {(p.field, p.code) for p in found.value} == faults


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "Li@Example.com"}, {"email": "li@example.COM"}),
        ({"phone": "13800138000"}, {"phone": "+86 138 0013 8000"}),
        ({"phone": "13800138000"}, {"login": "13800138000"}),
        ({"login": "wang"}, {"login": "ＷＡＮＧ"}),
        ({"login": "wang"}, {"login": "wa\u200bng"}),
    ],
)
def test_nobody_takes_over_anothers_way_to_sign_in(store: Store, first: dict[str, str], second: dict[str, str]) -> None:
    hire(store, "first", **{"login": "", **first})
    with pytest.raises(Problems) as found, store.write() as connection:
        users.create(connection, Person("second", **second))  # type: ignore[arg-type]
    assert [p.code for p in found.value] == ["sign-in-name-taken"]
    with store.read() as connection:
        assert [u.person.name for u in users.everyone(connection)] == ["first"]


def test_a_changed_number_frees_the_old_one(store: Store) -> None:
    first, second = hire(store, "first", phone="13800138000"), hire(store, "second")
    with store.write() as connection:
        users.edit(connection, first, Person("first", phone="13800138001"))
        users.edit(connection, second, Person("second", phone="13800138000"))
    with store.read() as connection:
        found = users.by_key(connection, "138 0013 8000")
    assert found is not None and found.id == second


def test_of_two_editors_the_slower_is_told(store: Store) -> None:
    id = hire(store, "wang")
    with store.write() as connection:
        users.edit(connection, id, Person("wang", login="wang", region="宁波"), revision=1)
    with pytest.raises(Problems) as found, store.write() as connection:
        users.edit(connection, id, Person("wang", login="wang", region="杭州"), revision=1)
    assert [p.code for p in found.value] == ["person-changed-meanwhile"]


def test_who_leaves_loses_every_way_in_with_the_same_commit(store: Store) -> None:
    boss, id = hire(store, "boss"), hire(store, "wang")
    with store.write() as connection:
        roles.give(connection, boss, roles.WORKSPACE, roles.ADMINISTRATOR)
        roles.give(connection, id, "sales", "salesperson")
        device = sessions.open(connection, id, NOW)
        token = tokens.create(connection, id, "sheet", NOW, timedelta(days=1))
        link = links.make(connection, "reset", id, boss, NOW, "https://crm.example").rsplit("/", 1)[1]
    with store.read() as connection:
        assert sessions.find(connection, device, NOW) and tokens.find(connection, token, NOW) is not None
    with store.write() as connection:
        users.deactivate(connection, id)
    with store.read() as connection:
        assert sessions.find(connection, device, NOW) is None
        assert tokens.find(connection, token, NOW) is None
        assert roles.actor_for(connection, id).roles == frozenset()
        with pytest.raises(Problems):
            links.person_of(connection, "reset", link, NOW)
    with store.write() as connection:
        users.activate(connection, id)
    with store.read() as connection:
        assert sessions.find(connection, device, NOW) is None
        assert roles.actor_for(connection, id).roles == {"sales.salesperson"}


def test_who_is_not_active_gets_in_by_nothing_that_was_left_over(store: Store) -> None:
    id = hire(store, "wang")
    with store.write() as connection:
        device = sessions.open(connection, id, NOW)
        token = tokens.create(connection, id, "sheet", NOW, timedelta(days=1))
        connection.execute(tables.user.update().values(active=False))
        assert sessions.find(connection, device, NOW) is None
        assert tokens.find(connection, token, NOW) is None


def test_secrets_are_no_part_of_what_formulas_read(store: Store) -> None:
    id = hire(store, "wang")
    with store.write() as connection:
        passwords.store(connection, id, "canary")
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM dg_user").mappings().all()
    assert "canary" not in str(rows) and set(rows[0]) >= {"id", "uid", "revision", "deleted_at", "name", "manager"}
