"""Managers, and everybody below them."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from dougong.people import hierarchy
from dougong.people.tables import subordinate
from dougong.problems import Problems
from dougong.store.engine import Store
from tests.people.conftest import hire


def test_a_director_has_the_people_of_his_managers_below_him(store: Store) -> None:
    director = hire(store, "director")
    manager = hire(store, "manager", manager=director)
    seller = hire(store, "seller", manager=manager)
    with store.read() as connection:
        assert hierarchy.subordinates(connection, director) == (manager, seller)
        assert hierarchy.managers(connection, seller) == (manager, director)


def test_moving_a_manager_takes_the_team_along(store: Store) -> None:
    east, west = hire(store, "east"), hire(store, "west")
    manager = hire(store, "manager", manager=east)
    seller = hire(store, "seller", manager=manager)
    with store.write() as connection:
        hierarchy.place(connection, manager, west)
    with store.read() as connection:
        assert hierarchy.subordinates(connection, east) == ()
        assert hierarchy.subordinates(connection, west) == (manager, seller)


@pytest.mark.parametrize("boss", ["top", "middle", "bottom"])
def test_nobody_stands_above_themselves(store: Store, boss: str) -> None:
    top = hire(store, "top")
    middle = hire(store, "middle", manager=top)
    ids = {"top": top, "middle": middle, "bottom": hire(store, "bottom", manager=middle)}
    with pytest.raises(Problems) as found, store.write() as connection:
        hierarchy.place(connection, top, ids[boss])
    assert [p.code for p in found.value] == ["manager-circle"] and boss in found.value.problems[0].sentence("en")


def test_two_who_make_each_other_manager_at_once_make_no_circle(store: Store) -> None:
    ids = [hire(store, "a1"), hire(store, "b1")]

    def place(person: int, manager: int) -> str:
        try:
            with store.write() as connection:
                hierarchy.place(connection, person, manager)
        except Problems as found:
            return found.problems[0].code
        return "placed"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(place, ids, reversed(ids)))
    assert answers == ["manager-circle", "placed"]


def test_the_kept_closure_equals_a_fresh_one_after_any_moves(store: Store) -> None:
    ids = [hire(store, f"p{n}") for n in range(8)]
    dice = random.Random(7)
    with store.write() as connection:
        for _ in range(60):
            try:
                hierarchy.place(connection, dice.choice(ids), dice.choice([*ids, None]))
            except Problems:
                continue
            assert hierarchy.rebuild(connection) == 0
        assert connection.execute(subordinate.select()).first() is not None


def test_rebuilding_repairs_what_was_lost(store: Store) -> None:
    top = hire(store, "top")
    hire(store, "below", manager=top)
    with store.write() as connection:
        connection.execute(subordinate.delete())
        assert hierarchy.rebuild(connection) == 1
        assert len(hierarchy.subordinates(connection, top)) == 1
