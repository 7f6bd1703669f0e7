"""Roles, and who acts when nobody else is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection

from dougong.people import roles, users
from dougong.problems import Problems
from dougong.spec.app import App, Role
from dougong.spec.label import Label
from dougong.store.engine import Store
from tests.people.conftest import hire

ADMIN = (roles.WORKSPACE, roles.ADMINISTRATOR)
APP = App("desk", Label("Desk"), "1", roles={
    "agent": Role("agent", "desk", Label("Agent"), {}), "lead": Role("lead", "desk", Label("Lead"), {}, fallback=True),
})


def test_the_actor_knows_roles_and_administrators(store: Store) -> None:
    id = hire(store, "wang")
    with store.write() as connection:
        roles.give(connection, id, "desk", "agent")
        roles.give(connection, id, "desk", "agent")
        actor = roles.actor_for(connection, id)
        assert (actor.user, actor.name, actor.roles, actor.administrator) == (id, "wang", frozenset({"desk.agent"}), False)
        roles.replace(connection, id, [ADMIN, ("desk", "lead")])
        actor = roles.actor_for(connection, id)
        assert (actor.roles, actor.administrator) == (frozenset({"desk.lead"}), True)


def test_what_nobody_manages_falls_to_the_fallback_role_then_to_the_administrators(store: Store) -> None:
    boss, lead = hire(store, "boss"), hire(store, "lead")
    with store.write() as connection:
        roles.give(connection, boss, *ADMIN)
        assert roles.fallback(connection, APP) == (boss,)
        roles.give(connection, lead, "desk", "lead")
        assert roles.fallback(connection, APP) == (lead,)
        users.deactivate(connection, lead)
        assert roles.fallback(connection, APP) == (boss,)


def test_the_last_administrator_stays(store: Store) -> None:
    first = hire(store, "first")
    with store.write() as connection:
        roles.give(connection, first, *ADMIN)
    attempts: list[Callable[[Connection], None]] = [
        lambda c: roles.take(c, first, *ADMIN), lambda c: users.deactivate(c, first), lambda c: roles.replace(c, first, []),
    ]
    for attempt in attempts:
        with pytest.raises(Problems) as found, store.write() as connection:
            attempt(connection)
        assert [p.code for p in found.value] == ["last-administrator"]


def test_two_administrators_who_demote_each_other_at_once_leave_one(store: Store) -> None:
    ids = [hire(store, "a1"), hire(store, "b1")]
    with store.write() as connection:
        for id in ids:
            roles.give(connection, id, *ADMIN)

    def demote(id: int) -> bool:
        try:
            with store.write() as connection:
                roles.take(connection, id, *ADMIN)
        except Problems:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, ids)) == [False, True]
