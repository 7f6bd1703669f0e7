"""The physical model: what a form's table looks like."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import MetaData, Table, insert, select
from sqlalchemy.exc import IntegrityError

from dougong.expr.types import record
from dougong.fields.base import field_types
from dougong.people.forms import SYSTEM_FORMS
from dougong.spec.form import Field, Form
from dougong.store import names
from dougong.store.physical import bind, description
from dougong.store.tables import NO_REQUESTS, Requests, build_tables
from tests.store.forms import NOW, Shop, field, form, forms, link


def tables(*several: Form, requests: Requests = NO_REQUESTS) -> dict[str, Table]:
    return build_tables({**SYSTEM_FORMS, **forms(*several)}, field_types, MetaData(), requests)


PARENT: Field = replace(link("parent", "order"), value=record("shop.order"))
ORDER = form(
    "order", field("name", unique=True), link("customer", "customer"), field("at", "datetime"), field("paid", "yes_no"),
    replace(field("lines", "lines", target="shop.order_lines"), via="parent"), field("tags", "tags"),
    field("partners", "links", options={"to": "shop.customer"}, target="shop.customer"), field("helper", "user", target="user"),
)  # fmt: skip
LINES = form("order_lines", PARENT, field("qty", "integer"), lines_of=("shop.order", "lines"))
CUSTOMER = form("customer", field("name", search=True))


def test_a_table_has_the_columns_of_the_model_in_their_order() -> None:
    table = tables(ORDER, LINES, CUSTOMER)["shop.order"]
    assert table.c.keys() == [
        "id", "uid", "revision", "deleted_at", "flip_at", "owner", "creator", "created_at", "modified_at", "touched_at", "stage",
        "stage_since", "name", "name__order", "customer", "at", "paid", "tags", "helper",
    ]  # fmt: skip
    assert [c.name for c in table.c if not c.nullable] == ["id", "uid", "revision"]
    assert {c.name: next(iter(c.foreign_keys)).column.table.name for c in table.c if c.foreign_keys} == {
        "owner": "dg_user", "creator": "dg_user", "customer": "shop__customer", "helper": "dg_user",
    }  # fmt: skip


def test_lines_hang_on_their_record_and_links_stand_in_a_table_of_pairs() -> None:
    built = tables(ORDER, LINES, CUSTOMER)
    assert {"parent", "position", "qty"} <= set(built["shop.order_lines"].c.keys())
    assert next(iter(built["shop.order_lines"].c.parent.foreign_keys)).ondelete == "CASCADE"
    assert built["shop.order.partners"].c.keys() == ["source", "target"]
    assert set(built) == {"user", "team", "shop.order", "shop.order_lines", "shop.customer", "shop.order.partners"}


def test_links_people_unique_and_requested_fields_are_indexed() -> None:
    built = tables(ORDER, LINES, CUSTOMER, requests={"shop.order": {("at",), ("customer", "at")}})["shop.order"]
    assert {str(i.name): i.columns.keys() for i in built.indexes} == {
        "uq_shop__order_uid": ["uid"], "ix_shop__order_flip_at": ["flip_at", "id"], "ix_shop__order_owner": ["owner", "id"],
        "ix_shop__order_touched_at": ["touched_at", "id"], "ix_shop__order_stage_since": ["stage_since", "id"],
        "uq_shop__order_name": ["name"], "ix_shop__order_name__order": ["name__order", "id"],
        "ix_shop__order_customer": ["customer", "id"], "ix_shop__order_at": ["at", "id"],
        "ix_shop__order_helper": ["helper", "id"], "ix_shop__order_customer_at": ["customer", "at", "id"],
    }  # fmt: skip


def test_live_and_virtual_fields_have_no_column() -> None:
    live = replace(field("age", "formula"), stored=False)
    table = tables(form("order", live, replace(field("visits", "related", options={"of": "visit.order"}), via="order")))["shop.order"]
    assert not {"age", "visits"} & set(table.c.keys())


def test_the_database_keeps_what_is_declared(shop: Shop) -> None:
    shop.change(ORDER, LINES, CUSTOMER)
    customer = shop.put("customer", name="甲")
    order = shop.put("order", name="一", customer=customer)
    shop.put("order_lines", parent=order, qty=2)
    with pytest.raises(IntegrityError):
        shop.put("order", name="一")
    shop.edit("order", order, deleted_at=NOW)
    shop.put("order", name="一")
    with pytest.raises(IntegrityError):
        shop.edit("order", order, deleted_at=None)
    with pytest.raises(IntegrityError):
        shop.put("order_lines", parent=99)
    table, pairs = shop.table("order"), shop.tables()["shop.order.partners"]
    with shop.store.write() as connection:
        connection.execute(insert(pairs).values(source=order, target=customer))
        connection.execute(table.delete().where(table.c.id == order))
    assert shop.values("order_lines", "qty") == []
    with shop.store.read() as connection:
        assert connection.execute(select(pairs)).all() == []


def test_text_compares_by_code_point_on_both_databases(shop: Shop) -> None:
    shop.change(CUSTOMER)
    words = ["a", "B", "中", "Z", "é", "😀", "ｚ", "_"]
    for word in words:
        shop.put("customer", name=word)
    table = shop.table("customer")
    with shop.store.read() as connection:
        assert connection.execute(select(table.c.name).order_by(table.c.name)).scalars().all() == sorted(words)


def test_an_id_is_never_given_twice(shop: Shop) -> None:
    """History and events name records by it, long after they are purged."""
    shop.change(CUSTOMER)
    first, table = shop.put("customer", name="甲"), shop.table("customer")
    with shop.store.write() as connection:
        connection.execute(table.delete().where(table.c.id == first))
    assert shop.put("customer", name="乙") > first


def test_names_are_short_and_differ() -> None:
    long = ["a" * 60 + str(n) for n in range(100)]
    assert len({names.short(n) for n in long}) == 100
    assert max(len(names.short(n)) for n in long) <= 63
    assert names.free("x", {"x", "x_2"}) == "x_3"
    assert names.free("x", {"x__to"}, ("__from", "__to")) == "x_2"


def test_two_forms_whose_tables_would_be_called_alike_get_two(shop: Shop) -> None:
    one, other = form("b__c", field("x"), app="a", table=""), form("c", field("x"), app="a__b", table="")
    bound = bind(forms(one, other), (), field_types).forms
    assert len({f.table for f in bound.values()}) == 2


def test_a_description_tells_fields_apart_that_can_not_exchange_columns() -> None:
    every = {**SYSTEM_FORMS, **forms(CUSTOMER, ORDER)}
    several = [
        field("a"), field("a", "long_text"), field("a", "money"), field("a", "decimal", options={"decimals": 4}), field("a", "date"),
        link("a", "customer"), link("a", "order"), field("a", "links", options={"to": "shop.customer"}, target="shop.customer"),
        replace(field("a"), formula=object()),  # type: ignore[arg-type]
    ]  # fmt: skip
    assert len({description(f, every, field_types) for f in several}) == len(several)
    assert description(field("a", "related", options={"of": "x.y"}), every, field_types) == ""


@pytest.mark.parametrize("descending", [False, True])
def test_an_index_gives_a_sorted_list_without_sorting(shop: Shop, descending: bool) -> None:
    shop.change(CUSTOMER)
    table = shop.table("customer")
    by = table.c.touched_at.desc().nulls_last() if descending else table.c.touched_at.asc().nulls_first()
    query = select(table.c.name).order_by(by, table.c.id.desc() if descending else table.c.id).limit(5)
    with shop.store.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        how = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        written = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(how + written))
    assert "ix_shop__customer_touched_at" in plan
    assert "TEMP B-TREE" not in plan and "Sort" not in plan
