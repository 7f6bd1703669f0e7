"""From a change to its effect: triggers by events, conditions, steps."""

from __future__ import annotations

from tests.automation.conftest import Make

RED = """\
automation: red
name: 变红
on: {changed: {colour: {to: red}}, form: case}
if: "points > 3"
do:
  - {set: {title: "{{ title }}！"}}
  - {create: note, set: {text: 变红了, case: this}}
"""


def test_a_change_sets_off_its_rule_once(make: Make) -> None:
    world = make(RED)
    case = world.create(title="甲", points=5)
    world.work()
    assert world.runs() == []
    world.edit(case, colour="red")
    world.work()
    assert world.outcomes() == ["finished"]
    assert world.row(case)["title"] == "甲！"
    assert [note["text"] for note in world.rows("note")] == ["变红了"]
    world.edit(case, colour="green")
    world.work()
    world.edit(case, colour="red", points=1)
    world.work()
    assert world.outcomes() == ["finished", "condition_false"]
    assert world.runs()[1].trace[0]["values"] == {"points": 1}
