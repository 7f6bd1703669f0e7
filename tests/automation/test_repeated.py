"""`{repeated: …}` as a trigger of its own: what it counts, when a row is broken, and that it fires once (SEMANTICS 4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dougong.automation.why import why
from dougong.context import SYSTEM
from dougong.lang.compile import compile_app
from tests.automation.conftest import Make
from tests.automation.world import APP, MONDAY, VOCABULARY, World

STILL = """\
automation: still
name: 停滞
on: {inactive: case, since: moved_at}
levels:
  - {id: ask, after: 24h, do: [{create: note, set: {text: ask}}]}
  - {id: boss, after: 48h, do: [{create: note, set: {text: boss}}]}
"""
LOWER = "automation: lower\nname: 降分\non: {changed: case, fields: [points]}\ndo: [{create: note, set: {text: lower}}]\n"


def board(repeated: str, *, then: str = 'do: [{create: note, set: {text: "board {{ title }}"}}]') -> str:
    return f"automation: board\nname: 上会\non: {{repeated: {repeated}}}\n{then}\n"


def said(world: World, start: str = "board") -> list[str]:
    return [n["text"] for n in world.rows("note") if n["text"].startswith(start)]


def lowered(world: World, case: int, times: int) -> None:
    for _ in range(times):
        world.edit(case, points=(world.row(case)["points"] or 0) - 1)
        world.work()


def test_the_third_run_of_one_level_in_a_row_per_person_fires_once_on_the_last_record(make: Make) -> None:
    world = make(STILL, board("{of: still, level: boss, times: 3, in_a_row_per: helper}"))
    wang, li = world.person("王"), world.person("李")
    for hours, (title, helper) in enumerate((("甲", wang), ("乙", li), ("丙", wang), ("丁", wang), ("戊", wang))):
        world.create(title=title, moved_at=MONDAY + timedelta(hours=hours), helper=helper)
    world.wait(hours=50)
    assert said(world) == []
    world.wait(hours=30)
    assert said(world) == ["board 丁"]


def test_a_new_since_value_of_the_same_key_breaks_the_row(make: Make) -> None:
    world = make(STILL, board("{of: still, level: boss, times: 2, in_a_row_per: helper}"))
    wang = world.person("王")
    first, _ = (world.create(title=t, moved_at=MONDAY + timedelta(hours=h), helper=wang) for t, h in (("甲", 0), ("乙", 1)))
    world.wait(hours=48, minutes=30)
    world.edit(first, moved_at=world.clock.now())
    world.wait(hours=2)
    assert said(world) == []


def test_without_a_key_each_record_is_counted_by_itself(make: Make) -> None:
    world = make(LOWER, board("{of: lower, times: 3}"))
    one, two = (world.create(title=t) for t in ("甲", "乙"))
    lowered(world, one, 2)
    lowered(world, two, 2)
    assert said(world) == []
    lowered(world, two, 1)
    assert said(world) == ["board 乙"]
    lowered(world, two, 2)
    assert said(world) == ["board 乙"]  # a firing begins the count anew
    lowered(world, two, 1)
    assert said(world) == ["board 乙", "board 乙"]


def test_only_runs_within_the_time_count(make: Make) -> None:
    world = make(LOWER, board("{of: lower, times: 3, within: 2d}"))
    case = world.create(title="甲")
    for days in (0, 2.5, 1, 0.5):
        world.wait(days=days)
        lowered(world, case, 1)
    assert said(world) == ["board 甲"]
    assert [n["text"] for n in world.rows("note")].count("lower") == 4


def test_its_condition_and_its_own_levels_hold(make: Make) -> None:
    levels = "if: \"colour == 'red'\"\nlevels:\n  - {id: a, after: 2h, do: [{create: note, set: {text: board late}}]}"
    world = make(LOWER, board("{of: lower, times: 2}", then=levels))
    red, green = world.create(title="甲", colour="red"), world.create(title="乙", colour="green")
    for case in (red, green):
        lowered(world, case, 2)
    assert said(world) == []
    world.wait(hours=2)
    assert said(world) == ["board late"]
    assert sorted(world.outcomes("board")) == ["condition_false", "finished"]


def test_a_trigger_may_count_what_another_counted(make: Make) -> None:
    again = "automation: top\nname: 再上会\non: {repeated: {of: board, times: 2}}\ndo: [{create: note, set: {text: 'top {{ title }}'}}]\n"
    world = make(LOWER, board("{of: lower, times: 2}"), again)
    case = world.create(title="甲")
    lowered(world, case, 4)
    assert (said(world), said(world, "top")) == (["board 甲", "board 甲"], ["top 甲"])


def test_why_tells_how_far_the_count_has_come(make: Make) -> None:
    world = make(LOWER, board("{of: lower, times: 5}"))
    case = world.create(title="甲")
    lowered(world, case, 3)
    with world.read(SYSTEM) as ctx:
        told = [p.sentence("zh") for p in why(world, ctx, "desk.board", case)]
    assert "已计 3 次，满 5 次才执行" in told


@pytest.mark.parametrize(("on", "code", "near"), [
    ("{repeated: {of: stil, times: 3}}", "unknown-automation", "still"),
    ("{repeated: {of: still, level: bos, times: 3}}", "unknown-level-of", "boss"),
    ("{repeated: {of: still, times: 3, in_a_row_per: helpr}}", "unknown-field", "helper"),
    ("{repeated: {of: board, times: 3}}", "automation-counts-itself", ""),
    ("{repeated: {of: still}}", "missing-key", ""),
    ("{repeated: {of: still, times: 3, within: soon}}", "bad-duration", ""),
])
def test_slips_are_told(on: str, code: str, near: str) -> None:
    rule = f"automation: board\nname: 上会\non: {on}\ndo: [{{create: note, set: {{text: x}}}}]\n"
    problems = compile_app({**APP, "s.yaml": STILL, "b.yaml": rule}, VOCABULARY).problems
    assert [p.code for p in problems if not p.warning] == [code]
    assert near in problems[0].hint("en")
