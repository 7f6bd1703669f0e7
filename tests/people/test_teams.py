"""Teams, one inside another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dougong.people import teams, users
from dougong.people.teams import Team
from dougong.people.users import Person
from dougong.problems import Problems
from dougong.store.engine import Store
from tests.people.conftest import hire


def test_a_team_is_found_by_the_word_that_templates_use(store: Store) -> None:
    boss = hire(store, "boss")
    with store.write() as connection:
        whole = teams.save(connection, Team("全国"))
        east = teams.save(connection, Team("华东", "east", boss, whole, "https://robot.example/1"))
        assert teams.by_code(connection, "east") == east
        found = next(t for t in teams.all_teams(connection) if t.id == east)
        assert replace(found, uid="") == Team("华东", "east", boss, whole, "https://robot.example/1", east)
        teams.save(connection, replace(found, name="东部"))
        assert {t.name for t in teams.all_teams(connection)} == {"全国", "东部"}


def test_what_a_team_cannot_be_is_said(store: Store) -> None:
    with store.write() as connection:
        teams.save(connection, Team("华东", "east"))
    for entry, code in (
        (Team(""), "team-name-missing"), (Team("华东"), "team-name-taken"), (Team("b", "east"), "team-code-taken"),
        (Team("b", "East 1"), "team-code-wrong"), (Team("b", manager=99), "person-not-found"), (Team("b", parent=99), "team-circle"),
        (Team("b", id=99), "team-not-found"),
    ):
        with pytest.raises(Problems) as found, store.write() as connection:
            teams.save(connection, entry)
        assert [p.code for p in found.value] == [code]


def test_no_team_is_part_of_itself(store: Store) -> None:
    with store.write() as connection:
        top = teams.save(connection, Team("top"))
        middle = teams.save(connection, Team("middle", parent=top))
        bottom = teams.save(connection, Team("bottom", parent=middle))
    for parent in (top, middle, bottom):
        with pytest.raises(Problems), store.write() as connection:
            teams.save(connection, Team("top", parent=parent, id=top))


def test_a_team_with_people_in_it_stays(store: Store) -> None:
    with store.write() as connection:
        team = teams.save(connection, Team("华东"))
        id = users.create(connection, Person("wang", login="wang", team=team))
    with pytest.raises(Problems) as found, store.write() as connection:
        teams.remove(connection, team)
    assert [p.code for p in found.value] == ["team-not-empty"]
    with store.write() as connection:
        users.edit(connection, id, Person("wang", login="wang"))
        teams.remove(connection, team)
        assert teams.all_teams(connection) == []
