"""What may be chosen and what about others is asked: pickers' `filter`, and rules that look at other records of the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dougong.lang.compile import compile_app
from dougong.problems import Problems
from dougong.records import bulk, entry, save
from dougong.records.references import uid_of
from tests.automation.world import VOCABULARY
from tests.records.conftest import Make
from tests.records.ground import HEAD, Ground

FIRM = """\
form: firm
name: 单位
fields:
  name: {name: 名称, type: text, search: true}
  active: {name: 在用, type: yes_no, default: true}
"""
CONTACT = """\
form: contact
name: 联系人
fields:
  name: {name: 姓名, type: text, search: true}
  firm: {name: 单位, type: link, to: firm}
"""
DEAL = """\
form: deal
name: 商机
fields:
  name: {name: 名称, type: text}
  firm: {name: 单位, type: link, to: firm, filter: "active"}
  contact: {name: 联系人, type: link, to: contact, filter: "firm == this.firm"}
  partners: {name: 伙伴, type: links, to: firm, filter: "active"}
  items:
    name: 明细
    type: lines
    columns: {maker: {name: 厂商, type: link, to: firm, filter: "active and name != this.parent.firm.name"}}
"""
ROOM = """\
form: room
name: 会议室
fields:
  name: {name: 名称, type: text}
  uses: {name: 使用, type: related, of: booking.room}
---
form: booking
name: 预订
fields:
  title: {name: 事由, type: text}
  room: {name: 会议室, type: link, to: room}
  day: {name: 日期, type: date}
reject_when:
  - {if: "count(all.booking, room == this.room and day == this.day) > 0", message: "当天已有人预订", fields: [day]}
  - {if: "count(room.uses, title == this.title) > 0", message: "这个房间已有同名预订", fields: [title]}
"""
ROLE = """\
role: clerk
name: 职员
fallback: true
can: {firm: {may: [see, add, edit]}, contact: {may: [see, add, edit]}, deal: {may: [see, add, edit]}}
"""
BOOKER = "role: clerk\nname: 职员\nfallback: true\ncan: {room: {may: [see, add, edit]}, booking: {may: [see, add, edit, delete]}}\n"


def refused(work: Any) -> list[tuple[str, str]]:
    with pytest.raises(Problems) as problems:
        work()
    return [(p.code, p.field) for p in problems.value.problems]


def firms(ground: Ground) -> tuple[int, int]:
    return ground.create("firm", {"name": "宁波骨科医院"}).id, ground.create("firm", {"name": "旧单位", "active": False}).id


def test_a_record_that_the_filter_excludes_is_refused_in_links_many_links_and_lines(workspace: Make) -> None:
    ground = workspace(FIRM, CONTACT, DEAL, ROLE)
    good, old = firms(ground)
    for field, value in (("firm", old), ("partners", (good, old)), ("items", ({"maker": old},))):
        assert refused(lambda f=field, v=value: ground.create("deal", {"name": "甲", f: v}, who="wang")) == [
            ("choice-not-offered", "maker" if field == "items" else field)
        ]
    ground.create("deal", {"name": "甲", "firm": good, "partners": (good,)}, who="wang")


def test_the_sentence_names_the_field(workspace: Make) -> None:
    ground = workspace(FIRM, CONTACT, DEAL, ROLE)
    _, old = firms(ground)
    with pytest.raises(Problems) as problems:
        ground.create("deal", {"firm": old})
    (problem,) = problems.value.problems
    assert problem.sentence("zh").startswith("单位：选中的记录不在可选范围内")
    assert "单位" in problem.sentence("en") and "can be chosen" in problem.sentence("en")


def test_a_filter_may_compare_with_the_record_being_filled_in(workspace: Make) -> None:
    ground = workspace(FIRM, CONTACT, DEAL, ROLE)
    one, two = (ground.create("firm", {"name": n}).id for n in ("甲院", "乙院"))
    person = ground.create("contact", {"name": "王", "firm": one}).id
    assert refused(lambda: ground.create("deal", {"firm": two, "contact": person})) == [("choice-not-offered", "contact")]
    deal = ground.create("deal", {"firm": one, "contact": person}).id
    other = ground.create("contact", {"name": "李", "firm": two}).id
    assert refused(lambda: ground.edit("deal", deal, {"contact": other})) == [("choice-not-offered", "contact")]
    ground.edit("deal", deal, {"firm": two, "contact": other})
    assert refused(lambda: ground.create("deal", {"firm": one, "items": ({"maker": one},)})) == [("choice-not-offered", "maker")]


def test_a_value_that_was_there_before_stays_allowed(workspace: Make) -> None:
    ground = workspace(FIRM, CONTACT, DEAL, ROLE)
    good, _ = firms(ground)
    deal = ground.create("deal", {"name": "甲", "firm": good, "partners": (good,)}).id
    ground.edit("firm", good, {"active": False})
    ground.edit("deal", deal, {"name": "乙", "firm": good, "partners": (good,)}, who="wang")
    assert ground.row("deal", deal)["name"] == "乙"


def test_import_and_api_values_meet_the_same_filter(workspace: Make) -> None:
    ground = workspace(FIRM, CONTACT, DEAL, ROLE)
    good, old = firms(ground)

    def entered(values: Mapping[str, Any]) -> None:
        def work(ctx: Any) -> None:
            form = ctx.workspace.forms["desk.deal"]
            save.create(ctx, form.key, entry.parse(ctx, form, values))

        ground.write(work, who="wang", origin="api")

    uids = ground.read(lambda ctx: (uid_of(ctx, "desk.firm", good), uid_of(ctx, "desk.firm", old)))
    entered({"firm": uids[0]})
    assert refused(lambda: entered({"firm": uids[1]})) == [("choice-not-offered", "firm")]
    rows = [{"name": "一", "firm": good}, {"name": "二", "firm": old}]
    made = ground.write(lambda ctx: bulk.create_many(ctx, "desk.deal", rows), origin="import")
    assert isinstance(made[1], Problems) and [p.code for p in made[1].problems] == ["choice-not-offered"]
    assert made[0] is not None and not isinstance(made[0], Problems)


@pytest.mark.parametrize(("written", "code"), [
    ("acive", "expr-unknown-field"), ("name", "expr-no-condition"), ("firm == this.firm", "expr-unknown-field"),
    ("this.nam == name", "expr-unknown-field"),
])
def test_a_filter_is_checked_when_the_template_is(written: str, code: str) -> None:
    deal = f'form: deal\nfields: {{name: {{type: text}}, firm: {{type: link, to: firm, filter: "{written}"}}}}\n'
    problems = compile_app({"app.yaml": HEAD, "f.yaml": FIRM, "d.yaml": deal}, VOCABULARY).problems
    assert [p.code for p in problems if not p.warning] == [code]


LINK_OPTIONS = (
    ("scan: true, near: {within: 500m, otherwise: warn}", ""),
    ("near: {within: 2 km}", ""),
    ("near: {within: far}", "near"),
    ("near: {otherwise: refuse}", "within"),
    ("near: {within: 500m, otherwise: shout}", "shout"),
    ("scan: maybe", "scan"),
)


@pytest.mark.parametrize(("options", "wrong"), LINK_OPTIONS)
def test_near_and_scan_are_as_the_language_has_them(options: str, wrong: str) -> None:
    deal = f"form: deal\nfields: {{name: {{type: text}}, firm: {{type: link, to: firm, {options}}}}}\n"
    problems = [p for p in compile_app({"app.yaml": HEAD, "f.yaml": FIRM, "d.yaml": deal}, VOCABULARY).problems if not p.warning]
    assert bool(problems) == bool(wrong), problems


def test_a_rule_about_others_leaves_the_record_itself_out_at_create_and_at_edit(workspace: Make) -> None:
    ground = workspace(ROOM, BOOKER)
    room = ground.create("room", {"name": "一"}).id
    first = ground.create("booking", {"title": "晨会", "room": room, "day": "2026-03-05"}, who="wang").id
    ground.edit("booking", first, {"title": "早会", "room": room, "day": "2026-03-06"}, who="wang")
    ground.edit("booking", first, {"day": "2026-03-05"}, who="wang")
    assert refused(lambda: ground.create("booking", {"title": "晚会", "room": room, "day": "2026-03-05"})) == [("rejected", "day")]
    assert refused(lambda: ground.create("booking", {"title": "早会", "room": room, "day": "2026-03-09"})) == [("rejected", "title")]
    second = ground.create("booking", {"title": "晚会", "room": room, "day": "2026-03-09"}).id
    assert refused(lambda: ground.edit("booking", second, {"day": "2026-03-05"})) == [("rejected", "day")]


def test_rows_of_one_import_see_each_other_in_such_a_rule(workspace: Make) -> None:
    ground = workspace(ROOM, BOOKER)
    assert not bulk.fits(ground.workspace.forms["desk.booking"])
    assert bulk.fits(ground.workspace.forms["desk.room"])
