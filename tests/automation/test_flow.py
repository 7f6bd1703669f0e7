"""Steps in turn, if/else, for_each, wait, stop; retries; calls to the outside; crashes between them."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.automation import running, runs
from dougong.automation.dispatch import dispatch
from dougong.automation.running import PAUSES
from dougong.context import SYSTEM
from dougong.notify import signing
from dougong.notify.connections import Connected, connect
from dougong.notify.outgoing import Outgoing
from dougong.people import roles
from tests.automation.conftest import Make
from tests.automation.world import World
from tests.notify.receiver import Receiver

ON = "name: 规则\non: {created: case}\n"


def rule(do: str, id: str = "r", on: str = ON) -> str:
    return f"automation: {id}\n{on}do:\n" + "".join(f"  - {line}\n" for line in do.strip().splitlines())


def allow(world: World) -> None:
    world.outgoing = Outgoing(allow_private=frozenset({"127.0.0.1"}))


def test_if_takes_one_branch_and_for_each_every_record(make: Make) -> None:
    world = make(rule("""
{if: "points > 3", do: [{set: {colour: green}}], else: [{set: {colour: red}}]}
{for_each: notes, if: "not done", do: [{set: {text: "{{ text }}·看过"}}]}
""", on='name: 规则\non: {changed: case, fields: [points]}\n'))
    case = world.create(title="甲")
    for text, done in (("一", False), ("二", True), ("三", False)):
        world.create("note", case=case, text=text, done=done)
    world.edit(case, points=2)
    world.work()
    assert world.outcomes() == ["finished"]
    assert world.row(case)["colour"] == "red"
    assert [n["text"] for n in world.rows("note")] == ["一·看过", "二", "三·看过"]
    assert [(s.step, s.item) for s in world.steps(1)] == [("0", ""), ("0.else.0", ""), ("1", ""), ("1.do.0", "1"), ("1.do.0", "3")]


def test_a_wait_goes_on_at_its_time_with_the_definition_it_began_with(make: Make) -> None:
    world = make(rule("{wait: 30d}\n{create: note, set: {text: 旧}}"))
    world.create(title="甲")
    world.wait(days=29)
    assert world.outcomes() == ["waiting"]
    world.rules(rule("{create: note, set: {text: 新}}"))
    world.wait(days=2)
    assert world.outcomes() == ["finished"]
    assert [n["text"] for n in world.rows("note")] == ["旧"]


def test_a_record_gone_while_a_run_waits_withdraws_it(make: Make) -> None:
    world = make(rule("{wait: 1d}\n{create: note, set: {text: 晚}}"))
    case = world.create(title="甲")
    world.work()
    world.delete(case)
    world.wait(days=2)
    assert world.outcomes() == ["withdrawn"]
    assert world.rows("note") == []


def test_stop_ends_the_run_with_its_reason(make: Make) -> None:
    world = make(rule('{stop: 分数不够, if: "points < 5"}\n{create: note, set: {text: 够}}'))
    world.create(title="甲", points=1)
    world.create(title="乙", points=9)
    world.work()
    assert sorted(world.outcomes()) == ["finished", "stopped"]
    assert [n["text"] for n in world.rows("note")] == ["够"]


def test_a_refused_step_fails_the_run_and_keeps_what_was_done_and_a_person_can_go_on(make: Make) -> None:
    world = make(rule("{create: note, set: {text: 先}}\n{assign: role.chief}\n{create: note, set: {text: 后}}"))
    world.create(title="甲")
    world.work()
    assert world.outcomes() == ["failed"]
    assert world.runs()[0].problem["code"] == "action-nobody"
    assert [n["text"] for n in world.rows("note")] == ["先"]
    boss = world.person("李")
    with world.store.write() as connection:
        roles.give(connection, boss, "desk", "chief")
    with world.as_system() as ctx:
        assert running.again(ctx, 1)
    world.work()
    assert world.outcomes() == ["finished"]
    assert [n["text"] for n in world.rows("note")] == ["先", "后"]
    assert world.row(1)["owner"] == boss


def test_on_error_continue_goes_on(make: Make) -> None:
    world = make(rule("{assign: role.chief, on_error: continue}\n{create: note, set: {text: 后}}"))
    world.create(title="甲")
    world.work()
    assert world.outcomes() == ["finished"]
    assert [s.state for s in world.steps(1)] == ["failed", "done"]


def test_a_call_is_signed_repeated_with_the_same_id_and_its_answer_used(make: Make, receiver: Receiver) -> None:
    world = make(rule("""
{webhook: erp, body: {title: "{{ title }}"}}
{if: "response is not empty", do: [{create: note, set: {text: 有回应}}]}
"""))
    allow(world)
    receiver.answers = [(500, {}), (503, {}), (200, {"number": "N-7"})]
    with world.as_system() as ctx:
        connect(ctx.connection, Connected("erp", "webhook", {"url": receiver.url + "/in", "secret": "s3cret"}))
    world.create(title="甲")
    world.wait(seconds=5)
    assert world.outcomes() == ["running"] and len(receiver.got) == 1
    world.wait(minutes=5)
    assert world.outcomes() == ["finished"]
    assert [got.json for got in receiver.got] == [{"title": "甲"}] * 3
    assert len({got.headers[signing.DELIVERY] for got in receiver.got}) == 1
    assert all(got.headers[signing.SIGNATURE].startswith("t=") for got in receiver.got)
    assert [n["text"] for n in world.rows("note")] == ["有回应"]


def test_a_target_that_never_answers_ends_in_the_dead_letters(make: Make, receiver: Receiver) -> None:
    world = make(rule(f"{{webhook: \"{receiver.url}\"}}"))
    allow(world)
    receiver.usual = (500, {})
    world.create(title="甲")
    world.wait(hours=5)
    assert world.outcomes() == ["failed"]
    assert len(receiver.got) == len(PAUSES) + 1
    with world.as_system() as ctx:
        assert [run.id for run in running.dead(ctx)] == [1]


def test_private_networks_are_refused_unless_allowed(make: Make, receiver: Receiver) -> None:
    world = make(rule(f"{{webhook: \"{receiver.url}\"}}"))
    world.create(title="甲")
    world.work()
    assert world.outcomes() == ["failed"]
    assert world.runs()[0].problem["code"] == "outgoing-refused"
    assert receiver.got == []


@pytest.mark.parametrize(("repeat", "outcome", "calls"), [("ask", "unknown", 1), ("safe", "finished", 2)])
def test_a_crash_between_call_and_result_asks_or_repeats(make: Make, receiver: Receiver, repeat: str, outcome: str, calls: int) -> None:
    world = make(rule(f"{{webhook: \"{receiver.url}\", repeat: {repeat}}}"))
    allow(world)
    world.create(title="甲")

    class Crash(BaseException):
        pass

    class Dying(Outgoing):
        def request(self, *args: Any, **more: Any) -> Any:
            super().request(*args, **more)
            raise Crash  # the answer is lost with the process

    world.outgoing = Dying(allow_private=frozenset({"127.0.0.1"}))
    with pytest.raises(Crash):
        world.work()
    allow(world)
    world.wait(seconds=30)
    assert world.outcomes() == ["running"], "the lease still holds"
    world.wait(minutes=2)
    assert world.outcomes() == [outcome]
    assert len(receiver.got) == calls
    assert len({got.headers[signing.DELIVERY] for got in receiver.got}) == 1


def test_a_worker_past_its_lease_can_no_longer_write(make: Make) -> None:
    world = make(rule("{create: note, set: {text: 一次}}"))
    world.create(title="甲")
    dispatch(world)
    with world.transaction(SYSTEM, "automation") as ctx:
        (slow,) = runs.take(ctx, 10)
    world.jump(minutes=5)
    world.work()
    running.advance(world, slow)
    assert world.outcomes() == ["finished"]
    assert len(world.rows("note")) == 1
