"""What a save demands, leaves aside, refuses, fills in and writes (SEMANTICS 1, 3, 6, 7, 8)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from dougong.context import Actor
from dougong.events.outbox import event_table
from dougong.problems import Problems
from dougong.records import save
from dougong.records.history import history_table
from dougong.records.number import sequence_table
from tests.records.conftest import Make
from tests.records.ground import MONDAY, Ground, clerk, codes, key, told

PAPER = """\
form: paper
name: 文书
title: "{{ title }}"
fields:
  title: {name: 标题, type: text, required: true, unique: true}
  kind: {name: 类型, type: choice, options: {memo: 便函, deed: 契约}, default: memo}
  price: {name: 价格, type: money, visible_when: "kind == 'deed'", required_when: "kind == 'deed'"}
  witness: {name: 见证人, type: text, visible_when: "price > 100"}
  clause: {name: 条款, type: text, readonly_when: "sealed"}
  sealed: {name: 已盖章, type: yes_no}
  filed: {name: 归档号, type: text, readonly_when: "true"}
  code: {name: 暗号, type: text, once: true}
  pages: {name: 页数, type: integer, range: [1, 500]}
  copies: {name: 份数, type: integer, default: "{{ pages }}"}
  place: {name: 地点, type: text, default: "{{ owner.region }}"}
  seen: {name: 传阅, type: links, to: topic, default: ""}
  double: {name: 双倍, type: formula, stored: true, formula: "pages * 2"}
reject_when:
  - {if: "pages > 100 and kind == 'memo'", message: 便函不能超过一百页, fields: [pages]}
duplicates:
  - {same: [clause, kind], then: refuse, message: "与 {{ found.title }} 重复"}
  - {similar: place, above: 80%, then: warn}
on_delete: {note: keep, stamp: delete}
""".replace(', default: ""}', "}")
TOPIC = "form: topic\nname: 主题\nfields:\n  name: {name: 名称, type: text}\n"
NOTE = "form: note\nname: 便条\nfields:\n  text: {name: 内容, type: text}\n  paper: {name: 文书, type: link, to: paper}\n"
STAMP = "form: stamp\nname: 印\nfields:\n  text: {name: 内容, type: text}\n  paper: {name: 文书, type: link, to: paper}\n"
MARK = "form: mark\nname: 印记\nfields:\n  text: {name: 内容, type: text}\n  stamp: {name: 印, type: link, to: stamp}\n"
APP = (PAPER, TOPIC, NOTE, STAMP, MARK, clerk("paper", "topic", "note", "stamp", "mark"))
Values = dict[str, Any]

REFUSED_NEW: list[tuple[Values, list[tuple[str, str]]]] = [
    ({}, [("title", "required")]),
    ({"title": ""}, [("title", "required")]),
    ({"title": "甲", "kind": "deed"}, [("price", "required")]),
    ({"kind": "deed"}, [("price", "required"), ("title", "required")]),
    ({"title": "甲", "pages": 101}, [("pages", "rejected")]),
    ({"title": "甲", "pages": 501, "kind": "deed", "price": 1}, [("pages", "out-of-range")]),
    ({"title": "有的"}, [("title", "not-unique")]),
    ({"title": "甲", "clause": "条一", "kind": "memo"}, [("clause", "duplicate")]),
    ({"title": "甲", "seen": (99,)}, [("seen", "no-such-choice")]),
]


def refusal(ground: Ground, work: Any) -> list[tuple[str, str]]:
    with pytest.raises(Problems) as refused:
        work()
    return codes(refused.value)


def test_what_a_new_record_is_refused_for(workspace: Make) -> None:
    ground = workspace(*APP)
    ground.create("paper", title="有的", clause="条一", who="wang")
    tables = (history_table, event_table, sequence_table)
    before = [ground.count(t) for t in tables]
    for values, expected in REFUSED_NEW:
        found = refusal(ground, lambda: ground.create("paper", values, who="wang"))  # noqa: B023
        assert found == expected or ([c for _, c in expected] == ["out-of-range"] and found[0][0] == "pages"), values
    assert len(ground.rows("paper")) == 1 and [ground.count(t) for t in tables] == before


def test_rules_are_asked_on_an_edit_only_where_it_changed_what_they_read(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("paper", title="甲", pages=5, who="wang").id
    table = ground.workspace.tables[key("paper")]
    ground.write(lambda ctx: ctx.connection.execute(table.update().values(pages=300, title=None)))  # as if older than the rules
    ground.edit("paper", id, clause="别的", who="wang")
    assert refusal(ground, lambda: ground.edit("paper", id, pages=299, who="wang")) == [("pages", "rejected")]
    assert refusal(ground, lambda: ground.edit("paper", id, kind="deed", who="wang")) == [("price", "required")]
    ground.edit("paper", id, title="甲", who="wang")
    assert refusal(ground, lambda: ground.edit("paper", id, title=None, who="wang")) == [("title", "required")]


def test_a_hidden_field_is_not_demanded_keeps_its_value_and_a_sent_one_is_left_aside(workspace: Make) -> None:
    ground = workspace(*APP)
    made = ground.create("paper", title="甲", price="500", witness="赵", who="wang")
    assert ground.values("paper", made.id, "price", "witness") == (None, None)
    assert [(w.field, w.code) for w in made.warnings] == [("price", "hidden-value-left-aside"), ("witness", "hidden-value-left-aside")]
    shown = ground.create("paper", title="乙", kind="deed", price="500", witness="赵", who="wang")
    assert ground.values("paper", shown.id, "price", "witness") == (500, "赵") and not shown.warnings
    hidden = ground.edit("paper", shown.id, kind="memo", price="7", who="wang")
    assert ground.values("paper", shown.id, "price") == (500,) and [w.field for w in hidden.warnings] == ["price"]
    kept = ground.create("paper", title="丙", price="8", origin="import")
    assert ground.values("paper", kept.id, "price") == (8,)
    assert refusal(ground, lambda: ground.create("paper", title="丁", price="8", origin="public")) == [("price", "field-not-writable")]


def test_fields_that_close(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("paper", title="甲", code="x1", clause="旧", sealed=True, who="wang").id
    cases: list[Values] = [
        {"code": "x2"},
        {"code": None},
        {"clause": "新"},
        {"clause": "新", "sealed": False},
        {"double": 3},
        {"creator": 1},
    ]
    for values in cases:
        work = lambda: ground.write(lambda ctx: save.edit(ctx, key("paper"), id, values), "wang")  # noqa: B023, E731
        assert refusal(ground, work)[0][1] == "field-not-writable", values
    ground.edit("paper", id, sealed=False, who="wang")
    ground.edit("paper", id, clause="新", code="x1", who="wang")
    assert ground.values("paper", id, "clause", "code") == ("新", "x1")


def test_a_field_closed_to_people_is_closed_at_creation_too_and_open_to_the_rules_of_the_app(workspace: Make) -> None:
    ground = workspace(*APP)
    assert refusal(ground, lambda: ground.create("paper", title="甲", filed="G1", who="wang")) == [("filed", "field-not-writable")]
    id = ground.create("paper", title="甲", who="wang").id
    assert refusal(ground, lambda: ground.edit("paper", id, filed="G1", who="wang")) == [("filed", "field-not-writable")]
    app = key("paper").partition(".")[0]
    with ground.runtime.transaction(Actor(app=app), "automation") as ctx:
        save.edit(ctx, key("paper"), id, {"filed": "G1"})
    assert ground.values("paper", id, "filed") == ("G1",)


def test_defaults_are_filled_in_and_see_one_another(workspace: Make) -> None:
    ground = workspace(*APP, people={"li": {"roles": ["clerk"], "region": "北"}})
    row = ground.row("paper", ground.create("paper", title="甲", pages=3, who="li").id)
    li = ground.people["li"]
    assert (row["kind"], row["copies"], row["place"], row["double"], row["owner"], row["creator"]) == ("memo", 3, "北", 6, li, li)
    given = ground.row("paper", ground.create("paper", title="乙", pages=3, copies=9, kind="deed", price=1, who="li").id)
    assert (given["kind"], given["copies"]) == ("deed", 9)


def test_unique_holds_among_the_living_and_names_nobody_unseen(workspace: Make) -> None:
    own = "role: reader\nname: 员\ncan: {paper: {may: [see, add, edit, delete], only: 'owner == me'}}\n"
    ground = workspace(PAPER, TOPIC, NOTE, STAMP, MARK, own, people={"li": {"roles": ["reader"]}, "wang": {"roles": ["reader"]}})
    first = ground.create("paper", title="机密甲", clause="c", who="li")
    for who, title, code in (("li", "机密甲", "not-unique"), ("wang", "机密甲", "not-unique-unseen")):
        with pytest.raises(Problems) as refused:
            ground.create("paper", title=title, clause="d", who=who)
        assert [p.code for p in refused.value] == [code]
    with pytest.raises(Problems) as refused:
        ground.create("paper", title="别的", clause="c", who="wang")
    assert "机密" not in "".join(p.sentence("zh") for p in refused.value)
    ground.delete("paper", first.id, who="li")
    ground.create("paper", title="机密甲", who="wang")
    assert refusal(ground, lambda: ground.restore("paper", first.id, who="li")) == [("title", "not-unique-unseen")]
    own = ground.create("paper", title="丙", who="li").id
    ground.delete("paper", own, who="li")
    ground.create("paper", title="丙", who="li")
    assert refusal(ground, lambda: ground.restore("paper", own, who="li")) == [("title", "not-unique")]


def test_a_restored_record_meets_the_duplicates_that_came_since(workspace: Make) -> None:
    ground = workspace(*APP)
    first = ground.create("paper", title="甲", clause="c", who="wang").id
    ground.delete("paper", first, who="wang")
    ground.create("paper", title="乙", clause="c", who="wang")
    assert refusal(ground, lambda: ground.restore("paper", first, who="wang")) == [("clause", "duplicate")]


def test_similar_records_warn(workspace: Make) -> None:
    ground = workspace(*APP)
    ground.create("paper", title="甲", place="宁波市第一骨科医院", who="wang")
    made = ground.create("paper", title="乙", place="宁波市第一骨科病院", who="wang")
    assert [w.code for w in made.warnings] == ["similar"]


def test_text_is_normal_and_never_empty_text(workspace: Make) -> None:
    ground = workspace(*APP)
    with ground.transaction() as ctx:
        id = save.create(ctx, key("paper"), {"title": "Cafe\u0301", "place": ""}).id
    assert ground.values("paper", id, "title", "place") == ("Café", None)
    assert refusal(ground, lambda: ground.write(lambda ctx: save.create(ctx, key("paper"), {"title": "Caf\u00e9"}))) == [
        ("title", "not-unique")
    ]


def test_many_links_are_written_changed_and_counted(workspace: Make) -> None:
    topic = "form: topic\nname: 主题\nfields:\n  name: {name: 名称, type: text}\n  near: {name: 相近, type: links, to: topic}\n"
    topic += "reject_when:\n  - {if: 'count(near) > 2', message: 太多}\n"
    ground = workspace(topic, clerk("topic"))
    a, b, c = (ground.create("topic", name=n, who="wang").id for n in "甲乙丙")
    id = ground.create("topic", name="丁", near=(a, b), who="wang").id
    ground.edit("topic", id, near=(b, c), who="li")
    junction = ground.workspace.tables[key("topic") + ".near"]
    assert ground.read(lambda ctx: ctx.connection.execute(select(junction.c.target).where(junction.c.source == id)).scalars().all()) == [
        b,
        c,
    ]
    assert ground.values("topic", id, "revision") == (2,)
    assert refusal(ground, lambda: ground.edit("topic", id, near=(a, b, c), who="li")) == [("", "rejected")]
    assert ground.edit("topic", id, near=(b, c), who="li").revision == 2


@pytest.mark.parametrize("case", ["yours", "theirs"])
def test_two_who_edit_the_same_field_on_the_same_revision(workspace: Make, case: str) -> None:
    ground = workspace(*APP)
    id = ground.create("paper", title="甲", clause="旧", pages=1, who="wang").id
    ground.edit("paper", id, clause="李的", revision=1, who="li")
    if case == "theirs":  # disjoint fields, and equal values, merge; computed ones follow
        saved = ground.edit("paper", id, pages=7, clause="李的", revision=1, who="wang")
        assert ground.values("paper", id, "clause", "pages", "double") == ("李的", 7, 14) and saved.revision == 3
        return
    with pytest.raises(Problems) as refused:
        ground.edit("paper", id, clause="王的", pages=7, revision=1, who="wang")
    problem = told(refused.value)
    assert (problem.field, problem.code) == ("clause", "stale")
    assert {k: problem.args[k] for k in ("yours", "theirs", "who")} == {"yours": "王的", "theirs": "李的", "who": "li"}
    assert ground.values("paper", id, "clause", "pages") == ("李的", 1)
    ground.edit("paper", id, clause="王的", revision=2, who="wang")
    ground.edit("paper", id, clause="王又改", revision=3, who="wang")  # one's own saves in a row never clash


def test_an_edit_that_changes_nothing_is_none(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("paper", title="甲", who="wang").id
    ground.clock.move_to(MONDAY + timedelta(hours=1))
    assert ground.edit("paper", id, title="甲", who="li").revision == 1
    assert ground.values("paper", id, "modified_at", "touched_at") == (MONDAY, MONDAY)
    assert len(ground.events("paper")) == 1


ORIGINS = {"person": True, "device": True, "api": True, "import": True, "automation": False, "upgrade": False}


def test_whose_writes_count_as_attention(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("paper", title="甲", who="wang").id
    for number, (origin, touches) in enumerate(ORIGINS.items(), 1):
        before = ground.row("paper", id)["touched_at"]
        ground.clock.move_to(MONDAY + timedelta(hours=number))
        ground.edit("paper", id, pages=number, origin=origin)  # type: ignore[arg-type]
        now = MONDAY + timedelta(hours=number)
        assert ground.values("paper", id, "touched_at", "modified_at", "revision") == (now if touches else before, now, number + 1), origin


def test_a_kept_value_follows_the_attention_of_the_very_save(workspace: Make) -> None:
    form = PAPER.replace("  double:", '  idle: {name: 起点, type: formula, stored: true, formula: "touched_at"}\n  double:')
    ground = workspace(form, *APP[1:])
    id = ground.create("paper", title="甲", who="wang").id
    ground.clock.move_to(MONDAY + timedelta(hours=5))
    ground.edit("paper", id, pages=2, who="wang")
    assert ground.values("paper", id, "idle") == (MONDAY + timedelta(hours=5),)


def test_the_same_entry_sent_twice_is_one_record(workspace: Make) -> None:
    ground = workspace(*APP)
    uid = str(uuid4())
    made = ground.create("paper", title="甲", uid=uid, who="wang")
    assert made.uid == uid
    assert refusal(ground, lambda: ground.create("paper", title="乙", uid=uid, who="li")) == [("", "id-in-use")]
    assert refusal(ground, lambda: ground.create("paper", title="乙", uid="../x", who="li")) == [("", "id-not-valid")]
    assert len(ground.rows("paper")) == 1


def test_what_stands_below_a_deleted_record(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("paper", title="甲", who="wang").id
    note, stamp = ground.create("note", paper=id, who="wang").id, ground.create("stamp", paper=id, who="wang").id
    early = ground.create("stamp", paper=id, who="wang").id
    ground.delete("stamp", early, who="wang")
    mark = ground.create("mark", stamp=stamp, who="wang").id
    assert refusal(ground, lambda: ground.delete("paper", id, who="wang")) == [("", "has-children")]  # two levels down
    ground.delete("mark", mark, who="wang")
    ground.clock.move_to(MONDAY + timedelta(hours=1))
    ground.delete("paper", id, who="wang")
    assert [r["id"] for r in ground.rows("note")] == [note] and ground.rows("stamp") == [] and ground.rows("paper") == []
    ground.restore("paper", id, who="wang")
    assert [r["id"] for r in ground.rows("stamp")] == [stamp]  # what had gone before stays gone
    assert refusal(ground, lambda: ground.restore("paper", id, who="wang")) == [("", "no-such-record")]


def test_unknown_fields_and_machine_fields_are_refused(workspace: Make) -> None:
    ground = workspace(*APP)
    when = datetime(2020, 1, 1, tzinfo=UTC)
    cases: list[tuple[Values, str]] = [
        ({"id": 7}, "no-such-field"),
        ({"uid": "x"}, "no-such-field"),
        ({"deleted_at": when}, "no-such-field"),
        ({"revision": 9}, "no-such-field"),
        ({"created_at": when}, "field-not-writable"),
        ({"touched_at": when}, "field-not-writable"),
        ({"stage": "x"}, "stage-not-writable"),
    ]
    for values, code in cases:
        for who in ("wang", ""):
            work = lambda: ground.write(lambda ctx: save.create(ctx, key("paper"), {"title": "甲", **values}), who)  # noqa: B023, E731
            assert refusal(ground, work)[0][1] == code, (values, who)


NUMBERED = """\
form: slip
name: 单据
title: "{{ number }}"
fields:
  number: {name: 单号, type: serial, value: "S{{ text(today, 'yyyymm') }}-{{ text(n, '000') }}", unique: true}
  name: {name: 名称, type: text, required: true}
  tag: {name: 标记, type: serial, value: "T-{{ name }}", on_clash: suffix, once: true}
  label: {name: 标签, type: serial, value: "L-{{ name }}"}
"""


def test_numbers_by_period_without_gaps_from_failures(workspace: Make) -> None:
    ground = workspace(NUMBERED, clerk("slip"))
    for name in "甲乙":
        ground.create("slip", name=name, who="wang")
        assert refusal(ground, lambda: ground.create("slip", who="wang")) == [("name", "required")]
        assert refusal(ground, lambda: ground.create("slip", name="丁", number="S1", who="wang"))[0][0] == "number"
    ground.clock.move_to(datetime(2026, 3, 31, 15, 59, tzinfo=UTC))
    ground.create("slip", name="丙", who="wang")
    ground.clock.move_to(datetime(2026, 3, 31, 16, 0, tzinfo=UTC))  # April in Shanghai
    ground.create("slip", name="丁", who="wang")
    assert [r["number"] for r in ground.rows("slip")] == ["S202603-001", "S202603-002", "S202603-003", "S202604-001"]


def test_numbers_made_from_fields(workspace: Make) -> None:
    ground = workspace(
        NUMBERED.replace("  label:", "  other:").replace("L-{{ name }}", "L-{{ left(name, 1) }}{{ len(name) }}"), clerk("slip")
    )
    first = ground.create("slip", name="甲", who="wang").id
    assert refusal(ground, lambda: ground.create("slip", name="甲", who="wang")) == [("other", "number-taken")]
    ground.edit("slip", first, name="甲乙", who="wang")
    assert ground.values("slip", first, "tag", "other", "number") == ("T-甲", "L-甲2", "S202603-001")  # once stays, the other follows
    second = ground.create("slip", name="甲", who="wang").id
    assert ground.values("slip", second, "tag") == ("T-甲-2",)


def test_many_at_once_get_different_numbers(workspace: Make) -> None:
    ground = workspace(NUMBERED, clerk("slip"))
    failed: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for n in range(6):
                ground.create("slip", name=f"{worker}-{n}", who="wang")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(r["number"] for r in ground.rows("slip")) == [f"S202603-{n:03}" for n in range(1, 25)]


def test_two_who_claim_a_unique_value_in_the_same_moment(workspace: Make) -> None:
    ground = workspace(*APP)
    outcomes: list[str] = []

    def work() -> None:
        try:
            ground.create("paper", title="同名", who="wang")
            outcomes.append("saved")
        except Problems as refused:
            outcomes.append(told(refused).code)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("saved") == 1 and set(outcomes) <= {"saved", "not-unique", "not-unique-unseen"}
