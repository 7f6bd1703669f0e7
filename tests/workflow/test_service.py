"""Nothing but the machine writes a stage; times, push-back and final stages (SEMANTICS 14, THREATS S12, R19)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from dougong.context import SYSTEM, Actor
from dougong.problems import Problems
from dougong.records import bulk, save
from dougong.workflow import service
from tests.records.conftest import Make
from tests.records.ground import MONDAY, Ground, codes, key

DEAL = """\
form: deal
name: 项目
title: "{{ name }}"
fields:
  name: {name: 名称, type: text, required: true}
  proof: {name: 凭据, type: text}
  size: {name: 规模, type: integer}
  why: {name: 原因, type: text}
  probability: {name: 赢率, type: percent}
"""
FLOW = """\
workflow: deal_stages
name: 项目阶段
form: deal
stages:
  - {id: open, name: 新建, probability: {default: 10%, between: [5%, 15%]}, exit: {if: "size > 0", message: 请填规模}}
  - {id: shown, name: 已演示, probability: {default: 60%, between: [50%, 70%]}, entry: {fields: [proof], message: 请附凭据}}
  - {id: talk, name: 商谈}
  - {id: won, name: 成交, final: true, probability: {default: 100%}}
  - {id: lost, name: 关闭, final: true, from: any, entry: {fields: [why], message: 请写原因}}
moves: {forward: next, back: {by: [owner.manager, role.head], comment: required}}
"""
ROLES = """\
role: clerk
name: 文员
can: {deal: {may: [see, add, edit, delete], only: "owner == me or owner.manager == me"}}
---
role: head
name: 总监
can: {deal: {may: [see, add, edit, delete]}}
---
role: guest
name: 访客
can: {deal: {may: [see]}}
"""
PEOPLE = {
    "li": {"roles": ["clerk"]},
    "wang": {"manager": "li", "roles": ["clerk"]},
    "zhao": {"roles": ["clerk"]},
    "zhou": {"roles": ["head"]},
    "ke": {"roles": ["guest"]},
}
APP = (DEAL, FLOW, ROLES)


def deal(workspace: Make, **values: Any) -> tuple[Ground, int]:
    ground = workspace(*APP, people=PEOPLE)
    return ground, ground.create("deal", name="甲", size=1, proof="有", who="wang", **values).id


def move(ground: Ground, id: int, to: str, who: str = "wang", **more: Any) -> Any:
    return ground.write(lambda ctx: service.move(ctx, key("deal"), id, to, **more), who)


def refused(work: Callable[[], Any]) -> list[tuple[str, str]]:
    with pytest.raises(Problems) as problems:
        work()
    return codes(problems.value)


def stage(ground: Ground, id: int) -> Any:
    return ground.values("deal", id, "stage")[0]


APPS = Actor(app="desk", name="rule")
AS: dict[str, tuple[Actor | None, Any]] = {
    "a person": (None, "person"), "the API": (None, "api"), "an import": (None, "import"), "a device": (None, "device"),
    "an undo": (None, "restore"), "an automation": (APPS, "automation"), "the system": (SYSTEM, "person"),
    "an upgrade": (SYSTEM, "upgrade"), "an approval": (APPS, "approval"),
    "a public form": (SYSTEM, "public"), "sample data": (SYSTEM, "demo"),
}  # fmt: skip
WRITES: dict[str, Mapping[str, Any]] = {"stage": {"stage": "won"}, "since": {"stage_since": datetime(2020, 1, 1, tzinfo=UTC)}}


def test_no_path_but_the_machine_writes_a_stage(workspace: Make) -> None:
    ground, id = deal(workspace)
    for who, (actor, origin) in AS.items():
        for what, values in WRITES.items():
            for verb in ("create", "edit"):
                with pytest.raises(Problems) as problems, ground.runtime.transaction(actor or ground.actor("wang"), origin) as ctx:
                    if verb == "edit":
                        save.edit(ctx, key("deal"), id, values)
                    else:
                        save.create(ctx, key("deal"), {"name": "乙", **values})
                assert {p.code for p in problems.value} == {"stage-not-writable" if what == "stage" else "field-not-writable"}, (
                    who,
                    what,
                    verb,
                )
    with ground.transaction("wang", "import") as ctx:
        (outcome,) = bulk.create_many(ctx, key("deal"), [{"name": "丙", "stage": "won"}])
    assert isinstance(outcome, Problems)
    assert [(r["name"], r["stage"], r["stage_since"]) for r in ground.rows("deal")] == [("甲", "open", MONDAY)]


def test_a_restored_record_is_where_it_was(workspace: Make) -> None:
    ground, id = deal(workspace)
    move(ground, id, "shown")
    ground.delete("deal", id, who="wang")
    ground.restore("deal", id, who="wang")
    assert ground.values("deal", id, "stage", "stage_since") == ("shown", MONDAY)


def test_forward_one_stage_at_a_time_through_both_guards(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    id = ground.create("deal", name="甲", who="wang").id
    assert refused(lambda: move(ground, id, "talk")) == [("", "stage-skipped")]
    assert refused(lambda: move(ground, id, "nowhere")) == [("", "no-such-stage")]
    assert refused(lambda: move(ground, id, "shown")) == [("", "stage-condition"), ("proof", "stage-field-missing")]
    assert refused(lambda: move(ground, id, "shown", values={"size": 3})) == [("proof", "stage-field-missing")]
    assert ground.values("deal", id, "size", "stage") == (None, "open")  # what was filled in goes with the move or not at all
    move(ground, id, "shown", values={"size": 3, "proof": "有"})
    assert ground.values("deal", id, "size", "stage", "probability") == (3, "shown", ground.row("deal", id)["probability"])
    assert [e.name for e in ground.events("deal") if e.kind in ("stage_left", "stage_entered")] == ["open", "open", "shown"]
    assert move(ground, id, "shown").revision == ground.row("deal", id)["revision"]  # already there: no move


def test_the_time_in_each_stage_is_kept(workspace: Make) -> None:
    ground, id = deal(workspace)
    for hours, to, who, more in (
        (2, "shown", "wang", {}),
        (5, "talk", "wang", {}),
        (9, "shown", "li", {"comment": "未谈清"}),
        (10, "talk", "wang", {}),
    ):
        ground.clock.move_to(MONDAY + timedelta(hours=hours))
        move(ground, id, to, who, **more)
    times = ground.read(lambda ctx: service.times(ctx, key("deal"), id))
    hours_ = [(t["stage"], _hours(t["entered_at"]), _hours(t["left_at"]), t["direction"], t["comment"]) for t in times]
    assert hours_ == [
        ("open", 0, 2, "forward", None), ("shown", 2, 5, "forward", None), ("talk", 5, 9, "forward", None),
        ("shown", 9, 10, "back", "未谈清"),
        ("talk", 10, None, "forward", None),
    ]  # fmt: skip
    assert [t["by"] for t in times] == [ground.people[w] for w in ("wang", "wang", "wang", "li", "wang")]
    assert ground.values("deal", id, "stage_since") == (MONDAY + timedelta(hours=10),)


def _hours(at: datetime | None) -> float | None:
    return None if at is None else (at - MONDAY) / timedelta(hours=1)


def test_only_those_named_push_back_and_they_say_why(workspace: Make) -> None:
    ground, id = deal(workspace)
    move(ground, id, "shown")
    assert refused(lambda: move(ground, id, "open", comment="x")) == [("", "may-not-push-back")]
    assert refused(lambda: move(ground, id, "open", "li")) == [("", "comment-required")]
    assert refused(lambda: move(ground, id, "open", "li", comment="  ")) == [("", "comment-required")]
    assert refused(lambda: move(ground, id, "open", "zhao", comment="x")) == [("", "no-such-record")]  # can't even see it
    assert refused(lambda: move(ground, id, "talk", "ke")) == [("", "may-not-edit")]
    move(ground, id, "open", "zhou", comment="从头来")
    assert stage(ground, id) == "open"


def test_a_final_stage_is_left_only_by_those_who_may_push_back(workspace: Make) -> None:
    ground, id = deal(workspace)
    assert refused(lambda: move(ground, id, "lost")) == [("why", "stage-field-missing")]
    move(ground, id, "lost", values={"why": "价格"})
    for to in ("open", "shown", "won"):
        assert refused(lambda: move(ground, id, to, comment="x")) == [("", "may-not-push-back")]  # noqa: B023
    move(ground, id, "shown", "li", comment="客户回来了")
    assert stage(ground, id) == "shown"
    assert [t["direction"] for t in ground.read(lambda ctx: service.times(ctx, key("deal"), id))] == ["forward", "forward", "back"]


def test_the_probability_stays_within_its_stage_and_follows_it(workspace: Make) -> None:
    ground, id = deal(workspace)
    for value, fits in (("20%", False), ("4%", False), ("5%", True), ("15%", True)):
        work = partial(ground.edit, "deal", id, probability=value, who="wang")
        if fits:
            work()
        else:
            assert refused(work) == [("probability", "probability-out-of-range")]
    move(ground, id, "shown")
    assert float(ground.values("deal", id, "probability")[0]) == 0.6


def test_two_who_move_at_once_make_one_move(workspace: Make) -> None:
    ground, id = deal(workspace)
    outcomes: list[str] = []

    def work(to: str) -> None:
        try:
            move(ground, id, to, values={"why": "价格"} if to == "lost" else None)
            outcomes.append(to)
        except Problems as problems:
            outcomes.append(codes(problems)[0][1])

    threads = [threading.Thread(target=work, args=(to,)) for to in ("shown", "shown", "shown")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["shown"] * 3  # the later ones find it done
    assert [e.name for e in ground.events("deal") if e.kind == "stage_entered"] == ["open", "shown"]
    assert len(ground.read(lambda ctx: service.times(ctx, key("deal"), id))) == 2
