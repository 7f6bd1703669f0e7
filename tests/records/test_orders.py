"""What lists sort by (SEMANTICS 1): texts by the pinyin kept beside them, choices as declared; whoever writes them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from dougong.fields.base import ORDER
from dougong.problems import Problems
from dougong.records import bulk, exporting, query
from dougong.records.query import Query
from dougong.spec.app import Sort
from tests.records.conftest import Make
from tests.records.ground import Ground, codes

SHOP = """\
form: party
name: 伙伴
title: "{{ name }}"
fields:
  name: {name: 名称, type: text, search: true, index: true}
  town: {name: 城市, type: text}
  code: {name: 代号, type: text, unique: true}
  grade: {name: 级别, type: choice, options: {top: 高, low: 低, middle: 中}}
  banner: {name: 名牌, type: text, stored: true, cases: [{if: "town is not empty", then: town}]}
  secret: {name: 秘密, type: text}
  covered: {name: 遮住, type: text}
"""
CLERK = "role: clerk\nname: 职员\ncan: {party: {may: [see, add, edit, export], hide: [secret], mask: [covered]}}\n"
NAMES = (
    None, "007 号", "阿里", "A市", "ABC", "abc", "Ａbd", "安徽", "鲍家街", "长沙", "重庆", "李丽", "李丽", "李莉",
    "西安", "先锋", "Zebra", "🐼",
)  # fmt: skip
"""As they stand in a list. Full-width and capital letters are ordinary ones; 李丽 and 李莉 are read alike."""
SHUFFLED = [NAMES[(7 * n + 3) % len(NAMES)] for n in range(len(NAMES))]


def stocked(workspace: Make) -> Ground:
    desk = workspace(SHOP, CLERK)
    for name in SHUFFLED:
        desk.create("party", name=name, town=name, who="li")
    return desk


def listed(desk: Ground, field: str, size: int = 50, down: bool = False) -> list[Any]:
    """Page by page, as a clerk turns them."""
    out, cursor = [], ""
    while True:
        asked = Query("desk.party", sort=(Sort(field, down),), limit=size, cursor=cursor)
        page = desk.read(lambda ctx, asked=asked: query.page(ctx, asked), "li")  # type: ignore[misc]
        out += page.rows
        cursor = page.next
        if not cursor:
            return out


def keys(desk: Ground, field: str) -> list[Any]:
    table = desk.workspace.tables["desk.party"]
    with desk.runtime.store.read() as connection:
        return list(connection.execute(select(table.c[field + ORDER]).order_by(table.c.id)).scalars())


@pytest.mark.parametrize("field", ["name", "town", "banner"])
@pytest.mark.parametrize("size", [1, 4, 50])
def test_texts_are_listed_by_pinyin_page_by_page(workspace: Make, field: str, size: int) -> None:
    desk = stocked(workspace)
    assert [row[field] for row in listed(desk, field, size)] == list(NAMES)
    down = listed(desk, field, size, down=True)
    assert [row[field] for row in down] == [*reversed(NAMES)]
    assert len({row["id"] for row in down}) == len(NAMES)
    assert not any(ORDER in name for row in down for name in row)


def test_bulk_and_single_saves_keep_the_same_keys(workspace: Make) -> None:
    desk = stocked(workspace)
    single = keys(desk, "name")
    with desk.transaction("", "import") as ctx:
        bulk.create_many(ctx, "desk.party", [{"name": name} for name in SHUFFLED])
    assert keys(desk, "name") == single * 2


def test_an_edit_moves_a_record_and_emptying_puts_it_first(workspace: Make) -> None:
    desk = workspace(SHOP, CLERK)
    one, two = desk.create("party", name="安徽"), desk.create("party", name="鲍家街")
    desk.edit("party", one.id, name="重庆")
    assert [row["id"] for row in listed(desk, "name")] == [two.id, one.id]
    desk.edit("party", one.id, name=None)
    assert [row["id"] for row in listed(desk, "name")] == [one.id, two.id] and keys(desk, "name")[0] is None


@pytest.mark.parametrize("size", [1, 2, 50])
def test_choices_are_listed_as_declared(workspace: Make, size: int) -> None:
    desk = workspace(SHOP, CLERK)
    for grade in ("middle", "top", None, "low", "top"):
        desk.create("party", grade=grade)
    declared = [None, "top", "top", "low", "middle"]
    assert [row["grade"] for row in listed(desk, "grade", size)] == declared
    assert [row["grade"] for row in listed(desk, "grade", size, down=True)] == declared[::-1]


def test_an_export_is_in_the_same_order(workspace: Make) -> None:
    desk = stocked(workspace)
    form = desk.workspace.forms["desk.party"]
    asked = Query("desk.party", sort=(Sort("name", False),))
    lines = desk.read(lambda ctx: "".join(exporting.as_csv(ctx, form, [form.fields["name"]], asked)), "li").splitlines()
    assert [line.strip('"') for line in lines[1:]] == [name or "" for name in NAMES]


@pytest.mark.parametrize("field", ["secret", "secret__order", "covered", "covered__order", "name__order"])
def test_what_is_hidden_or_masked_orders_nothing_and_the_key_is_no_field(workspace: Make, field: str) -> None:
    desk = stocked(workspace)
    with pytest.raises(Problems) as refused:
        listed(desk, field)
    assert codes(refused.value) == [(field, "no-such-field")]
    asked = query.Query("desk.party")
    shown = desk.read(lambda ctx: query.page(ctx, asked), "li").rows
    assert not any(name.startswith("secret") for row in shown for name in row)


def test_what_serves_the_order_is_indexed_where_the_field_is(workspace: Make) -> None:
    table = workspace(SHOP, CLERK).workspace.tables["desk.party"]
    indexed = {tuple(column.name for column in index.columns) for index in table.indexes}
    assert {("name", "id"), ("name__order", "id"), ("code",), ("code__order", "id")} <= indexed
    assert not any(column in columns for columns in indexed for column in ("town", "town__order", "name__order__order"))


@pytest.mark.parametrize("cursor", ["WzEsMV0", "W251bGwsMV0", "WyJ4IiwieSJd", "W1tdLDFd"])
def test_a_cursor_of_another_kind_is_refused_or_read_harmlessly(workspace: Make, cursor: str) -> None:
    desk = stocked(workspace)
    for field in ("name", "grade"):
        try:
            desk.read(lambda ctx, field=field: query.page(ctx, Query("desk.party", sort=(Sort(field, False),), cursor=cursor)))  # type: ignore[misc]
        except Problems as refused:
            assert codes(refused) == [("", "bad-cursor")]
