"""When a message is shown and sent: working hours, digests, retries, crashes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dougong.clock import VirtualClock
from dougong.context import SYSTEM, Ctx
from dougong.expr.types import Calendar
from dougong.notify import delivery
from dougong.notify.channels import channels
from dougong.notify.channels.base import Channel, Letter, Way, final, trouble
from dougong.notify.delivery import LEASE, PAUSES, Postman, delivery_table
from dougong.notify.hours import sendable_from
from dougong.notify.message import Message, inbox, mark_read, popups, tell, unread
from dougong.notify.outgoing import Outgoing
from dougong.people.tables import user
from dougong.spec.app import Workspace
from dougong.spec.label import Label
from dougong.store.engine import Store

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai


@pytest.mark.parametrize(("now", "expected"), [
    ("2026-03-02T09:00+08:00", "2026-03-02T09:00+08:00"), ("2026-03-02T17:59+08:00", "2026-03-02T17:59+08:00"),
    ("2026-03-02T18:00+08:00", "2026-03-03T09:00+08:00"), ("2026-03-02T03:00+08:00", "2026-03-02T09:00+08:00"),
    ("2026-03-06T22:00+08:00", "2026-03-09T09:00+08:00"), ("2026-03-07T10:00+08:00", "2026-03-09T09:00+08:00"),
    ("2026-03-03T20:00+08:00", "2026-03-05T09:00+08:00"),
])
def test_outside_working_hours_a_message_waits_for_the_next_opening(now: str, expected: str) -> None:
    calendar = Calendar(holidays=frozenset({date(2026, 3, 4)}))
    assert sendable_from(datetime.fromisoformat(now).astimezone(UTC), calendar) == datetime.fromisoformat(expected)


class Fake(Channel):
    """Answers as told."""

    name = Label("试")
    script: list[Any]
    sent: list[Letter]

    def __init__(self, repeat: Any) -> None:
        self.repeat = repeat
        self.script, self.sent = [], []

    def address(self, connection: Any, user: int) -> str:
        return "here"

    def send(self, letter: Letter, to: str, way: Way) -> None:
        self.sent.append(letter)
        if self.script and (error := self.script.pop(0)):
            raise error


FAKES = {repeat: Fake(repeat) for repeat in ("safe", "ask")}
for word, fake in FAKES.items():
    channels.register(f"fake_{word}")(fake)


class Office:
    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.store.prepare()
        self.clock = VirtualClock(MONDAY)
        self.space = Workspace(1, {}, {}, {})
        self.postman = Postman(self.open, Outgoing(), "", lambda ctx, form, record: f"https://crm.example.com/{form}/{record}")
        for fake in FAKES.values():
            fake.script, fake.sent = [], []
        with self.store.write() as connection:
            connection.execute(user.insert().values(id=1, uid="u1", name="王", active=True))

    @contextmanager
    def open(self) -> Iterator[Ctx]:
        with self.store.write() as connection:
            yield Ctx(self.space, connection, SYSTEM, self.clock, self.clock.now())

    def tell(self, key: str, **more: Any) -> None:
        with self.open() as ctx:
            tell(ctx, Message(key, 1, f"题{key}", "文", "desk.case", 7, **more))

    def states(self) -> list[str]:
        with self.store.read() as connection:
            return list(connection.execute(select(delivery_table.c.state).order_by(delivery_table.c.id)).scalars())

    def later(self, **span: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(**span))
        self.postman.work()


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    made = Office(database_url)
    yield made
    made.store.close()


def test_a_message_told_twice_is_one(office: Office) -> None:
    for _ in range(2):
        office.tell("1", via=("fake_ask",))
    office.later(minutes=1)
    with office.open() as ctx:
        assert [m["title"] for m in inbox(ctx, 1)] == ["题1"]
        assert unread(ctx, 1) == 1
        mark_read(ctx, 2)
        assert unread(ctx, 1) == 1
        mark_read(ctx, 1)
        assert unread(ctx, 1) == 0
    (letter,) = FAKES["ask"].sent
    assert letter.link == "https://crm.example.com/desk.case/7"


def test_at_night_it_waits_for_the_morning_unless_urgent_and_popups_do_not_wait(office: Office) -> None:
    office.clock.move_to(MONDAY + timedelta(hours=13))  # 22:00
    office.tell("1", via=("fake_ask",))
    office.tell("2", via=("fake_ask",), urgent=True)
    office.tell("3", kind="popup")
    office.later(minutes=1)
    with office.open() as ctx:
        assert [m["title"] for m in inbox(ctx, 1)] == ["题2"]
        assert [m["title"] for m in popups(ctx, 1)] == ["题3"]
    assert office.states() == ["waiting", "sent"]
    office.later(hours=11)
    assert office.states() == ["sent", "sent"]
    with office.open() as ctx:
        assert [m["title"] for m in inbox(ctx, 1)] == ["题2", "题1"]


def test_more_than_twenty_in_ten_minutes_become_one_digest(office: Office) -> None:
    for n in range(45):
        office.tell(str(n), via=("fake_ask",))
    office.tell("44", via=("fake_ask",))
    office.later(minutes=11)
    office.later(minutes=1)
    with office.open() as ctx:
        found = inbox(ctx, 1)
    assert len(found) == 21
    assert (found[0]["title"], len(found[0]["folded"])) == ("还有 25 条消息", 25)
    assert [letter.title for letter in FAKES["ask"].sent][20:] == ["还有 25 条消息"]
    office.tell("late", via=())
    with office.open() as ctx:
        assert inbox(ctx, 1)[0]["title"] == "题late"


def test_trouble_is_tried_again_with_the_same_key_and_growing_pauses(office: Office) -> None:
    FAKES["ask"].script = [trouble("503")] * len(PAUSES)
    office.tell("1", via=("fake_ask",))
    office.later(seconds=1)
    for pause in PAUSES[:2]:
        assert office.states() == ["waiting"]
        office.later(seconds=pause.total_seconds() - 1)
        before = len(FAKES["ask"].sent)
        office.later(seconds=1)
        assert len(FAKES["ask"].sent) == before + 1
    for _ in range(8):
        office.later(hours=13)
    assert office.states() == ["sent"]
    assert len({letter.key for letter in FAKES["ask"].sent}) == 1


def test_what_is_refused_or_fails_for_good_is_dead_listed_and_can_be_sent_again(office: Office) -> None:
    FAKES["ask"].script = [final("no such user"), None]
    office.tell("1", via=("fake_ask",))
    office.later(seconds=1)
    assert office.states() == ["dead"]
    with office.open() as ctx:
        (dead,) = delivery.stuck(ctx.connection)
        assert [delivery.why(dead).sentence(code) for code in ("zh", "en")] == ["对方拒绝：no such user", "refused: no such user"]
        assert delivery.retry(ctx, dead["id"])
        assert not delivery.retry(ctx, dead["id"])
    office.later(seconds=1)
    assert office.states() == ["sent"]


@pytest.mark.parametrize(("repeat", "state", "times"), [("safe", "sent", 2), ("ask", "unknown", 1)])
def test_found_in_sending_after_a_crash_it_is_repeated_only_where_that_is_safe(office: Office, repeat: str, state: str, times: int) -> None:
    FAKES[repeat].script = [KeyboardInterrupt()]
    office.tell("1", via=(f"fake_{repeat}",))
    with pytest.raises(KeyboardInterrupt):
        office.later(seconds=1)
    assert office.states() == ["sending"]
    office.later(seconds=LEASE.total_seconds() + 1)
    assert office.states() == [state]
    assert len(FAKES[repeat].sent) == times


def test_one_channels_fault_does_not_stop_the_others(office: Office) -> None:
    FAKES["ask"].script = [ZeroDivisionError()]
    office.tell("1", via=("fake_ask", "fake_safe", "dingtalk_notice", "mail"))
    office.later(seconds=1)
    assert office.states() == ["waiting", "sent", "dead", "dead"]
    with office.open() as ctx:
        errors = {row["channel"]: why.sentence("en") for row in delivery.stuck(ctx.connection) if (why := delivery.why(row))}
    assert errors == {"dingtalk_notice": "dingtalk is not connected", "mail": "this person has no address for Mail"}


