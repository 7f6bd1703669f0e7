"""The outbox by itself: order, leases, fencing, repeats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from dougong.clock import VirtualClock
from dougong.context import Actor, Cause, Ctx
from dougong.events import outbox
from dougong.events.images import decode_row, encode_row
from dougong.events.outbox import LEASE, MOST_ATTEMPTS, Event
from dougong.expr.scope import Shape
from dougong.expr.tree import Template
from dougong.expr.types import DATE, DATETIME, TEXT, YES_NO, Type, list_of, number
from dougong.problems import Problems
from dougong.spec.app import Workspace
from dougong.spec.form import Field, Form
from dougong.spec.label import Label
from dougong.store.engine import Store

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Box:
    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.store.prepare()
        self.clock = VirtualClock(NOW)

    @contextmanager
    def open(self) -> Iterator[Ctx]:
        cause = Cause(4, 2, (("desk.a/", "desk.case:1"),))
        with self.store.write() as connection:
            yield Ctx(Workspace(1, {}, {}, {}), connection, Actor(user=9), self.clock, self.clock.now(), "api", cause=cause)

    def append(self, *events: Event) -> list[int]:
        with self.open() as ctx:
            return [outbox.append(ctx, event) for event in events]

    def claim(self) -> list[outbox.Claim]:
        with self.open() as ctx:
            return outbox.claim(ctx.connection, ctx.now)

    def later(self, span: timedelta) -> None:
        self.clock.move_to(self.clock.now() + span)


@pytest.fixture
def box(database_url: str) -> Iterator[Box]:
    made = Box(database_url)
    yield made
    made.store.close()


def case(record: int | None, kind: str = "changed", **more: object) -> Event:
    return Event(kind, "desk.case", record, **more)  # type: ignore[arg-type]


def test_an_event_comes_back_as_it_was_written_with_its_cause(box: Box) -> None:
    box.append(case(1, old={"a": 1}, new={"a": 2}, changed=("a",), name="x"))
    (claim,) = box.claim()
    assert (claim.event.old, claim.event.new, claim.event.changed, claim.event.name) == ({"a": 1}, {"a": 2}, ("a",), "x")
    assert (claim.actor, claim.origin, claim.depth, claim.chain, claim.at) == (9, "api", 2, (("desk.a/", "desk.case:1"),), NOW)


def test_a_record_has_one_event_in_hand_and_those_without_a_record_all(box: Box) -> None:
    ids = box.append(case(1), case(1), case(2), case(None), case(None))
    assert [c.id for c in box.claim()] == [ids[0], ids[2], ids[3], ids[4]]
    assert box.claim() == []


def test_after_its_lease_an_event_is_taken_again_and_the_slow_worker_is_fenced(box: Box) -> None:
    box.append(case(1))
    (slow,) = box.claim()
    box.later(LEASE)
    (quick,) = box.claim()
    assert (slow.id, quick.attempts) == (quick.id, 2)
    with pytest.raises(Problems) as raised, box.open() as ctx:
        outbox.finish(ctx.connection, slow)
    assert raised.value.problems[0].code == "lease-lost"
    with box.open() as ctx:
        outbox.finish(ctx.connection, quick)
    assert box.claim() == []


def test_a_failing_event_is_given_growing_pauses_and_then_put_aside(box: Box) -> None:
    box.append(case(1), case(1, "deleted"))
    tries = 0
    while True:
        (claim,) = box.claim() or (None,)
        if claim is None:
            box.later(timedelta(seconds=1))
            continue
        if claim.event.kind == "deleted":
            break
        tries += 1
        with box.open() as ctx:
            outbox.give_back(ctx.connection, claim, ctx.now, "planted")
    assert tries == MOST_ATTEMPTS
    assert box.clock.now() - NOW == timedelta(seconds=sum(2**n for n in range(1, MOST_ATTEMPTS)))


def test_a_sender_that_repeats_itself_is_heard_once(box: Box) -> None:
    first, second = box.append(Event("received", name="site", uid="d-1"), Event("received", name="site", uid="d-1"))
    assert first == second
    assert len(box.claim()) == 1


def test_nothing_is_due_behind_an_event_that_rests(box: Box) -> None:
    box.append(case(1), case(1))
    with box.open() as ctx:
        assert outbox.next_due(ctx.connection) == NOW
    box.claim()
    with box.open() as ctx:
        assert outbox.next_due(ctx.connection) == NOW + LEASE


def test_images_give_every_value_back() -> None:
    types: dict[str, Type] = {
        "text": TEXT, "money": number(2, "money"), "whole": number(0), "yes": YES_NO, "day": DATE, "at": DATETIME, "tags": list_of(TEXT),
        "empty": DATETIME,
    }
    fields = {name: Field(name, Label(name), "text", type_) for name, type_ in types.items()}
    form = Form("case", "desk", Label("案件"), Shape("desk.case", "案件", {}), fields, Template())
    row = {
        "id": 7, "uid": "u", "revision": 3, "text": "甲", "money": Decimal("12.30"), "whole": 5, "yes": True, "day": date(2026, 3, 2),
        "at": NOW, "tags": ("a", "b"), "empty": None, "unknown": 1,
    }
    assert decode_row(form, encode_row(form, row)) == {k: v for k, v in row.items() if k != "unknown"}
