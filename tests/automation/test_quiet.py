"""What costs nothing when nothing happens, and little when little does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

from dougong.automation import service
from dougong.automation.tables import mark_table
from dougong.context import Actor, Cause, Ctx, Origin
from tests.automation.conftest import Make
from tests.automation.world import World

STILL = """\
automation: still
name: 没有动作
on: {inactive: case, since: moved_at}
levels:
  - {id: first, after: 6h, do: [{create: note, set: {text: first}}]}
  - {id: second, after: 2d, do: [{create: note, set: {text: second}}]}
"""
DAILY = "automation: daily\nname: 每天\non: {every: workday, at: '08:45'}\ndo: [{create: note, set: {text: 早}}]\n"


@dataclass
class Counted(World):
    writes: int = 0

    @contextmanager
    def transaction(self, actor: Actor, origin: Origin, cause: Cause = Cause()) -> Iterator[Ctx]:
        self.writes += 1
        with super().transaction(actor, origin, cause) as ctx:
            yield ctx


def counted(make: Make, *automations: str) -> Counted:
    world = make(*automations)
    return Counted(**{f.name: getattr(world, f.name) for f in fields(World)})


def writes_of_a_round(world: Counted) -> int:
    before = world.writes
    service.work(world)
    return world.writes - before


def test_a_round_with_nothing_due_opens_no_write_transaction(make: Make) -> None:
    world = counted(make, STILL, DAILY)
    world.create(moved_at=world.clock.now())
    service.work(world)
    assert writes_of_a_round(world) == 0
    world.jump(seconds=30)
    assert writes_of_a_round(world) == 0


def test_marks_with_nothing_before_them_are_moved_together_and_once(make: Make) -> None:
    world = counted(make, STILL)
    world.create(moved_at=world.clock.now())
    service.work(world)
    world.jump(hours=3)
    assert writes_of_a_round(world) == 1
    assert writes_of_a_round(world) == 0
    with world.store.read() as connection:
        at = {row.rule: row.at for row in connection.execute(mark_table.select())}
    assert at == {"desk.still/first": "2026-03-01T22:00:00.000Z", "desk.still/second": "2026-02-28T04:00:00.000Z"}


def test_of_many_rules_on_one_event_each_keeps_its_own_run_and_reason(make: Make) -> None:
    rules = [
        f"automation: r{n}\nname: 规则\non: {{created: case}}\nif: \"points == {n}\"\ndo: [{{create: note, set: {{text: 'r{n}'}}}}]\n"
        for n in range(5)
    ]
    world = counted(make, *rules)
    world.create(points=3)
    world.work()
    runs = {run.automation: run for run in world.runs()}
    assert {name: run.outcome for name, run in runs.items()} == {
        f"desk.r{n}": "finished" if n == 3 else "condition_false" for n in range(5)
    }
    assert [note["text"] for note in world.rows("note")] == ["r3"]
    told = runs["desk.r1"]
    assert [line["what"] for line in told.trace] == ["condition", "condition_false"]
    assert told.trace[0]["values"] == {"points": 3} and told.problem["code"] == "run-condition-false"
    assert told.started_at == told.finished_at == world.clock.now()


def test_events_of_many_records_are_handled_in_one_transaction(make: Make) -> None:
    world = counted(make, "automation: r\nname: 规则\non: {created: case}\nif: \"points == 1\"\ndo: [{create: note, set: {text: 一}}]\n")
    for _ in range(15):
        world.create(points=2)
    assert writes_of_a_round(world) == 1
    assert [run.outcome for run in world.runs()] == ["condition_false"] * 15


def test_the_steps_of_a_run_are_one_transaction_where_none_fails(make: Make) -> None:
    notes = ", ".join("{create: note, set: {text: " + text + "}}" for text in "一二三")
    world = counted(make, f"automation: r\nname: 规则\non: {{created: case}}\ndo: [{notes}]\n")
    world.create(points=2)
    assert writes_of_a_round(world) == 3  # the event, its run, and the events of the notes
    assert [note["text"] for note in world.rows("note")] == ["一", "二", "三"]
    assert world.outcomes() == ["finished"]
