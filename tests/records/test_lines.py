"""Lines are saved with their parent, in one transaction, with its rights (SEMANTICS 7)."""

from __future__ import annotations

import pytest

from dougong.problems import Problems
from tests.records.conftest import Make
from tests.records.ground import Ground, clerk, codes

QUOTE = """\
form: bill
name: 账单
title: "{{ name }}"
fields:
  name: {name: 名称, type: text, required: true}
  rate: {name: 折扣, type: integer, default: 1}
  rows:
    name: 明细
    type: lines
    required: true
    columns:
      item: {name: 品名, type: text, required: true}
      qty: {name: 数量, type: integer, default: 1, range: [1, 99]}
      price: {name: 单价, type: money, default: 10}
      amount: {name: 金额, type: formula, stored: true, formula: "qty * price * this.parent.rate"}
  total: {name: 合计, type: formula, stored: true, formula: "sum(rows.amount)"}
  last_item: {name: 末项, type: formula, stored: true, formula: "last(rows).item"}
""".replace(" * this.parent.rate", "")
APP = (QUOTE, clerk("bill"))


def lines(ground: Ground) -> list[tuple[str, int]]:
    return [(r["item"], r["amount"]) for r in sorted(ground.rows("bill_rows"), key=lambda r: r["position"])]


def test_lines_are_added_changed_moved_and_taken_out(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("bill", name="甲", rows=[{"item": "a"}, {"item": "b", "qty": 3}], who="wang").id
    assert lines(ground) == [("a", 10), ("b", 30)]
    assert ground.values("bill", id, "total", "last_item") == (40, "b")
    a, b = ground.rows("bill_rows")
    saved = ground.edit("bill", id, rows=[{"uid": b["uid"], "item": "b", "qty": 2}, {"item": "c"}, {"uid": a["uid"]}], who="wang")
    assert lines(ground) == [("b", 20), ("c", 10), ("a", 10)] and saved.revision == 2
    assert ground.values("bill", id, "total", "last_item") == (40, "c")
    assert [r["id"] for r in ground.rows("bill_rows")] == [a["id"], b["id"], 3]
    ground.edit("bill", id, rows=[{"uid": b["uid"]}], who="wang")
    assert lines(ground) == [("b", 20)] and ground.values("bill", id, "total") == (20,)


def test_what_is_wrong_with_lines_is_said_with_their_row_and_nothing_is_written(workspace: Make) -> None:
    ground = workspace(*APP)
    with pytest.raises(Problems) as refused:
        ground.create("bill", name="甲", rows=[{"item": "a"}, {"qty": 2}, {"item": "c", "qty": 100}], who="wang")
    assert [(p.row, p.field) for p in refused.value] == [(2, "item"), (3, "qty")]
    with pytest.raises(Problems) as refused:
        ground.create("bill", name="甲", rows=[], who="wang")
    assert codes(refused.value) == [("rows", "required")]
    assert ground.rows("bill") == [] and ground.rows("bill_rows") == []


def test_lines_go_and_come_back_with_their_parent(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("bill", name="甲", rows=[{"item": "a"}, {"item": "b"}], who="wang").id
    ground.delete("bill", id, who="wang")
    assert ground.rows("bill_rows") == []
    ground.restore("bill", id, who="wang")
    assert lines(ground) == [("a", 10), ("b", 10)] and ground.values("bill", id, "total") == (20,)


def test_two_who_edit_the_lines_on_the_same_revision(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("bill", name="甲", rows=[{"item": "a"}], who="wang").id
    uid = ground.rows("bill_rows")[0]["uid"]
    ground.edit("bill", id, rows=[{"uid": uid}, {"item": "李的"}], revision=1, who="li")
    with pytest.raises(Problems) as refused:
        ground.edit("bill", id, rows=[{"uid": uid, "qty": 2}], revision=1, who="wang")
    assert codes(refused.value) == [("rows", "stale")]
    assert lines(ground) == [("a", 10), ("李的", 10)]
    ground.edit("bill", id, name="乙", revision=1, who="wang")  # another field: both are kept
    assert ground.values("bill", id, "name", "total") == ("乙", 20)


def test_a_line_alone_can_be_edited_and_its_parent_follows(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("bill", name="甲", rows=[{"item": "a"}, {"item": "b"}], who="wang").id
    ground.edit("bill_rows", 1, qty=5, who="li")
    assert ground.values("bill", id, "total", "revision") == (60, 1)
    ground.delete("bill_rows", 2, who="li")
    assert ground.values("bill", id, "total", "last_item") == (50, "a")
