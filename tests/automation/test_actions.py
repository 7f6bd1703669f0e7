"""Actions one by one: what they change, whom they reach, with whose rights."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dougong.notify.delivery import delivery_table
from dougong.people import roles
from tests.automation.conftest import Make
from tests.automation.world import MONDAY, World, texts

PRESSED = "automation: r\nname: 提醒\non: {changed: case, fields: [points]}\ndo:\n"


def rule(*steps: str) -> str:
    return PRESSED + "".join(f"  - {step}\n" for step in steps)


def press(world: World, case: int, points: int = 7) -> None:
    world.edit(case, points=points)
    world.work()


def chief(world: World, name: str, **values: Any) -> int:
    person = world.person(name, **values)
    with world.store.write() as connection:
        roles.give(connection, person, "desk", "chief")
    return person


def test_set_reaches_a_linked_record(make: Make) -> None:
    world = make("automation: r\nname: 便条\non: {created: note}\ndo:\n  - {set: {colour: red, title: '{{ text }}'}, on: case}\n")
    case = world.create(title="甲")
    world.create("note", text="新", case=case)
    world.work()
    assert (world.row(case)["colour"], world.row(case)["title"]) == ("red", "新")


def test_an_automation_does_not_touch(make: Make) -> None:
    world = make(rule("{set: {title: 乙}}"))
    case = world.create(title="甲")
    world.edit(case, points=1)
    world.jump(hours=1)
    world.work()
    assert (world.row(case)["title"], world.row(case)["touched_at"]) == ("乙", MONDAY)


def test_update_related_changes_those_that_fit(make: Make) -> None:
    world = make(rule('{update_related: notes, if: "not done", set: {text: "{{ text }}✓", done: true}}'))
    case = world.create(title="甲")
    for text, done in (("一", False), ("二", True)):
        world.create("note", case=case, text=text, done=done)
    press(world, case)
    assert [n["text"] for n in world.rows("note")] == ["一✓", "二"]


@pytest.mark.parametrize(("step", "points"), [
    ("{score: points, add: 5}", 12), ("{score: points, add: -9}", -2), ("{score: points, add: 90, between: [0, 50]}", 50),
    ("{score: points, add: 'points * 2'}", 21),
])
def test_score_adds_within_bounds(make: Make, step: str, points: int) -> None:
    world = make(rule(step))
    case = world.create(title="甲")
    press(world, case)
    assert world.row(case)["points"] == points


def test_assign_goes_round_and_round(make: Make) -> None:
    world = make(rule("{assign: role.chief}"))
    people = [chief(world, name) for name in ("李", "王", "赵")]
    cases = [world.create(title=str(n)) for n in range(4)]
    for case in cases:
        press(world, case)
    assert [world.row(case)["owner"] for case in cases] == [*people, people[0]]


def test_assign_by_region_takes_the_nearest_and_falls_back(make: Make) -> None:
    world = make(rule("{assign: role.chief, region: place}"))
    province, city = chief(world, "李", region="浙江省"), chief(world, "王", region="浙江省/宁波市")
    at = {place: world.create(title=place, place=place) for place in ("浙江省/宁波市", "浙江省/杭州市", "上海市")}
    for case in at.values():
        press(world, case)
    assert world.outcomes() == ["finished"] * 3, world.runs()[0].problem
    assert [world.row(case)["owner"] for case in at.values()] == [city, province, province]


def test_a_task_is_made_for_each_person_by_the_forms_own_shape(make: Make) -> None:
    world = make(rule('{task: "跟进{{ title }}", form: note, owner: role.chief, due: 1d}'))
    people = [chief(world, name) for name in ("李", "王")]
    case = world.create(title="甲")
    press(world, case)
    notes = world.rows("note")
    assert [(n["text"], n["owner"], n["case"]) for n in notes] == [("跟进甲", person, case) for person in people]
    assert {n["until"] for n in notes} == {MONDAY + timedelta(days=1)}


def test_move_goes_through_the_workflow_and_says_why(make: Make) -> None:
    flow = "workflow: line\nform: case\nname: 线\nstages:\n  - {id: begin, name: 起}\n  - {id: end, name: 终, final: true}\n"
    world = make(rule('{move: end, comment: "{{ title }}"}'), more={"w.yaml": flow})
    case = world.create(title="甲")
    press(world, case)
    assert world.moves == [("desk.case", case, "end", "甲")]


def test_popup_and_message_reach_their_people_with_copy_and_history(make: Make) -> None:
    world = make(rule(
        "{popup: helper, text: 请补录}",
        '{notify: helper.manager, cc: helper, via: [dingtalk_todo], show: timeline, text: "{{ title }}没有进展"}',
    ))
    boss = chief(world, "李")
    wang = world.person("王", manager=boss)
    case = world.create(title="甲", helper=wang)
    press(world, case)
    (popup,) = world.messages("popup")
    assert (popup.user, popup.body, popup.title, popup.record) == (wang, "请补录", "提醒", case)
    first, copy = world.messages()
    assert (first.user, copy.user) == (boss, wang)
    assert first.body.startswith("甲没有进展\n· 03-02 09:00")
    with world.store.read() as connection:
        (out,) = connection.execute(delivery_table.select())
    assert (out.channel, out.user, out.state) == ("dingtalk_todo", boss, "waiting")


def test_a_missing_manager_means_the_fallback_role_never_nobody(make: Make) -> None:
    world = make(rule("{notify: helper.manager, text: 看}"))
    fallback = chief(world, "赵")
    press(world, world.create(title="甲", helper=world.person("王")))
    assert [m.user for m in world.messages()] == [fallback]


def test_a_text_holds_only_what_its_reader_may_see(make: Make) -> None:
    limited = "role: guest\nname: 访客\ncan: {case: {may: [see], hide: [points]}}\n"
    world = make(rule('{notify: [helper, owner], text: "{{ title }}:{{ points }}"}'), more={"g.yaml": limited})
    guest, full = world.person("访"), chief(world, "李")
    with world.store.write() as connection:
        roles.give(connection, guest, "desk", "guest")
    press(world, world.create(title="甲", helper=guest, owner=full))
    assert texts(world.messages()) == ["甲:", "甲:7"]


def test_values_of_records_are_never_formulas_again(make: Make) -> None:
    world = make(rule('{create: note, set: {text: "{{ title }}"}}'))
    press(world, world.create(title="{{ 7*7 }} ${7*7} {% raw %}"))
    assert [n["text"] for n in world.rows("note")] == ["{{ 7*7 }} ${7*7} {% raw %}"]


def test_a_button_knows_who_pressed_it(make: Make) -> None:
    world = make("automation: r\nname: 领\non: {pressed: case, name: 认领}\ndo:\n  - {set: {title: '{{ me.name }}'}}\n")
    wang, case = world.person("王"), world.create(title="甲")
    world.press(case, "认领", wang)
    world.press(case, "别的", wang)
    assert world.outcomes() == ["finished"], world.runs()[0].problem
    assert world.row(case)["title"] == "王"


def test_a_webhook_that_comes_five_times_makes_one_record(make: Make) -> None:
    world = make(
        "automation: r\nname: 收\non: {received: site, form: case, map: {title: data.name, points: data.points.0}}\n"
        "do:\n  - {create: note, set: {text: '{{ title }}'}}\n"
    )
    for _ in range(5):
        world.receive("site", {"data": {"name": "甲", "points": [3]}}, "delivery-1")
    world.receive("site", {"data": {"points": ["many"]}}, "delivery-2")
    assert world.outcomes() == ["finished", "failed"]
    assert [(c["title"], c["points"]) for c in world.rows("case")] == [("甲", 3)]
    assert len(world.rows("note")) == 1


def test_a_deleted_records_rule_stands_on_it_as_it_was(make: Make) -> None:
    world = make("automation: r\nname: 删\non: {deleted: case}\nif: \"points > 3\"\ndo:\n  - {create: note, set: {text: '{{ title }}'}}\n")
    for title, points in (("甲", 5), ("乙", 1)):
        world.delete(world.create(title=title, points=points))
    world.work()
    assert sorted(world.outcomes()) == ["condition_false", "finished"]
    assert [n["text"] for n in world.rows("note")] == ["甲"]
