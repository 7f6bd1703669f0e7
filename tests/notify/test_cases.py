"""What was done about a record that a rule brought forward, and what a person doesn't want to be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dougong.context import Actor, Ctx
from dougong.notify import cases, message
from dougong.notify.message import CHANNELS_OFF, Message
from dougong.people import arrangements
from tests.notify.test_message import FAKES, Office, office

__all__ = ["office"]
FORM = "desk.case"


def by(ctx: Ctx, user: int) -> Ctx:
    return replace(ctx, actor=Actor(user))


def test_the_last_reaction_counts_and_only_its_maker_takes_it_back(office: Office) -> None:
    with office.open() as ctx:
        first, second = cases.begin(), cases.begin()
        cases.note(by(ctx, 1), first, "urged", FORM, 7, 2, 2)
        cases.note(by(ctx, 1), second, "handed", FORM, 7, 3, 2)
    with office.open() as ctx:
        last = cases.since(by(ctx, 1), office.clock.now() - timedelta(days=1))[FORM, 7]
        assert (last.kind, last.whom, last.before) == ("handed", 3, 2)
        assert cases.since(by(ctx, 2), office.clock.now() - timedelta(days=1)) == {}
        assert list(cases.take_back(by(ctx, 2), second)) == []
        assert [one.record for one in cases.take_back(by(ctx, 1), second)] == [7]
        assert cases.since(by(ctx, 1), office.clock.now() - timedelta(days=1))[FORM, 7].kind == "urged"


def test_a_message_is_withdrawn_while_nobody_has_read_it(office: Office) -> None:
    with office.open() as ctx:
        for key in ("a", "b", "c"):
            message.tell(ctx, Message(key, 1, key, form=FORM, record=7, via=("fake_ask",) if key == "c" else ()))
        read = next(row for row in message.inbox(ctx, 1) if row["key"] == "b")
        message.mark_read(ctx, 1, read["uid"])
        message.withdraw(ctx, {"a", "b", "c"})
        assert {row["key"] for row in message.inbox(ctx, 1)} == {"b", "c"}


def test_what_rules_said_is_told_also_out_of_a_digest(office: Office) -> None:
    with office.open() as ctx:
        for n in range(23):
            message.tell(ctx, Message(str(n), 1, f"t{n}", form=FORM, record=n, run="r"))
        message.tell(ctx, Message("plain", 1, "by a person", form=FORM, record=99))
    with office.open() as ctx:
        told = message.about(ctx, 1, office.clock.now() - timedelta(days=1))
        assert [one["record"] for one in told][:3] == [22, 21, 20] and len(told) == 23
        assert message.about(ctx, 1, office.clock.now() + timedelta(days=1)) == []


def test_a_channel_that_is_switched_off_is_left_out_unless_it_is_urgent(office: Office) -> None:
    with office.open() as ctx:
        arrangements.choose(ctx.connection, 1, CHANNELS_OFF, ["fake_ask"])
        message.tell(ctx, Message("quiet", 1, "quiet", form=FORM, record=7, via=("fake_ask", "fake_safe")))
        message.tell(ctx, Message("loud", 1, "loud", form=FORM, record=7, via=("fake_ask",), urgent=True))
    office.later(minutes=1)
    assert [letter.title for letter in FAKES["ask"].sent] == ["loud"] and [letter.title for letter in FAKES["safe"].sent] == ["quiet"]
