"""The first run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from dougong.expr.types import Calendar
from dougong.people import company, passwords, roles, setup, signin, users
from dougong.people.company import Company, Entry
from dougong.people.signin import Device
from dougong.people.users import Person
from dougong.problems import Problems
from dougong.store.engine import Store
from dougong.store.system import read_workspace
from tests.people.conftest import NOW, PASSWORD

HOLIDAYS, MAKE_UP_DAYS = frozenset({date(2026, 10, 1)}), frozenset({date(2026, 10, 10)})
CALENDAR = Calendar(ZoneInfo("Europe/Berlin"), (0, 1, 2, 5), "08:30", "17:00", HOLIDAYS, MAKE_UP_DAYS)


def test_of_fifty_who_set_up_at_once_one_becomes_administrator(store: Store) -> None:
    def begin(n: int) -> str:
        try:
            setup.begin(store, Company(f"c{n}"), Person(f"a{n}", login=f"a{n}"), PASSWORD)
        except Problems as found:
            return found.problems[0].code
        return "made"

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(begin, range(50)))
    assert sorted(answers) == ["already-set-up"] * 49 + ["made"]
    assert begin(51) == "already-set-up"
    with store.read() as connection:
        winner = f"{answers.index('made')}"
        assert [u.person.name for u in users.everyone(connection)] == ["a" + winner]
        assert len(roles.holders(connection, roles.WORKSPACE, roles.ADMINISTRATOR)) == 1
        found = company.get(connection)
    assert found is not None and found.name == "c" + winner
    assert signin.sign_in(store, NOW, "a" + winner, PASSWORD, Device())


def test_a_stranger_does_not_set_up_what_the_command_line_began(store: Store) -> None:
    hash = passwords.hashed(PASSWORD)
    with store.write() as connection:
        wang = users.create(connection, Person("wang", login="wang"))
        assert not setup.begun(connection)
        passwords.store(connection, wang, hash)
        assert setup.begun(connection)
    with pytest.raises(Problems) as found:
        setup.begin(store, Company("a"), Person("boss", login="boss"), PASSWORD)
    assert [p.code for p in found.value] == ["already-set-up"]
    with store.read() as connection:
        assert roles.holders(connection, roles.WORKSPACE, roles.ADMINISTRATOR) == ()


def test_the_company_and_its_calendar_come_back_and_processes_hear_of_a_change(store: Store) -> None:
    with store.exclusive() as connection:
        assert company.get(connection) is None
        before = read_workspace(connection).revision
        assert company.change(connection, Company("斗拱", CALENDAR, "en")) > before
    with store.read() as connection:
        assert company.get(connection) == Company("斗拱", CALENDAR, "en")


@pytest.mark.parametrize(
    ("entry", "faults"),
    [
        (Entry(" "), {("company", "company-name-missing")}),
        (Entry("a", zone="Mars/Base"), {("zone", "zone-not-known")}),
        (Entry("a", zone="../etc/passwd"), {("zone", "zone-not-known")}),
        (Entry("a", week=("7", "x")), {("week", "week-empty")}),
        (Entry("a", opens="18:00", closes="09:00"), {("opens", "hours-wrong")}),
        (Entry("a", opens="9"), {("opens", "hours-wrong")}),
        (Entry("a", holidays="2026-10-01, soon", language="fr"), {("holidays", "date-wrong"), ("language", "language-not-known")}),
    ],
)
def test_all_faults_of_the_company_are_named_together(entry: Entry, faults: set[tuple[str, str]]) -> None:
    with pytest.raises(Problems) as found:
        company.read(entry)
    assert {(p.field, p.code) for p in found.value} == faults


@pytest.mark.parametrize(
    ("person", "password", "code"),
    [(Person("", login="boss"), PASSWORD, "person-name-missing"), (Person("boss", login="boss"), "12345678", "password-easy")],
)
def test_a_refused_first_run_leaves_nothing_behind(store: Store, person: Person, password: str, code: str) -> None:
    with pytest.raises(Problems) as found:
        setup.begin(store, Company("a"), person, password)
    assert [p.code for p in found.value] == [code]
    with store.read() as connection:
        assert company.get(connection) is None and users.everyone(connection) == []
