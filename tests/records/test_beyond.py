"""A save that computes a number beyond 10^12 says so at the field, wherever in the formula it stands (SEMANTICS 2)."""

from __future__ import annotations

import pytest

from dougong.problems import Problems
from tests.records.conftest import Make
from tests.records.ground import Ground

FORM = """\
form: sheet
name: 单据
title: "{{ name }}"
fields:
  name: {{name: 名称, type: text}}
  a: {{name: 甲, type: integer}}
  b: {{name: 乙, type: integer}}
  lines:
    name: 明细
    type: lines
    columns:
      qty: {{name: 数量, type: integer}}
      price: {{name: 单价, type: money}}
  out: {{{out}}}
"""
BIG = 999_999_999_999
WITH_LINES = {"lines": [{"qty": BIG, "price": "2.00"}]}

CASES = [
    ('name: 积, type: formula, stored: true, formula: "a * b"', {"a": BIG, "b": 2}),
    ('name: 商, type: formula, stored: true, formula: "a * b / b"', {"a": BIG, "b": 2}),
    ('name: 差, type: formula, stored: true, formula: "a * b - a * b"', {"a": BIG, "b": 2}),
    ('name: 取大, type: formula, stored: true, formula: "max(a * b, 1)"', {"a": BIG, "b": 2}),
    ('name: 有无, type: formula, stored: true, formula: "first_of(a * b, 0)"', {"a": BIG, "b": 2}),
    ("name: 档, type: formula, stored: true, formula: \"if(a * b > 5, '大', '小')\"", {"a": BIG, "b": 2}),
    ('name: 近整, type: integer, stored: true, formula: "a + 0.5"', {"a": BIG}),
    ('name: 日子, type: formula, stored: true, formula: "created_at + hours(a * b)"', {"a": BIG, "b": 2}),
    ('name: 合计, type: formula, stored: true, formula: "sum(lines, qty * price)"', WITH_LINES),
    ('name: 有几, type: formula, stored: true, formula: "count(lines, qty * price > 5)"', WITH_LINES),
    ('name: 均, type: formula, stored: true, formula: "if(sum(lines, qty * 2) > 5, 1, 2)"', WITH_LINES),
    ('name: 是否, type: yes_no, stored: true, cases: [{if: "a * b > 5", then: true}, {else: false}]', {"a": BIG, "b": 2}),
    ('name: 默认, type: integer, default: "{{{{ a * b }}}}"'.replace("{{{{", "{{").replace("}}}}", "}}"), {"a": BIG, "b": 2}),
]


def ground_with(workspace: Make, out: str) -> Ground:
    return workspace(FORM.format(out=out))


@pytest.mark.parametrize(("out", "values"), CASES, ids=[c[0].split(",")[0] for c in CASES])
def test_a_number_beyond_the_limit_is_said_at_its_field(workspace: Make, out: str, values: dict[str, object]) -> None:
    ground = ground_with(workspace, out)
    with pytest.raises(Problems) as refused:
        ground.create("sheet", **values)
    assert [(p.field, p.code) for p in refused.value.problems] == [("out", "too-large")]
    assert ["一万亿" in p.sentence("zh") and "10^12" in p.sentence("en") for p in refused.value.problems] == [True]
    assert ground.rows("sheet") == []
    fine = {key: value if isinstance(value, list) else 3 for key, value in values.items()}
    if "lines" in fine:
        fine["lines"] = [{"qty": 4, "price": "2.00"}]
    assert ground.create("sheet", **fine)


def test_an_edit_of_something_else_is_not_held_up(workspace: Make) -> None:
    """Where it came in by other doors (an upgrade, an aggregate), only a save that computes it anew is refused."""
    ground = workspace(FORM.format(out='name: 积, type: formula, stored: true, formula: "a * b"'))
    id = ground.create("sheet", a=BIG, b=1).id
    with pytest.raises(Problems) as refused:
        ground.edit("sheet", id, b=2)
    assert [p.code for p in refused.value.problems] == ["too-large"]
    ground.edit("sheet", id, name="改名")
    assert ground.values("sheet", id, "name", "out") == ("改名", BIG)


def test_a_refusing_condition_that_cannot_be_worked_out_does_not_let_the_save_pass(workspace: Make) -> None:
    rule = 'reject_when: [{if: "a * b > 1000", message: 太多}]\n'
    ground = workspace(FORM.format(out="name: 别的, type: text") + rule)
    for values, code in (({"a": 100, "b": 100}, "rejected"), ({"a": BIG, "b": 100}, "too-large")):
        with pytest.raises(Problems) as refused:
            ground.create("sheet", **values)
        assert [p.code for p in refused.value.problems] == [code]
    assert refused.value.problems[0].field == "a"
