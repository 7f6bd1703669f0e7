"""What is asked for later: who owes what, when the owner is told, and what waits until it is there (LANGUAGE, F5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dougong.notify.message import notification_table
from dougong.problems import Problems
from dougong.records import ask_later
from dougong.workflow import service as workflow
from tests.records.conftest import Make
from tests.records.ground import MONDAY, Ground, codes

TRIP = """
form: trip
name: 出访
title: "{{ name }}"
fields:
  name:     {name: 名称, type: text}
  ended_at: {name: 结束, type: datetime}
  next:     {name: 下一步, type: text}
  span:     {name: 时段, type: date_range}
  tags:     {name: 标签, type: tags}
  done:     {name: 归档, type: yes_no}
ask_later:
  - {id: facts, since: ended_at, within: 2h, fields: [next, span, tags], before: done, message: 归档前请补三项}
  - {id: way, since: ended_at, within: 1d, fields: [next], before: over, message: 先写下一步}
""".lstrip()
FLOW = "workflow: flow\nname: 流程\nform: trip\nstages: [{id: begun, name: 开始}, {id: over, name: 结束, final: true}]\n"
ROLES = """
role: clerk
name: 文员
fallback: true
can: {trip: {may: [see, add, edit, delete]}}
---
role: reader
name: 读者
can: {trip: {may: [see]}}
---
role: half
name: 半个
can: {trip: {may: [see, edit], read_only: [span, tags]}}
""".lstrip()
FULL: dict[str, Any] = {"next": "报价", "span": ["2026-03-02", "2026-03-03"], "tags": ["甲"]}
PEOPLE = {
    "li": {"roles": ["clerk"]},
    "wang": {"manager": "li", "roles": ["clerk"]},
    "he": {"roles": ["half"]},
    "guo": {"roles": ["reader"]},
}


@pytest.fixture
def ground(workspace: Make) -> Ground:
    return workspace(TRIP, FLOW, ROLES, people=PEOPLE)


def owed(ground: Ground, who: str = "wang") -> list[tuple[str, str, list[str], Any]]:
    found = ground.read(ask_later.demands, who)
    return [(d.row["name"], d.rule.id, [f.id for f in d.missing], d.due - MONDAY) for d in found]


def popups(ground: Ground) -> list[str]:
    ground.runtime.work()
    query = select(notification_table.c.body).where(notification_table.c.kind == "popup").order_by(notification_table.c.id)
    with ground.runtime.store.read() as connection:
        return list(connection.execute(query).scalars())


def test_the_owner_owes_what_is_missing_the_first_due_first(ground: Ground) -> None:
    ground.create("trip", name="晚", ended_at=MONDAY + timedelta(hours=1), who="wang")
    early = ground.create("trip", name="早", ended_at=MONDAY, next="报价", who="wang")
    ground.create("trip", name="没结束", who="wang")
    ground.create("trip", name="别人的", ended_at=MONDAY, who="li")
    ground.create("trip", name="齐了", ended_at=MONDAY, who="wang", **FULL)
    hours = timedelta(hours=1)
    late = [("晚", "facts", ["next", "span", "tags"], 3 * hours), ("晚", "way", ["next"], 25 * hours)]
    assert owed(ground) == [("早", "facts", ["span", "tags"], 2 * hours), *late]
    ground.edit("trip", early.id, span=FULL["span"], who="wang")
    assert owed(ground)[0] == ("早", "facts", ["tags"], 2 * hours)
    ground.edit("trip", early.id, tags=FULL["tags"], who="wang")
    assert owed(ground) == late
    ground.delete("trip", early.id, who="wang")
    assert len(owed(ground, "li")) == 2


def test_nobody_owes_what_somebody_else_has_to_enter(ground: Ground) -> None:
    for who in ("he", "guo"):
        ground.create("trip", name=who, ended_at=MONDAY, owner=ground.people[who], who="li")
    assert [(rule, missing) for _, rule, missing, _ in owed(ground, "he")] == [("facts", ["next"]), ("way", ["next"])]
    assert owed(ground, "guo") == []


@pytest.mark.parametrize("lacking", ["next", "span", "tags"])
def test_archiving_waits_for_all_and_the_rest_is_kept(ground: Ground, lacking: str) -> None:
    trip = ground.create("trip", name="甲", who="wang", **{k: v for k, v in FULL.items() if k != lacking})
    with pytest.raises(Problems) as refused:
        ground.edit("trip", trip.id, done=True, who="wang")
    assert codes(refused.value) == sorted([("done", "rejected"), (lacking, "ask-later-missing")])
    assert "归档前请补三项" in [p.sentence("zh") for p in refused.value]
    ground.edit("trip", trip.id, {lacking: FULL[lacking], "done": True}, who="wang")
    assert ground.values("trip", trip.id, "done") == (True,)
    with pytest.raises(Problems):
        ground.edit("trip", trip.id, {lacking: None if lacking == "next" else []}, who="wang")
    ground.edit("trip", trip.id, name="乙", who="wang")
    ground.edit("trip", trip.id, {lacking: None if lacking == "next" else [], "done": False}, who="wang")


def test_a_record_can_t_begin_archived_without_them(ground: Ground) -> None:
    with pytest.raises(Problems):
        ground.create("trip", name="甲", done=True, who="wang")
    ground.create("trip", name="甲", done=True, who="wang", **FULL)


def test_a_stage_waits_too_and_says_so_beforehand(ground: Ground) -> None:
    trip = ground.create("trip", name="甲", who="wang")
    decision = ground.read(lambda ctx: workflow.outlook(ctx, "desk.trip", trip.id), "wang").decisions["over"]
    assert [(m.field, str(m.message)) for m in decision.missing] == [("next", "先写下一步")]
    with pytest.raises(Problems) as refused:
        ground.write(lambda ctx: workflow.move(ctx, "desk.trip", trip.id, "over"), "wang")
    assert codes(refused.value) == [("next", "stage-field-missing")]
    ground.write(lambda ctx: workflow.move(ctx, "desk.trip", trip.id, "over", values={"next": "报价"}), "wang")
    assert ground.values("trip", trip.id, "stage") == ("over",)


def test_the_owner_is_told_once_when_the_time_is_over_and_something_is_missing(ground: Ground) -> None:
    ground.create("trip", name="甲", ended_at=MONDAY, who="wang")
    ground.create("trip", name="齐了", ended_at=MONDAY, who="wang", **FULL)
    for hours, told in ((1.99, 0), (2.01, 1), (5, 1), (23.9, 1), (24.1, 2), (200, 2)):
        ground.clock.move_to(MONDAY + timedelta(hours=hours))
        assert len(popups(ground)) == told, hours
    assert popups(ground) == ["甲：归档前请补三项", "甲：先写下一步"]


def test_a_new_end_counts_anew(ground: Ground) -> None:
    trip = ground.create("trip", name="甲", ended_at=MONDAY, who="wang")
    ground.clock.move_to(MONDAY + timedelta(hours=3))
    assert len(popups(ground)) == 1
    ground.edit("trip", trip.id, ended_at=MONDAY + timedelta(hours=3), who="wang")
    ground.clock.move_to(MONDAY + timedelta(hours=5, minutes=1))
    assert len(popups(ground)) == 2
