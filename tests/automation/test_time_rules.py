"""Time rules as people meet them: three levels, before and after, schedules, what was missed, counted repeats."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import insert

from dougong.automation import marks, runs, service, time_rules
from dougong.automation.decide import plan
from dougong.expr.types import Calendar
from tests.automation.conftest import Make
from tests.automation.world import MONDAY, World

STILL = """\
automation: still
name: 三级预警
on: {inactive: case, since: moved_at}
if: "colour != 'red'"
levels:
  - {id: ask, after: 48h, do: [{create: note, set: {text: ask, case: this}}]}
  - {id: boss, after: 72h, do: [{create: note, set: {text: boss, case: this}}]}
  - {id: board, repeated: 3, of: boss, in_a_row_per: helper, do: [{create: note, set: {text: board}}]}
"""


def said(world: World) -> list[str]:
    return [note["text"] for note in world.rows("note")]


def test_each_level_fires_once_at_its_hour_and_a_new_action_counts_afresh(make: Make) -> None:
    world = make(STILL)
    case = world.create(title="甲", moved_at=MONDAY)
    world.wait(hours=47, minutes=59)
    assert said(world) == []
    world.wait(minutes=1)
    assert said(world) == ["ask"]
    world.wait(hours=24)
    assert said(world) == ["ask", "boss"]
    world.wait(days=30)
    assert said(world) == ["ask", "boss"]
    world.edit(case, moved_at=world.clock.now())
    world.wait(hours=73)
    assert said(world) == ["ask", "boss", "ask", "boss"]


def test_the_virtual_clock_starts_runs_at_their_very_instant(make: Make) -> None:
    world = make(STILL)
    world.create(title="甲", moved_at=MONDAY - timedelta(hours=1))
    world.wait(days=10)
    assert [run.created_at - MONDAY for run in world.runs()] == [timedelta(hours=47), timedelta(hours=71)]


def test_after_a_downtime_levels_come_in_the_order_of_their_due_time(make: Make) -> None:
    world = make(STILL)
    world.create(title="甲", moved_at=MONDAY - timedelta(hours=40))
    world.create(title="乙", moved_at=MONDAY)
    world.jump(days=10)
    world.work()
    assert [(run.level, run.record) for run in world.runs()] == [("ask", 1), ("boss", 1), ("ask", 2), ("boss", 2)]


def test_catch_up_last_does_only_the_last_level_of_a_record(make: Make) -> None:
    world = make(STILL + "catch_up: last\n")
    world.create(title="甲", moved_at=MONDAY)
    world.jump(days=10)
    world.work()
    assert world.outcomes() == ["overtaken", "finished"]
    assert said(world) == ["boss"]


def test_a_condition_false_when_the_time_is_up_does_not_fire_later(make: Make) -> None:
    world = make(STILL)
    case = world.create(title="甲", moved_at=MONDAY, colour="red")
    world.wait(hours=50)
    world.edit(case, colour="green")
    world.wait(hours=10)
    assert said(world) == []
    world.wait(hours=20)
    assert said(world) == ["boss"]


def test_what_changed_between_tick_and_start_is_no_longer_due(make: Make) -> None:
    world = make(STILL)
    one, two = (world.create(title=t, moved_at=MONDAY) for t in ("甲", "乙"))
    world.work()
    world.jump(hours=49)
    service.tick(world)
    world.edit(one, moved_at=world.clock.now())
    world.edit(two, colour="red")
    world.work()
    assert world.outcomes() == ["no_longer_due", "no_longer_due"]
    assert [run.problem["code"] for run in world.runs()] == ["run-since-changed", "run-condition-false"]


def test_records_past_at_installation_are_skipped_counted_and_can_be_taken_up(make: Make) -> None:
    world = make()
    for days in (1, 5, 9):
        world.create(title=str(days), moved_at=MONDAY - timedelta(days=days))
    world.work()
    world.rules(STILL)
    with world.as_system() as ctx:
        assert service.past(ctx, "desk.still") == {"ask": 2, "boss": 2}
    world.work()
    assert said(world) == []
    with world.as_system() as ctx:
        marks.take_up_past(ctx, plan(ctx.workspace).timed["desk.still"])
    world.work()
    assert sorted(said(world)) == ["ask", "ask", "boss", "boss"]


def test_a_thousand_and_more_due_at_once_are_done_in_chunks(make: Make) -> None:
    world = make(STILL.replace("boss, after: 72h", "boss, after: 720h"))
    table = world.space.tables["desk.case"]
    with world.store.write() as connection:
        rows = [{"uid": f"c{n}", "revision": 1, "title": "x", "moved_at": MONDAY + timedelta(seconds=n // 3)} for n in range(2500)]
        connection.execute(insert(table), rows)
    world.jump(hours=49)
    rules = plan(world.space).timed["desk.still"]
    assert time_rules.tick(world, rules) == 2500
    assert time_rules.tick(world, rules) == 0
    assert len(world.runs()) == 2500
    assert len({run.record for run in world.runs()}) == 2500


BEFORE = "automation: soon\nname: 提醒\non: {before: case, field: moved_at, by: 15m}\ndo: [{create: note, set: {text: '{{ title }}'}}]\n"


def test_before_a_date_fires_ahead_and_lists_what_it_missed(make: Make) -> None:
    world = make(BEFORE)
    for title, minutes in (("早", 10), ("中", 60), ("晚", 600)):
        world.create(title=title, moved_at=MONDAY + timedelta(minutes=minutes))
    world.work()
    assert said(world) == ["早"]  # written inside the fifteen minutes: at once
    world.wait(minutes=44)
    assert said(world) == ["早"]
    world.wait(minutes=1)
    assert said(world) == ["早", "中"]
    world.jump(days=2)
    world.work()
    assert said(world) == ["早", "中"]
    assert world.outcomes() == ["finished", "finished", "missed"]


def test_after_a_plain_date_counts_from_its_start_of_day_here(make: Make) -> None:
    world = make("automation: later\nname: 之后\non: {after: case, field: day, by: 2d}\ndo: [{create: note, set: {text: 到}}]\n")
    world.create(title="甲", day=date(2026, 3, 3))
    world.wait(days=10)
    assert world.runs()[0].created_at == datetime.fromisoformat("2026-03-05T00:00:00+08:00")


def test_overdue_skip_lists_the_missed_one_and_does_nothing(make: Make) -> None:
    world = make(STILL + "overdue: skip\n")
    world.create(title="甲", moved_at=MONDAY - timedelta(days=9))
    world.work()
    assert world.outcomes() == ["missed", "missed"]
    assert said(world) == []


def test_three_in_a_row_of_one_person_reach_the_third_level_and_an_action_between_breaks_the_row(make: Make) -> None:
    world = make(STILL)
    wang, li = world.person("王"), world.person("李")
    for hours, helper in ((0, wang), (1, wang), (2, li), (3, wang)):
        world.create(title="案", moved_at=MONDAY + timedelta(hours=hours), helper=helper)
    world.wait(hours=73, minutes=30)
    assert said(world).count("boss") == 2
    world.edit(1, moved_at=world.clock.now())  # an action of 王
    world.wait(hours=3)
    assert (said(world).count("boss"), said(world).count("board")) == (4, 0)
    world.wait(hours=72)
    assert (said(world).count("boss"), said(world).count("board")) == (5, 0)  # two in a row since, and one of 李


def test_the_third_of_a_row_fires_once_and_the_count_begins_again(make: Make) -> None:
    world = make(STILL)
    wang = world.person("王")
    for hours in range(4):
        world.create(title="案", moved_at=MONDAY + timedelta(hours=hours), helper=wang)
    world.wait(hours=100)
    assert said(world).count("boss") == 4
    assert said(world).count("board") == 1


@pytest.mark.parametrize(("on", "hours"), [
    ('{every: workday, at: "08:45"}', [23.75, 47.75, 71.75, 95.75, 167.75, 191.75]),
    ('{every: week, at: "mon 09:00"}', [168]),
    ('{every: month, at: "10 09:00"}', [192]),
    ('{cron: "0 18 * * 5"}', [105]),
])
def test_schedules_run_at_their_instants_in_the_workspace_zone(make: Make, on: str, hours: list[float]) -> None:
    world = make(f"automation: plan\nname: 定时\non: {on}\ndo: [{{create: note, set: {{text: 时}}}}]\n")
    world.wait(hours=192)
    assert [(run.created_at - MONDAY) / timedelta(hours=1) for run in world.runs()] == hours


def test_a_schedule_for_each_record_runs_once_for_each_that_fits(make: Make) -> None:
    world = make(
        'automation: plan\nname: 每周\non: {every: week, at: "mon 09:00", for_each: case}\nif: "colour == \'red\'"\n'
        "do: [{create: note, set: {text: '{{ case.title }}'}}]\n"
    )
    for title, colour in (("甲", "red"), ("乙", "green"), ("丙", "red")):
        world.create(title=title, colour=colour)
    world.wait(days=8)
    assert said(world) == ["甲", "丙"]


@pytest.mark.parametrize(("policy", "outcomes"), [
    ("", ["finished"] * 3), ("catch_up: last\n", ["missed", "missed", "finished"]), ("overdue: skip\n", ["missed"] * 3),
])
def test_instants_missed_in_a_downtime_follow_the_rules_own_word(make: Make, policy: str, outcomes: list[str]) -> None:
    world = make('automation: plan\nname: 每天\non: {every: day, at: "08:45"}\ndo: [{create: note, set: {text: 时}}]\n' + policy)
    world.work()
    world.jump(days=3, hours=1)
    world.work()
    assert world.outcomes() == outcomes


def test_a_rule_switched_on_again_begins_where_time_is(make: Make) -> None:
    world = make(STILL)
    world.create(title="甲", moved_at=MONDAY)
    with world.as_system() as ctx:
        runs.switch(ctx, "desk.still", False)
    world.wait(hours=60)
    with world.as_system() as ctx:
        runs.switch(ctx, "desk.still", True)
    world.wait(hours=20)
    assert said(world) == ["boss"]


TWO_DAYS = """\
automation: slow
name: 两个工作日
on: {inactive: case, since: moved_at}
levels: [{id: a, after: 2 workdays, do: [{create: note, set: {text: 到}}]}]
"""


def test_an_edited_calendar_moves_what_is_counted_in_workdays(make: Make) -> None:
    world = make(TWO_DAYS)
    world.create(title="甲", moved_at=MONDAY)
    world.rules(TWO_DAYS, calendar=Calendar(holidays=frozenset({date(2026, 3, 3)})))
    world.wait(days=5)
    assert world.runs()[0].created_at - MONDAY == timedelta(days=3)
