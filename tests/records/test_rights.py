"""Who may see and write which rows and fields: every path, with canaries (SEMANTICS 11, THREATS S8, S9, S11, S40)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dougong.context import Ctx
from dougong.fields.base import Reference, Refused
from dougong.problems import Problems
from dougong.records import query, references, save, titles
from dougong.records.filters import Filter
from dougong.records.query import Query
from dougong.spec.app import Sort
from tests.records.conftest import Make
from tests.records.ground import Ground, codes, key

CASE = """\
form: case
name: 案件
title: "{{ name }} {{ phone }} {{ secret }}"
fields:
  name: {name: 名称, type: text, search: true}
  phone: {name: 手机, type: phone, search: true, mask: middle}
  secret: {name: 暗语, type: text, search: true, unique: true}
  cost: {name: 成本, type: money}
  price: {name: 价格, type: money}
  margin: {name: 毛利, type: formula, stored: true, formula: "price - cost"}
  share: {name: 毛利率, type: formula, stored: true, formula: "margin / price"}
  shown: {name: 公开毛利, type: formula, stored: true, formula: "price - cost", reveal: true}
  notes: {name: 便条, type: related, of: note.case}
  weight: {name: 便条重, type: formula, stored: true, formula: "sum(notes.hidden)"}
  parts:
    name: 明细
    type: lines
    columns:
      text: {name: 内容, type: text}
      worth: {name: 值, type: integer}
  region: {name: 区域, type: text}
"""
NOTE = """\
form: note
name: 便条
title: "{{ text }} {{ case.secret }}"
fields:
  text: {name: 内容, type: text, search: true}
  hidden: {name: 底数, type: integer}
  case: {name: 案件, type: link, to: case}
"""
FREE = "form: free\nname: 其它\nfields:\n  name: {name: 名称, type: text}\n  case: {name: 案件, type: link, to: case}\n"
ROLES = """\
role: clerk
name: 文员
can:
  case: {may: [see, add, edit], only: "owner == me", hide: [secret, cost], mask: [phone], read_only: [region]}
  note: {may: [see, add, edit, delete], follows: case, hide: [hidden]}
  free: {may: [see, add, edit]}
---
role: boss
name: 主管
can:
  case: {may: [see, edit], only: "owner.manager == me"}
---
role: all
name: 总监
can: {case: {may: [see, add, edit, delete]}, note: {may: [see]}}
---
role: nothing
name: 无
can: {free: {may: [add]}}
---
role: regional
name: 大区
can: {case: {may: [see], only: "region == me.region", hide: [parts]}}
"""
PEOPLE: dict[str, dict[str, Any]] = {
    "zhou": {"roles": ["all"]},
    "li": {"roles": ["boss"], "manager": "zhou"},
    "wang": {"roles": ["clerk"], "manager": "li"},
    "zhao": {"roles": ["clerk"], "manager": "li"},
    "qian": {"roles": ["clerk", "boss"], "manager": "zhou"},
    "sun": {"roles": ["clerk"], "manager": "qian"},
    "ke": {"roles": ["nothing"]},
    "chen": {"roles": ["regional"], "region": "北"},
    "none": {},
}
APP = (CASE, NOTE, FREE, ROLES)
CANARY = {"secret": "金丝雀", "cost": "77", "phone": "13812345678"}


def case(ground: Ground, owner: str, **values: Any) -> int:
    values = {"name": "案", "price": "100", **values}
    return ground.create("case", owner=ground.people[owner], **values).id


def seen(ground: Ground, who: str, form: str = "case", **more: Any) -> list[int]:
    try:
        return [r["id"] for r in reversed(ground.read(lambda ctx: query.page(ctx, Query(key(form), **more)), who).rows)]
    except Problems as refused:
        assert codes(refused) == [("", "no-such-form")]
        return []


def got(ground: Ground, who: str, **which: Any) -> dict[str, Any]:
    return ground.read(lambda ctx: query.get(ctx, key("case"), **which), who)


def refused(work: Callable[[], Any]) -> set[str]:
    with pytest.raises(Problems) as problems:
        work()
    return {p.code for p in problems.value}


def test_which_rows_each_role_sees_in_every_way_of_reading(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    ids = {who: case(ground, who, region="北" if who == "wang" else "南") for who in ("wang", "zhao", "qian", "sun")}
    notes = {who: ground.create("note", text=who, case=id).id for who, id in ids.items()}
    matrix = {
        "zhou": ["wang", "zhao", "qian", "sun"], "li": ["wang", "zhao"], "wang": ["wang"], "zhao": ["zhao"],
        "qian": ["qian", "sun"], "sun": ["sun"],
        "chen": ["wang"], "ke": [], "none": [],
    }  # fmt: skip
    for who, owners in matrix.items():
        mine = [ids[o] for o in owners]
        assert seen(ground, who) == mine, who
        if owners:
            assert ground.read(lambda ctx: query.count(ctx, Query(key("case"))).number, who) == len(mine)
            assert ground.read(lambda ctx: len(query.by_ids(ctx, key("case"), list(ids.values()))), who) == len(mine)
            assert sorted(ground.read(lambda ctx: ctx.connection.execute(query.ids(ctx, Query(key("case")))).scalars().all(), who)) == mine
            assert sorted(ground.read(lambda ctx: titles.titles(ctx, key("case"), ids.values()), who)) == mine
        for owner, id in ids.items():
            uid = ground.row("case", id)["uid"]
            for which in ({"uid": uid}, {"id": id}):
                work = partial(got, ground, who, **which)
                if owner in owners:
                    assert work()["id"] == id
                else:
                    assert refused(work) <= {"no-such-record", "no-such-form"}
        follow = {"zhou": list(notes.values()), "wang": [notes["wang"]], "qian": [notes["qian"], notes["sun"]], "sun": [notes["sun"]]}
        assert seen(ground, who, "note") == follow.get(who, [notes["zhao"]] if who == "zhao" else []), who


VERBS: list[tuple[str, str, str, set[str]]] = [
    ("wang", "edit", "own", set()),
    ("wang", "edit", "other", {"no-such-record"}),
    ("wang", "delete", "own", {"may-not-delete"}),
    ("wang", "delete", "other", {"may-not-delete"}),
    ("li", "edit", "own", set()),
    ("li", "delete", "own", {"may-not-delete"}),
    ("chen", "edit", "own", {"may-not-edit"}),
    ("ke", "edit", "own", {"may-not-edit"}),
    ("none", "edit", "own", {"may-not-edit"}),
    ("none", "create", "own", {"may-not-add"}),
    ("li", "create", "own", {"may-not-add"}),
    ("zhou", "delete", "own", set()),
]


def test_what_each_role_may_do_with_a_row(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    own, other = case(ground, "wang", region="北"), case(ground, "sun")
    for who, verb, which, expected in VERBS:
        id = own if which == "own" else other
        work: Callable[[], Any] = {
            "edit": lambda: ground.edit("case", id, name=f"{who}改", who=who),  # noqa: B023
            "delete": lambda: ground.delete("case", id, who=who),  # noqa: B023
            "create": lambda: ground.create("case", name="新", who=who),  # noqa: B023
        }[verb]
        if expected:
            assert refused(work) == expected, (who, verb, which)
        else:
            work()


def test_the_row_as_it_was_and_the_row_as_it_will_be(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    id = case(ground, "wang")
    assert refused(lambda: ground.edit("case", id, owner=ground.people["zhao"], who="wang")) == {"row-leaves-rights"}
    assert refused(lambda: ground.create("case", name="x", owner=ground.people["zhao"], who="wang")) == {"row-leaves-rights"}
    ground.edit("case", id, owner=ground.people["zhao"], who="li")  # stays among li's people
    assert refused(lambda: ground.edit("case", id, name="又", who="wang")) == {"no-such-record"}
    ground.delete("case", id, who="zhou")
    assert refused(lambda: ground.restore("case", id, who="wang")) == {"no-such-record"}
    mine = case(ground, "wang")
    note = ground.create("note", text="甲", case=mine, who="wang").id
    assert refused(lambda: ground.edit("note", note, case=case(ground, "sun"), who="wang")) == {"no-such-choice"}


FIELDS: list[tuple[dict[str, Any], bool]] = [
    ({"secret": "x"}, False), ({"cost": 1}, False), ({"region": "北"}, False), ({"phone": "13900000000"}, False), ({"margin": 1}, False),
    ({"weight": 1}, False), ({"creator": 1}, False), ({"name": "新"}, True), ({"price": 9}, True),
]  # fmt: skip


def _edit(id: int, values: dict[str, Any], ctx: Ctx) -> Any:
    return save.edit(ctx, key("case"), id, values)


def test_which_fields_may_be_written(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    id = case(ground, "wang", **CANARY)
    before = ground.row("case", id)
    for values, open_ in FIELDS:
        work = partial(ground.write, partial(_edit, id, values), "wang")
        if open_:
            work()
        else:
            assert refused(work) == {"field-not-writable"}, values
    after = ground.row("case", id)
    assert {n for n in before if before[n] != after[n]} == {"name", "price", "margin", "share", "shown", "revision"}
    made = ground.create("case", name="新", phone="13911112222", who="wang").id  # a masked field is entered, but not overwritten unseen
    assert ground.values("case", made, "phone")[0].endswith("13911112222")
    assert refused(lambda: ground.create("case", name="新", secret="x", who="wang")) == {"field-not-writable"}


def test_hidden_and_masked_values_in_what_is_read(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    id = case(ground, "wang", **CANARY)
    ground.create("note", text="甲", hidden=5, case=id)
    row = ground.read(lambda ctx: query.get(ctx, key("case"), id=id), "wang")
    assert not {"secret", "cost", "margin", "share", "weight"} & set(row)
    assert row["shown"] == 23 and "****" in row["phone"] and not row["phone"].endswith("12345678")
    full = ground.read(lambda ctx: query.get(ctx, key("case"), id=id), "li")
    assert (full["secret"], full["cost"], full["margin"]) == ("金丝雀", 77, 23) and full["phone"].endswith("12345678")
    assert "weight" not in full  # he may not see notes
    title = ground.read(lambda ctx: titles.titles(ctx, key("case"), [id])[id], "wang")
    assert "金丝雀" not in title and "12345678" not in title
    (note,) = seen(ground, "wang", "note")
    assert "金丝雀" not in ground.read(lambda ctx: titles.titles(ctx, key("note"), [note])[note], "wang")


Ask = Callable[[Ctx], Any]
FILTERS = [
    ("secret", "==", "金丝雀"), ("secret", "contains", "金"), ("secret", "is empty", None), ("cost", ">", "50"),
    ("cost", "is not empty", None), ("phone", "==", "13812345678"), ("phone", "contains", "1234"), ("margin", "<", "50"),
    ("share", ">", "0"), ("weight", ">", "0"),
]  # fmt: skip


def names_by(**how: Any) -> Ask:
    return lambda ctx: [r["name"] for r in query.page(ctx, Query(key("case"), **how)).rows]


def number_of(words: str) -> Ask:
    return lambda ctx: query.count(ctx, Query(key("case"), search=words)).number


def record_called(words: str) -> Ask:
    return lambda ctx: references.look_up(ctx, ctx.workspace.forms[key("note")].fields["case"], Reference(words=words))


QUESTIONS: dict[str, Ask] = {
    **{f"filter {field} {op}": names_by(filters=(Filter(field, op, value),)) for field, op, value in FILTERS},
    **{f"sort {field}": names_by(sort=(Sort(field),)) for field in ("secret", "cost", "phone", "margin")},
    **{f"search {words}": number_of(words) for words in ("金丝雀", "12345678", "1381", "案")},
    "picker": lambda ctx: [r["id"] for r in query.pick(ctx, key("case"), "金丝")],
    "list": lambda ctx: [{k: v for k, v in r.items() if k != "uid"} for r in query.page(ctx, Query(key("case"))).rows],
    "count": lambda ctx: query.count(ctx, Query(key("case"))).number,
    "titles": lambda ctx: titles.titles(ctx, key("case"), range(1, 9)),
    "by name": record_called("金丝雀"),
    "by phone": record_called("+8613812345678"),
}


def answers(ground: Ground, who: str) -> dict[str, Any]:
    out = {}
    for name, ask in QUESTIONS.items():
        try:
            out[name] = ground.read(ask, who)
        except Problems as refused_:
            out[name] = codes(refused_)
        except Refused as refused_:
            out[name] = refused_.code
    return out


def test_no_way_of_asking_tells_what_is_hidden(workspace: Make) -> None:
    """The oracle: whatever stands in hidden fields, rows and children, every answer is the same."""
    ground = workspace(*APP, people=PEOPLE)
    found: list[dict[str, Any]] = []
    for values, others in ((CANARY, 2), ({"secret": "别的", "cost": "1", "phone": "13899995678"}, 0)):
        _empty(ground)
        first = case(ground, "wang", **values)
        case(ground, "wang", name="乙", cost="50")
        ground.create("note", text="甲", hidden=len(found), case=first)
        for _ in range(others):
            case(ground, "sun", name="案")
        found.append(answers(ground, "wang"))
    ours = [{k: _shifted(v) for k, v in of_one.items()} for of_one in found]
    for name in QUESTIONS:
        if name not in ("list", "titles", "picker"):
            assert found[0][name] == found[1][name], name
    open_ = {"shown"}  # revealed on purpose
    assert [{k: v for k, v in r.items() if k not in open_} for r in ours[0]["list"]] == [
        {k: v for k, v in r.items() if k not in open_} for r in ours[1]["list"]
    ]
    assert list(ours[0]["titles"].values()) == list(ours[1]["titles"].values())


def _empty(ground: Ground) -> None:
    """Deleted records must not tell either."""
    for row in [r for f in ("note", "case") for r in ground.rows(f)]:
        ground.delete("note" if "hidden" in row else "case", row["id"])


def _shifted(answer: Any) -> Any:
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        return [{k: v for k, v in r.items() if k != "id"} for r in answer]
    return answer


def test_several_roles_open_a_field_only_in_their_own_rows(workspace: Make) -> None:
    """As clerk qian sees her own case without its cost, as boss those of her people with it."""
    ground = workspace(*APP, people=PEOPLE)
    own, below = case(ground, "qian", **CANARY), case(ground, "sun", cost="55", secret="b")
    rows = {r["id"]: r for r in ground.read(lambda ctx: query.page(ctx, Query(key("case"))), "qian").rows}
    assert "cost" not in rows[own] and rows[below]["cost"] == 55
    for ask in (Query(key("case"), (Filter("cost", "==", "77"),)), Query(key("case"), sort=(Sort("cost"),))):
        assert refused(lambda: ground.read(lambda ctx: query.page(ctx, ask), "qian")) == {"no-such-field"}  # noqa: B023


def test_lines_are_reached_through_their_parent_alone(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    mine = ground.create("case", name="甲", parts=[{"text": "a", "worth": 1}], who="wang").id
    ground.edit("case", mine, region="北")
    other = case(ground, "sun", parts=[{"text": "b"}], region="北")
    assert [seen(ground, who, "case_parts") for who in ("wang", "li", "sun", "zhou", "ke", "none", "chen")] == [
        [1],
        [1],
        [2],
        [1, 2],
        [],
        [],
        [],
    ]
    ground.edit("case_parts", 1, text="改", who="wang")
    assert refused(lambda: ground.edit("case_parts", 2, text="改", who="wang")) == {"no-such-record"}
    assert refused(lambda: ground.edit("case_parts", 1, parent=other, who="wang")) == {"no-such-choice"}
    assert refused(lambda: ground.create("case_parts", parent=other, text="x", who="wang")) == {"no-such-choice"}
    assert refused(lambda: ground.delete("case_parts", 1, who="chen")) == {"may-not-edit"}


def test_a_link_leads_only_to_what_one_may_see(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    mine, other = case(ground, "wang"), case(ground, "sun")
    ground.create("free", name="甲", case=mine, who="wang")
    for target in (other, 999):
        with pytest.raises(Problems) as problems:
            ground.create("free", name="乙", case=target, who="wang")
        assert [(p.field, p.code) for p in problems.value] == [("case", "no-such-choice")]
    theirs = ground.create("free", name="丙", case=other).id
    ground.edit("free", theirs, name="丁", who="wang")  # an old link may stay


def test_everybody_below_at_any_depth(workspace: Make) -> None:
    role = 'role: chief\nname: 经理\ncan: {case: {may: [see, edit], only: "owner == me or me in owner.managers"}}\n'
    people = {"top": {}, "mid": {"manager": "top"}, "low": {"manager": "mid"}, "self": {"manager": "low"}, "side": {"manager": "top"}}
    ground = workspace(CASE, NOTE, FREE, role, people={who: {**p, "roles": ["chief"]} for who, p in people.items()})
    id = case(ground, "self")
    for who, sees in {"top": True, "mid": True, "low": True, "self": True, "side": False}.items():
        assert seen(ground, who) == ([id] if sees else []), who
        if sees:
            ground.edit("case", id, name=f"{who}改", who=who)
        else:
            assert refused(lambda: ground.edit("case", id, name="x", who=who)) == {"no-such-record"}  # noqa: B023


def test_deleting_counts_no_unseen_children(workspace: Make) -> None:
    ground = workspace(CASE, NOTE, FREE, ROLES.replace("note: {may: [see]}", "free: {may: [add]}"), people=PEOPLE)
    id = case(ground, "wang")
    ground.create("note", text="密", case=id)
    with pytest.raises(Problems) as problems:
        ground.delete("case", id, who="zhou")
    assert [p.code for p in problems.value] == ["has-children-unseen"] and "1" not in next(iter(problems.value)).sentence("zh")
