"""What a plan says before anything is done."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import Connection, column, func, select, table

from dougong.expr.tree import Expr, Node, Template
from dougong.expr.types import INTEGER, YES_NO
from dougong.people.forms import SYSTEM_FORMS
from dougong.spec.form import Form, Reject
from dougong.store.changes.base import figure
from dougong.store.plan import Definition, accepted, make_plan
from tests.store.forms import NOW, Shop, field, form, forms, link

ORDER = form("order", field("name"), field("n", "integer"))


def formula(source: str, *reads: str) -> Expr:
    return Expr(source, Node("field", YES_NO), frozenset((r,) for r in reads))


def above(connection: Connection, form: Form, condition: Expr) -> int:
    """Stands for the compiled condition: the number at its end is the limit."""
    rows = table(form.table, column(form.fields["n"].key))
    limit = int(condition.source.split()[-1])
    return connection.execute(select(func.count()).select_from(rows).where(rows.c[form.fields["n"].key] > limit)).scalar_one()


def with_reject(source: str, *reads: str) -> Form:
    return replace(ORDER, rejects=(Reject("too_many", formula(source, *reads), Template("no")),))


def test_a_new_rule_says_how_many_rows_break_it(shop: Shop) -> None:
    shop.change(ORDER)
    for n in (1, 5, 9):
        shop.put("order", n=n)
    assert shop.plan(with_reject("n > 3", "n"), breaking=above).lines("en") == ["~ “order”, new rule (no): broken by 2 records."]
    assert shop.plan(with_reject("n > 100", "n"), breaking=above).lines("en") == ["No table and no value changes."]
    unread = replace(with_reject("n > 3", "n", "fresh"), fields={**ORDER.fields, "fresh": field("fresh")})
    assert "known only afterwards" in shop.plan(unread, breaking=above).lines("en")[-1]
    shop.change(with_reject("n > 3", "n"))
    assert shop.plan(with_reject("n > 3", "n"), breaking=above).changes == ()


def test_a_field_that_becomes_required_counts_live_rows_without_it(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", name="甲")
    shop.put("order")
    shop.put("order", deleted_at=NOW)
    plan = shop.plan(form("order", field("name", required=True), field("n", "integer")))
    assert plan.lines("zh") == ["~ “「order」”的“「name」”改为必填：1 条记录还空着，下次修改时要补。"]
    assert plan.refused() == ()


def test_an_option_or_limit_that_rows_do_not_keep_is_told_and_the_values_stay(shop: Shop) -> None:
    shop.change(form("order", field("grade", "choice", choices=("a", "b")), field("n", "integer")))
    for grade, n in (("a", 1), ("b", 50), ("b", 99)):
        shop.put("order", grade=grade, n=n)
    after = form("order", field("grade", "choice", choices=("a", "c")), field("n", "integer", options={"range": [0, 60]}))
    told = shop.plan(after).lines("en")
    assert told == [
        "~ “order”, “grade”: outside the new options or limits in 2 records; the values stay. The first ones: B",
        "~ “order”, “n”: outside the new options or limits in 1 record; the values stay. The first ones: 99",
    ]
    shop.change(after)
    assert shop.values("order", "grade") == ["a", "b", "b"]


def computed(source: str) -> Form:
    double = replace(field("double", "formula"), value=INTEGER, formula=formula(source, "n"))
    return form("order", field("name"), field("n", "integer"), double)


def test_computed_fields_of_existing_rows_are_left_to_the_caller_by_name(shop: Shop) -> None:
    shop.change(ORDER)
    assert shop.change(computed("n * 2")).fills == {}
    one = shop.put("order", n=2, double=4)
    applied = shop.change(computed("n * 3"))
    assert applied.fills == {"shop.order": ("double",)}
    assert "anew for 1 record." in applied.plan.lines("en")[0]
    assert shop.change(form("order", field("name"), field("n", "integer")), accept=()).fills == {}
    assert shop.change(computed("n * 3")).fills == {"shop.order": ("double",)}
    assert one == 1


def test_a_typed_field_that_becomes_computed_keeps_what_was_typed(shop: Shop) -> None:
    shop.change(form("order", field("n", "integer"), field("double", "integer")))
    one = shop.put("order", n=2, double=5)
    after = form("order", field("n", "integer"), replace(field("double", "integer"), formula=formula("n * 2", "n")))
    assert [c.key for c in shop.plan(after).refused()] == ["retype-field shop.order.double"]
    assert shop.change(after).fills == {"shop.order": ("double",)}
    shop.edit("order", one, double=4)
    shop.change(form("order", field("n", "integer"), field("double", "integer")))
    assert shop.values("order", "double") == [5]


def test_an_index_is_named_and_a_time_rule_may_ask_for_one(shop: Shop) -> None:
    shop.change(ORDER)
    indexed = form("order", field("name", index=True), field("n", "integer"))
    assert shop.plan(indexed).lines("en") == ["+ “order”: finding and sorting by “name” becomes faster."]
    with shop.store.read() as connection:
        aim = replace(shop.plan(ORDER).aim, after=Definition({**SYSTEM_FORMS, **forms(ORDER)}, {"shop.order": {("n",)}}))
        assert make_plan(connection, aim).lines("en") == ["+ “order”: finding and sorting by “n” becomes faster."]
    shop.change(indexed)
    assert shop.plan(ORDER).lines("en") == ["~ “order”: finding and sorting by “name” is no longer sped up."]


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_plan_is_text_and_json_in_both_languages(shop: Shop, locale: str) -> None:
    shop.change(ORDER, form("visit", link("order", "order")))
    shop.put("order", name="x")
    shop.put("visit")
    plan = shop.plan(form("order", field("name", "integer"), field("n", "integer", unique=True, search=False), field("more")))
    items = json.loads(json.dumps(plan.as_json(locale)))
    assert [i["key"] for i in items] == [
        "remove-form shop.visit", "retype-field shop.order.name", "add-field shop.order.more", "add-index uq_shop__order_n",
    ]  # fmt: skip
    assert [bool(i["loses"]) for i in items] == [True, True, False, False]
    assert list(accepted(plan)) == ["remove-form shop.visit", "retype-field shop.order.name"]
    lines = plan.lines(locale)
    assert [line[0] for line in lines] == ["-", "-", " ", "+", "+"]
    assert not any("{" in line or "plan-" in line for line in lines)


def test_another_app_is_left_alone(shop: Shop) -> None:
    shop.change(ORDER)
    other = form("thing", field("a"), app="other")
    aim = shop.plan(ORDER).aim
    both = {**aim.after.forms, other.key: other}
    with shop.store.read() as connection:
        assert make_plan(connection, replace(aim, after=Definition(both))).changes == ()
        only = replace(aim, app="other", after=Definition(both))
        assert [c.key for c in make_plan(connection, only).changes] == ["add-form other.thing"]


def test_an_app_that_was_broken_can_still_be_removed(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", name="甲")
    shop.now = Definition(SYSTEM_FORMS)
    assert shop.plan().lines("en") == ["- Form “order” goes; set aside, to be had back: 1 record."]
    assert [c.key for c in shop.plan(form("order", field("name"))).told] == ["remove-field shop.order.n"]
    shop.change()


def test_figures_are_grouped() -> None:
    assert [figure(n) for n in (7, 1204, 1234567)] == ["7", "1 204", "1 234 567"]


def test_a_no_and_an_empty_list_are_no_values_to_lose(shop: Shop) -> None:
    shop.change(form("order", field("name"), field("paid", "yes_no"), field("tags", "tags")))
    shop.put("order", paid=False, tags=[])
    assert shop.plan(form("order", field("name"))).refused() == ()
    shop.put("order", paid=True, tags=["a"])
    assert [c.loses for c in shop.plan(form("order", field("name"))).refused()] == [1, 1]
