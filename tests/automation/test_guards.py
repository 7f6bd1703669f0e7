"""What keeps automations in bounds: loops, one run beside another, broken rules, order per record, several workers."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from dougong.automation import runs, service
from dougong.automation.dispatch import dispatch
from dougong.automation.why import why
from dougong.context import SYSTEM
from dougong.events import outbox
from dougong.events.outbox import Event, event_table
from tests.automation.conftest import Make
from tests.automation.world import MONDAY, World

WHY = """\
automation: still
name: 久
on: {inactive: case, since: moved_at}
if: "colour != 'red'"
levels: [{id: a, after: 48h, do: [{create: note, set: {text: 久}}]}]
"""


def changed(id: str, field: str, do: str, more: str = "") -> str:
    return f"automation: {id}\nname: {id}\non: {{changed: case, fields: [{field}]}}\n{more}do:\n  - {do}\n"


def test_a_rule_that_sets_itself_off_is_cut(make: Make) -> None:
    world = make(changed("again", "points", '{set: {points: "{{ points + 1 }}"}}'))
    world.edit(world.create(points=1), points=2)
    world.work()
    assert world.outcomes() == ["finished", "loop"]
    assert world.row(1)["points"] == 3


def test_two_rules_that_set_each_other_off_are_cut_and_say_how(make: Make) -> None:
    world = make(
        changed("ping", "points", '{set: {title: "第{{ points }}次"}}'), changed("pong", "title", '{set: {points: "{{ points + 1 }}"}}')
    )
    world.edit(world.create(points=1), points=2)
    world.work()
    assert world.outcomes() == ["finished", "finished", "loop"]
    assert world.runs()[-1].problem["args"]["rules"] == "desk.ping/ → desk.pong/ → desk.ping/"


def test_a_chain_across_ever_new_records_ends_at_the_greatest_depth(make: Make) -> None:
    world = make("automation: breed\nname: 繁殖\non: {created: note}\ndo: [{create: note, set: {text: 又}}]\n")
    world.create("note", text="一")
    world.work()
    assert world.outcomes() == ["finished"] * runs.MOST_DEPTH + ["loop"]


@pytest.mark.parametrize(("mode", "outcomes"), [
    ("skip", ["finished", "skipped"]), ("wait", ["finished", "finished"]),
    ("restart", ["restarted", "finished"]), ("together", ["finished", "finished"]),
])
def test_one_run_beside_another_on_one_record(make: Make, mode: str, outcomes: list[str]) -> None:
    rule = changed("r", "points", "{wait: 1d}\n  - {create: note, set: {text: 完}}", f"if_running: {mode}\n")
    world = make(rule)
    case = world.create(points=1)
    world.edit(case, points=2)
    world.wait(hours=1)
    world.edit(case, points=3)
    world.wait(hours=1)
    assert [run.state for run in world.runs()][1] == {"skip": "done", "wait": "queued", "restart": "waiting", "together": "waiting"}[mode]
    world.wait(days=3)
    assert world.outcomes() == outcomes
    assert len(world.rows("note")) == outcomes.count("finished")


def test_two_quick_changes_both_run_for_neither_waits(make: Make) -> None:
    world = make(changed("r", "points", "{create: note, set: {text: '第{{ points }}次'}}"))
    case = world.create(points=1)
    world.edit(case, points=2)
    world.edit(case, points=3)
    world.work()
    assert world.outcomes() == ["finished", "finished"]


def test_a_rule_that_fails_ten_times_is_switched_off_and_why_says_so(make: Make) -> None:
    world = make(changed("bad", "points", "{assign: role.chief}"))
    case = world.create(points=0)
    for points in range(1, 13):
        world.edit(case, points=points)
        world.work()
    assert world.outcomes() == ["failed"] * 10 + ["switched_off"] * 2
    with world.as_system() as ctx:
        first = why(world, ctx, "desk.bad", case)[0]
    assert first.sentence("zh") == "规则已自动停用：连续 10 次失败，已自动停用"
    assert first.sentence("en") == "the rule was switched off by itself: failed 10 times in a row and was switched off"


def test_a_rule_gone_before_its_run_began_withdraws_it(make: Make) -> None:
    world = make("automation: r\nname: 晚\non: {created: case}\nlevels: [{id: a, after: 1d, do: [{create: note, set: {text: 晚}}]}]\n")
    world.create(title="甲")
    world.work()
    world.rules()
    world.wait(days=2)
    assert world.outcomes() == ["switched_off"]


def test_imports_set_off_nothing_unless_the_importer_says_so(make: Make) -> None:
    world = make("automation: r\nname: 新\non: {created: case}\ndo: [{create: note, set: {text: 新}}]\n")
    world.create(origin="import", title="甲")
    world.work()
    assert world.runs() == []


def test_events_of_one_record_are_claimed_in_their_order_and_one_at_a_time(make: Make) -> None:
    world = make()
    one, two = world.create(title="甲"), world.create(title="乙")
    world.edit(one, title="丙")
    with world.as_system() as ctx:
        first = outbox.claim(ctx.connection, ctx.now)
        assert [(c.event.kind, c.event.record) for c in first] == [("created", one), ("created", two)]
        assert outbox.claim(ctx.connection, ctx.now) == []
        outbox.finish(ctx.connection, first[0])
        assert [(c.event.kind, c.event.record) for c in outbox.claim(ctx.connection, ctx.now)] == [("changed", one)]


def test_four_workers_do_each_thing_once(make: Make) -> None:
    world = make(
        "automation: r\nname: 新\non: {created: case}\ndo: [{create: note, set: {text: '{{ title }}'}}]\n",
        WHY,
    )
    for n in range(30):
        world.create(title=str(n), moved_at=MONDAY)
    world.jump(hours=49)
    errors: list[BaseException] = []

    def worker() -> None:
        try:
            service.work(world)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.work()
    assert errors == []
    texts = sorted(note["text"] for note in world.rows("note"))
    assert texts == sorted([*map(str, range(30)), *["久"] * 30])


def test_a_crash_between_claim_and_start_loses_nothing(make: Make) -> None:
    world = make("automation: r\nname: 新\non: {created: case}\ndo: [{create: note, set: {text: 一}}]\n")
    world.create(title="甲")
    with world.transaction(SYSTEM, "automation") as ctx:
        assert len(outbox.claim(ctx.connection, ctx.now)) == 1  # and the worker dies
    world.work()
    assert world.runs() == []
    world.wait(minutes=2)
    assert [n["text"] for n in world.rows("note")] == ["一"]


def test_a_poison_event_is_put_aside_and_the_others_go_on(make: Make) -> None:
    world = make("automation: r\nname: 新\non: {created: case}\ndo: [{create: note, set: {text: 好}}]\n")
    with world.as_system() as ctx:
        outbox.append(ctx, Event("created", "desk.case", 1, None, {"moved_at": "no date"}, ("moved_at",)))
    world.create(title="甲")
    world.create(title="乙")
    world.wait(minutes=20)
    assert len(world.rows("note")) == 2
    with world.store.read() as connection:
        states = [(row.state, bool(row.error)) for row in connection.execute(event_table.select().order_by(event_table.c.id))]
    assert ("done", True) in states and {state for state, _ in states} == {"done"}


def lines(world: World, case: int, locale: str = "zh") -> list[str]:
    with world.as_system() as ctx:
        return [p.sentence(locale) for p in why(world, ctx, "desk.still", case)]


def test_why_tells_in_words_what_stands_in_the_way(make: Make) -> None:
    world = make(WHY)
    empty, waiting, red = world.create(), world.create(moved_at=MONDAY), world.create(moved_at=MONDAY, colour="red")
    assert lines(world, empty)[:2] == ["规则从未因这条记录执行", "动作时间 为空，无从计时"]
    assert lines(world, waiting)[1] == "从 2026年3月2日 09:00 算起，到 2026年3月4日 09:00 才满 48 小时"
    world.wait(hours=50)
    assert lines(world, waiting)[0] == "2026年3月4日 09:00 执行过 a：已完成"
    assert lines(world, red) == [
        "规则从未因这条记录执行",
        "从 2026年3月2日 09:00 算起已到时，但到时的时候条件不成立，或规则那时还没启用",
        "条件现在不成立：colour != 'red'（colour = red）",
    ]
    assert "the condition does not hold now: colour != 'red' (colour = red)" in lines(world, red, "en")
    world.delete(red)
    assert lines(world, red)[-1] == "这条记录不存在或已删除"


def test_dispatch_counts_what_it_claimed(make: Make) -> None:
    world = make()
    world.create()
    assert (dispatch(world).claimed, dispatch(world).claimed) == (1, 0)
    assert world.clock.now() == MONDAY + timedelta()
