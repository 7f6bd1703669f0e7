"""What people arrange for themselves, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dougong.people import arrangements
from dougong.people.arrangements import MOST_VIEWS
from dougong.problems import Problems
from dougong.store.engine import Store
from tests.people.conftest import NOW, hire

FORM = "app.thing"


def names(store: Store, user: int, *roles: str) -> list[str]:
    with store.read() as connection:
        return [view.name for view in arrangements.views(connection, user, roles, FORM)]


def test_a_choice_is_kept_changed_and_taken_back_by_person_and_name(store: Store) -> None:
    wang, li = hire(store, "wang"), hire(store, "li")
    for value in (["a", "b"], ["b"], None):
        with store.write() as connection:
            arrangements.choose(connection, wang, "columns", value)
        with store.read() as connection:
            assert arrangements.chosen(connection, wang, "columns") == value
            assert arrangements.chosen(connection, li, "columns") is None


def test_a_view_is_seen_by_its_maker_and_by_the_role_it_is_shared_with(store: Store) -> None:
    wang, li = hire(store, "wang"), hire(store, "li")
    with store.write() as connection:
        arrangements.keep_view(connection, wang, FORM, " mine ", "q=a", "")
        shared = arrangements.keep_view(connection, wang, FORM, "ours", "q=b", "app.seller")
    assert names(store, wang) == ["mine", "ours"] and names(store, li) == [] and names(store, li, "app.seller", "app.x") == ["ours"]
    for user, at, left in ((li, NOW, ["mine", "ours"]), (wang, NOW, ["mine"]), (wang, None, ["mine", "ours"])):
        with store.write() as connection:
            arrangements.set_view_deleted(connection, user, shared, at)
        assert names(store, wang) == left


def test_one_has_so_many_views_and_one_of_each_name(store: Store) -> None:
    wang = hire(store, "wang")
    with store.write() as connection:
        uids = {arrangements.keep_view(connection, wang, FORM, f"v{n % MOST_VIEWS}", "", "") for n in range(MOST_VIEWS * 2)}
    assert len(uids) == MOST_VIEWS == len(names(store, wang))
    with pytest.raises(Problems) as refused, store.write() as connection:
        arrangements.keep_view(connection, wang, FORM, "one more", "", "")
    assert [p.code for p in refused.value] == ["too-many-views"]
    with store.write() as connection:
        arrangements.set_view_deleted(connection, wang, uids.pop(), NOW + timedelta(days=1))
        arrangements.keep_view(connection, wang, FORM, "one more", "", "")
