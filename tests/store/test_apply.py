"""What happens to tables and values when an app changes, and that every change can be taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from dougong.fields.base import field_types
from dougong.spec.form import Form
from dougong.store import ledger, physical
from dougong.store.apply import PlanRefused, apply
from dougong.store.changes.base import Change, Work
from dougong.store.engine import Outdated
from dougong.store.ledger import Release
from dougong.store.physical import bind, read_keys
from dougong.store.plan import make_plan
from tests.store.forms import NOW, Shop, field, form, forms, link

ORDER = form("order", field("name"), field("budget"))


def kinds(shop: Shop, *after: Form) -> list[str]:
    return [c.key for c in shop.plan(*after).told]


def test_a_new_app_gets_its_tables_and_the_same_again_is_nothing(shop: Shop) -> None:
    visit = form("visit", link("order", "order"), field("tags", "links", options={"to": "shop.order"}, target="shop.order"))
    first = shop.change(ORDER, visit, kind="install")
    assert (first.number, first.revision) == (1, 2)
    shape = shop.shape()
    assert {"shop__order", "shop__visit", "shop__visit$tags"} <= set(shape)
    again = shop.change(ORDER, visit)
    assert (again.number, again.revision, again.plan.changes) == (None, 2, ())
    assert shop.shape() == shape
    assert len(shop_history(shop)) == 1


def shop_history(shop: Shop) -> list[ledger.Entry]:
    with shop.store.read() as connection:
        return ledger.history(connection, "shop")


def test_two_new_forms_may_refer_to_each_other(shop: Shop) -> None:
    shop.change(form("a", link("b", "b")), form("b", link("a", "a")))
    first = shop.put("a")
    second = shop.put("b", a=first)
    shop.edit("a", first, b=second)
    with pytest.raises(IntegrityError):
        shop.edit("a", first, b=99)


def test_an_added_field_is_empty_in_old_rows_and_a_yes_no_says_no(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", name="甲")
    shop.change(form("order", field("name"), field("budget"), field("due", "date"), field("paid", "yes_no")))
    assert shop.values("order", "due") == [None]
    assert shop.values("order", "paid") == [False]


def test_a_removed_field_needs_a_yes_is_kept_aside_and_comes_back_with_its_values(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", name="甲", budget="12万")
    without = form("order", field("name"))
    with pytest.raises(PlanRefused) as refused:
        shop.change(without, accept=())
    assert [c.key for c in refused.value.changes] == ["remove-field shop.order.budget"]
    assert shop.values("order", "budget") == ["12万"]
    shop.change(without)
    assert "budget" not in shop.table("order").c
    with shop.store.read() as connection:
        assert [(k.form, k.field, k.column) for k in ledger.asides(connection)] == [("order", "budget", "x_2_budget")]
    shop.put("order", name="乙")
    assert kinds(shop, ORDER) == ["restore-field shop.order.budget"]
    shop.change(ORDER)
    assert shop.values("order", "budget") == ["12万", None]
    with shop.store.read() as connection:
        assert ledger.asides(connection) == []


def test_removing_an_empty_field_needs_no_yes(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", name="甲")
    shop.change(form("order", field("name")), accept=())


def test_a_removed_form_comes_back_with_its_rows_and_its_links(shop: Shop) -> None:
    tag = form("tag", field("word", search=True))
    visit = form("visit", field("note"), field("tags", "links", options={"to": "shop.tag"}, target="shop.tag"))
    shop.change(visit, tag)
    word, one = shop.put("tag", word="急"), shop.put("visit", note="第一次")
    with shop.store.write() as connection:
        connection.execute(insert(shop.tables()["shop.visit.tags"]).values(source=one, target=word))
    shape = shop.shape()
    shop.change(tag)
    assert {"x_2_shop__visit", "x_2_shop__visit$tags"} <= set(shop.shape())
    fresh = form("visit2", field("note"))
    shop.change(tag, fresh)
    shop.change(tag, visit)
    assert shop.values("visit", "note") == ["第一次"]
    with shop.store.read() as connection:
        assert connection.execute(select(shop.tables()["shop.visit.tags"])).all() == [(one, word)]
    again = shop.shape()
    assert {t: again[t] for t in shape} == shape | {"dg_column": again["dg_column"]}


def test_a_form_removed_and_another_of_its_name_do_not_meet(shop: Shop) -> None:
    """An aside form returns under its id; so it must stay aside only when the new one is of another app or id."""
    shop.change(ORDER, form("visit", field("note")))
    shop.put("visit", note="旧")
    shop.change(ORDER)
    shop.change(ORDER, form("visit", field("note"), field("more")))
    assert shop.values("visit", "note") == ["旧"]
    assert shop.values("visit", "more") == [None]


def test_a_renamed_field_and_form_keep_their_columns_and_go_back(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", name="甲", budget="1")
    shop.change(form("deal", field("title", was="name"), field("budget"), was="order"))
    assert shop.values("deal", "title") == ["甲"]
    assert shop.table("deal").name == "shop__order"
    shop.change(form("deal", field("title", was="name"), field("budget"), field("name"), was="order"))
    assert shop.values("deal", "name") == [None]
    shop.change(form("deal", field("title", was="name"), field("budget"), was="order"))
    assert kinds(shop, ORDER) == ["rename-form shop.order", "rename-field shop.order.name"]
    shop.change(ORDER)
    assert shop.values("order", "name") == ["甲"]


def test_a_rename_changes_no_table(shop: Shop) -> None:
    shop.change(ORDER)
    shape = shop.shape()
    shop.change(form("order", field("title", was="name"), field("budget")))
    assert shop.shape() == shape


MONEY = form("order", field("name"), field("budget", "money"))


def test_a_retype_counts_what_converts_lists_what_does_not_and_comes_back(shop: Shop) -> None:
    shop.change(ORDER)
    good, bad, later = shop.put("order", budget="12万"), shop.put("order", budget="面议"), shop.put("order", budget="1,204.50")
    plan = shop.plan(MONEY)
    said = "\n".join(plan.lines("en"))
    assert "2 of 3 values convert, 1 do not" in said
    assert "面议" in said
    assert [c.key for c in plan.refused()] == ["retype-field shop.order.budget"]
    shop.change(MONEY)
    assert shop.values("order", "budget") == [Decimal("120000.00"), None, Decimal("1204.50")]
    shop.edit("order", later, budget=Decimal("7.00"))
    new = shop.put("order", budget=Decimal("3.10"))
    back = "\n".join(shop.plan(ORDER).lines("en"))
    assert "2 values that nobody edited since" in back
    assert f"1 record edited since: the value of today is converted. Their numbers: {later}" in back
    shop.change(ORDER, kind="rollback")
    assert shop.values("order", "budget") == ["12万", "面议", "7.00", "3.10"]
    assert (good, bad, new) == (1, 2, 4)


def test_a_value_emptied_after_a_retype_stays_empty_when_it_goes_back(shop: Shop) -> None:
    shop.change(ORDER)
    one = shop.put("order", budget="5")
    shop.change(MONEY)
    shop.edit("order", one, budget=None)
    shop.change(ORDER)
    assert shop.values("order", "budget") == [None]


def test_three_types_in_turn_and_back_again(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", budget="5")
    shop.change(MONEY)
    shop.change(form("order", field("name"), field("budget", "integer")))
    assert shop.values("order", "budget") == [5]
    shop.change(MONEY)
    shop.change(ORDER)
    assert shop.values("order", "budget") == ["5"]
    shop.change(form("order", field("name"), field("budget", "integer")))
    assert shop.values("order", "budget") == [5]


def test_a_type_that_keeps_every_value_moves_nothing(shop: Shop) -> None:
    shop.change(form("order", field("name"), field("budget", "long_text")))
    shop.put("order", budget="a@b.cn")
    shape = shop.shape()
    shop.change(form("order", field("name"), field("budget", "email")), accept=())
    assert shop.shape() == shape
    assert shop.values("order", "budget") == ["a@b.cn"]


def test_what_a_text_sorts_by_comes_and_goes_with_the_type_while_the_values_stay(shop: Shop) -> None:
    long = form("order", field("name"), field("budget", "long_text"))
    shop.change(ORDER)
    shape = shop.shape()
    for words in ("长长的话", None, "重庆"):
        shop.put("order", budget=words)
    shop.change(long, accept=())
    columns = {name for name, _ in shop.shape()["shop__order"][0]}
    assert "budget" in columns and not any(name.startswith("x_") or name == "budget__order" for name in columns)
    shop.change(form("order", field("name"), field("budget", index=True)), accept=())
    assert sort_keys(shop) == ["chang chang de hua\x01长长的话", None, "chong qing\x01重庆"]
    shop.change(ORDER)
    assert {name: sorted(columns) for name, (columns, _) in shop.shape().items()} == {n: sorted(c) for n, (c, _) in shape.items()}
    assert shop.values("order", "budget") == ["长长的话", None, "重庆"]


def test_what_a_text_sorts_by_is_renamed_set_aside_and_brought_back_with_it(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", budget="长沙", budget__order="chang sha")
    shop.change(form("order", field("name"), field("cost", was="budget")))
    assert sort_keys(shop) == ["chang sha"]
    shop.change(form("order", field("name")))
    assert not any(name.startswith("budget") for name, _ in shop.shape()["shop__order"][0])
    shop.change(ORDER)
    assert shop.values("order", "budget") == ["长沙"] and sort_keys(shop) == ["chang sha"]


def sort_keys(shop: Shop, column: str = "budget") -> list[str | None]:
    with shop.store.read() as connection:
        return list(connection.execute(text(f"SELECT {column}__order FROM shop__order ORDER BY id")).scalars())


def test_what_a_narrower_type_cuts_off_needs_a_yes(shop: Shop) -> None:
    shop.change(form("order", field("at", "datetime")))
    shop.put("order", at=NOW)
    dated = form("order", field("at", "date"))
    plan = shop.plan(dated)
    assert [c.key for c in plan.refused()] == ["retype-field shop.order.at"]
    shop.change(dated)
    assert shop.values("order", "at") == [date(2026, 3, 2)]
    shop.change(form("order", field("at", "datetime")))
    assert shop.values("order", "at") == [NOW]


def test_options_become_words_and_words_options(shop: Shop) -> None:
    chosen = form("order", field("name"), field("grade", "choice", choices=("a", "b")))
    shop.change(chosen)
    shop.put("order", grade="a")
    shop.change(form("order", field("name"), field("grade")))
    assert shop.values("order", "grade") == ["A"]
    shop.put("order", grade="b")
    shop.put("order", grade="z")
    shop.change(chosen)
    assert shop.values("order", "grade") == ["a", "b", None]


def test_indexes_follow_a_retype(shop: Shop) -> None:
    indexed = form("order", field("budget", index=True, unique=True), field("n", "integer", index=True))
    shop.change(indexed)
    shop.put("order", budget="5", n=1)
    shop.change(form("order", field("budget", "integer", index=True, unique=True), field("n", index=True)))
    with pytest.raises(IntegrityError):
        shop.put("order", budget=5)
    assert {"uq_shop__order_budget", "ix_shop__order_n"} <= set(shop.shape()["shop__order"][1])
    shop.change(indexed)
    with pytest.raises(IntegrityError):
        shop.put("order", budget="5")


def test_a_unique_field_needs_rows_that_do_not_clash(shop: Shop) -> None:
    shop.change(ORDER)
    first, _ = shop.put("order", name="甲"), shop.put("order", name="甲")
    unique = form("order", field("name", unique=True), field("budget"))
    plan = shop.plan(unique)
    assert len(plan.blocked) == 1
    assert "甲" in plan.lines("zh")[0]
    with pytest.raises(PlanRefused):
        shop.change(unique)
    shop.edit("order", first, deleted_at=NOW)
    shop.change(unique)
    with pytest.raises(IntegrityError):
        shop.put("order", name="甲")
    shop.change(ORDER)
    shop.put("order", name="甲")


def test_a_unique_field_that_clashes_only_after_conversion_rolls_all_back(shop: Shop) -> None:
    shop.change(ORDER)
    shop.put("order", budget="5")
    shop.put("order", budget="5.0")
    shape = shop.shape()
    with pytest.raises(Exception, match="cannot be unique"):
        shop.change(form("order", field("name"), field("budget", "integer", unique=True)))
    assert shop.shape() == shape
    assert shop.values("order", "budget") == ["5", "5.0"]


def test_a_failure_in_the_middle_leaves_everything_as_it_was(shop: Shop) -> None:
    class Breaks(Change):
        kind = "breaks"

        def apply(self, work: Work) -> None:
            physical.change_key(work.connection, 1, table="nonsense")
            work.connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN x INTEGER")

    shop.change(ORDER)
    shop.put("order", budget="5")
    shape, history = shop.shape(), shop_history(shop)
    with shop.store.read() as connection:
        keys = physical.read_keys(connection)
    plan = shop.plan(MONEY, form("more", field("a", search=True)))
    with pytest.raises(DBAPIError), shop.store.exclusive() as connection:
        fresh = make_plan(connection, plan.aim)
        number = ledger.record(connection, Release("shop", "2", {"a": "b"}, {}), "change", "x", NOW, {})
        work = Work(connection, number, NOW, fresh.forms, fresh.tables, field_types, plan.aim.locale)
        for change in [*fresh.changes, Breaks(ORDER)]:
            change.apply(work)
    assert (shop.shape(), shop_history(shop)) == (shape, history)
    with shop.store.read() as connection:
        assert physical.read_keys(connection) == keys
    assert shop.values("order", "budget") == ["5"]
    shop.change(MONEY, form("more", field("a", search=True)))


def test_a_plan_made_before_another_apply_is_outdated(shop: Shop) -> None:
    shop.change(ORDER)
    plan = shop.plan(MONEY)
    shop.change(form("order", field("name"), field("budget"), field("more")))
    with pytest.raises(Outdated):
        apply(shop.store, plan, Release("shop", "2", {"a": "b"}, {}), kind="change", who="x", now=NOW)


def test_values_that_came_after_the_plan_are_not_lost_without_a_yes(shop: Shop) -> None:
    shop.change(ORDER)
    plan = shop.plan(form("order", field("name")))
    assert plan.refused() == ()
    shop.put("order", budget="now there is one")
    with pytest.raises(PlanRefused):
        apply(shop.store, plan, Release("shop", "2", {"a": "b"}, {}), kind="change", who="x", now=NOW)


def test_reserved_words_and_quotes_are_names_like_any_other(shop: Shop) -> None:
    words = ("select", "table", "group", "user", "from", "where", "index", "primary", "values", "limit", "revision_", "end")
    several = [form(w, *(field(f) for f in words), link("order", "order")) for w in ("order", "group", "select")]
    shop.change(*several)
    one = shop.put("order", **{w: w for w in words})
    shop.put("select", order=one, values="v")
    retyped = [
        replace(f, fields={**f.fields, "select": field("select", "long_text"), "table": field("table", "integer")}) for f in several
    ]
    shop.change(*retyped)
    shop.change(retyped[1])
    shop.change(*retyped)
    shop.change(*several)
    assert shop.values("order", "table") == ["table"]
    assert shop.values("select", "order") == [one]


def test_hostile_names_are_quoted_on_both_databases(shop: Shop) -> None:
    """lang refuses such ids; should one ever come through, it is a name and no statement."""
    evil = 'a"; DROP TABLE dg_user; --'
    shop.change(form("order", field(evil, index=True), field("%s"), field("a'b"), field("[x]")))
    shop.put("order", **{evil: "1", "%s": "2"})
    shop.change(form("order", field(evil, "integer", index=True), field("%s", "integer"), field("a'b")))
    assert shop.values("order", evil) == [1]
    assert shop.values("order", "%s") == [2]
    assert "dg_user" in shop.shape()


def test_names_that_would_collide_get_another_column(shop: Shop) -> None:
    shop.change(form("order", field("owner_"), field("valid", "date"), field("id"), field("revision"), field("position"), field("stage_")))
    shop.put("order", id_2="text", revision_2="r")
    assert shop.values("order", "id") == ["text"]
    assert shop.values("order", "revision") == ["r"]


def test_long_names_fit_both_databases(shop: Shop) -> None:
    long = "f" * 30
    big = form("o" * 30, field(long, index=True, unique=False), field("g" * 30, unique=True, search=True), app="a" * 20)
    wide = replace(big, table="")
    with shop.store.read() as connection:
        bound = bind(forms(wide), read_keys(connection), field_types)
    assert all(len(f.table) <= 63 for f in bound.forms.values())


def test_an_app_that_goes_leaves_its_tables_aside_and_its_history(shop: Shop) -> None:
    shop.change(ORDER, kind="install")
    shop.put("order", name="甲")
    shop.change(kind="uninstall")
    with shop.store.read() as connection:
        assert ledger.installed(connection) == {}
        assert [e.kind for e in ledger.history(connection)] == ["uninstall", "install"]
        assert ledger.earlier(connection, "shop") == ledger.Version(1, {"forms": repr((ORDER,))}, NOW, "王姐")
    shop.change(ORDER, kind="install")
    assert shop.values("order", "name") == ["甲"]


def test_the_history_says_who_did_what_in_both_languages(shop: Shop) -> None:
    shop.change(ORDER, kind="install")
    entry = shop_history(shop)[0]
    assert (entry.who, entry.kind, entry.app, entry.at, entry.before, entry.revision) == ("王姐", "install", "shop", NOW, None, 2)
    assert entry.plan == {"zh": ["+ 新建表单“「order」”，2 个字段。"], "en": ["+ New form “order” with 2 fields."]}
