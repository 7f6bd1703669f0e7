"""Whatever an app becomes in between, its first definition brings back the first values."""

from __future__ import annotations

import random
import threading
from dataclasses import replace

import pytest
from sqlalchemy import insert, inspect, select

from dougong.spec.form import Field, Form
from dougong.store.engine import Outdated
from tests.store.forms import Shop, field, form, link

TYPES = ("text", "long_text", "integer", "money", "choice", "date", "tags", "yes_no")
FIRST = ("text", "integer", "choice", "tags", "text")
VALUES: dict[str, list[object]] = {
    "text": ["12", "三", "2026-01-02", "x"], "integer": [1, 20, 0], "choice": ["x", "y"], "tags": [["x", "12"], ["三"]],
}  # fmt: skip


def of(id: str, type: str, chance: random.Random) -> Field:
    made = field(id, type, choices=("x", "y")) if type == "choice" else field(id, type)
    return replace(made, index=chance.random() < 0.3, search=type == "text" and chance.random() < 0.5)


def another(before: tuple[Form, ...], chance: random.Random, number: int) -> tuple[Form, ...]:
    """One of many next versions: fields leave, change type, are renamed or come; a form may leave, be renamed or come."""
    out = []
    for one in before:
        if len(before) > 1 and chance.random() < 0.2:
            continue
        fields: list[Field] = []
        for f in one.fields.values():
            match chance.choice(("keep", "keep", "retype", "rename", "leave")):
                case "keep":
                    fields.append(replace(f, was=""))
                case "retype":
                    fields.append(of(f.id, chance.choice(TYPES), chance))
                case "rename":
                    fields.append(replace(f, id=f"r{number}_{f.id[-4:]}", was=f.id))
        fields.append(of(f"n{number}", chance.choice(TYPES), chance))
        renamed = chance.random() < 0.2
        out.append(form(f"q{number}_{one.id[:4]}" if renamed else one.id, *fields, was=one.id if renamed else ""))
    if chance.random() < 0.5:
        out.append(form(f"new{number}", of("a", "text", chance), of("order", "text", chance)))
    return tuple(out)


@pytest.mark.parametrize("seed", range(4))
def test_many_changes_and_back(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    order = form("order", *(of(f"f{i}", type, chance) for i, type in enumerate(FIRST)))
    first = (order, form("select", of("from", "text", chance), link("group", "order")))
    shop.change(*first, kind="install")
    for _ in range(4):
        one = shop.put("order", **{f"f{i}": chance.choice([*VALUES[type], None]) for i, type in enumerate(FIRST)})
        shop.put("select", **{"from": "甲", "group": one})
    had = {(f.id, n): shop.values(f.id, n) for f in first for n in f.fields}
    version: tuple[Form, ...] = (order,)
    for number in range(5):
        version = another(version, chance, number)
        shop.change(*version)
        assert shop.plan(*version).changes == ()
        check_database(shop)
    shop.change(*first, kind="rollback")
    assert shop.plan(*first).changes == ()
    check_database(shop)
    assert {(f.id, n): shop.values(f.id, n) for f in first for n in f.fields} == had


def check_database(shop: Shop) -> None:
    """The tables that programs will use are those that are there."""
    for table in shop.tables().values():
        if table.name.startswith("shop"):
            with shop.store.read() as connection:
                database = inspect(connection)
                assert set(table.c.keys()) <= {c["name"] for c in database.get_columns(table.name)}
                assert {str(i.name) for i in table.indexes} == {str(i["name"]) for i in database.get_indexes(table.name)}
                connection.execute(select(table)).all()


def test_links_to_many_leave_and_come_back(shop: Shop) -> None:
    tag, plain = form("tag", field("word")), form("order", field("name"))
    tagged = form("order", field("name"), field("tags", "links", options={"to": "shop.tag"}, target="shop.tag"))
    shop.change(tag, tagged)
    pair = {"source": shop.put("order"), "target": shop.put("tag")}
    with shop.store.write() as connection:
        connection.execute(insert(shop.tables()["shop.order.tags"]).values(**pair))
    assert shop.plan(tag, plain).lines("en") == ["- “order” loses the field “tags”; set aside, to be had back: 1 value."]
    shop.change(tag, plain)
    worded = form("order", field("name"), field("tags", "tags"))
    shop.change(tag, worded)
    shop.change(tag, tagged)
    shop.change(tag, form("order", field("name"), replace(tagged.fields["tags"], id="marks", was="tags")))
    with shop.store.read() as connection:
        assert [dict(row) for row in connection.execute(select(shop.tables()["shop.order.marks"])).mappings()] == [pair]
    check_database(shop)


def test_lines_follow_when_their_form_or_field_is_renamed(shop: Shop) -> None:
    def order(id: str, lines: str, was: str = "", lines_was: str = "") -> tuple[Form, Form]:
        rows = replace(field(lines, "lines", target=f"shop.{id}_{lines}", was=lines_was), via="parent")
        parent = form(id, field("name"), rows, was=was)
        return parent, form(f"{id}_{lines}", link("parent", id), field("qty", "integer"), lines_of=(parent.key, lines))

    shop.change(*order("order", "lines"))
    shop.put("order_lines", parent=shop.put("order"), qty=3)
    shape = shop.shape()
    shop.change(*order("deal", "items", was="order", lines_was="lines"), accept=())
    assert shop.shape() == shape
    assert shop.values("deal_items", "qty") == [3]
    shop.change(*order("order", "lines"), accept=())
    assert shop.values("order_lines", "qty") == [3]


def test_nobody_saves_by_the_old_definition_while_another_process_applies(shop: Shop) -> None:
    """Savers go on until they are told; each row they wrote is in the columns of the definition that they wrote by."""
    first = form("order", field("name"), field("budget"))
    revision = shop.change(first).revision
    table = shop.table("order")
    written: list[str] = []
    told: list[int] = []
    begun = threading.Barrier(4)

    def save(saver: int) -> None:
        begun.wait()
        for number in range(10_000):
            try:
                with shop.store.write(revision=revision) as connection:
                    connection.execute(insert(table).values(uid=f"{saver}-{number}", budget=str(number)))
                written.append(f"{saver}-{number}")
            except Outdated as outdated:
                told.append(outdated.revision)
                return

    savers = [threading.Thread(target=save, args=(n,)) for n in range(3)]
    for saver in savers:
        saver.start()
    begun.wait()
    while len(written) < 30:
        pass
    after = shop.change(form("order", field("name"), field("budget", "integer"))).revision
    for saver in savers:
        saver.join()
    assert told == [after] * 3
    budgets, table = shop.values("order", "budget"), shop.table("order")
    with shop.store.read() as connection:
        uids = connection.execute(select(table.c.uid).order_by(table.c.id)).scalars().all()
    assert sorted(uids) == sorted(written)
    assert [int(uid.split("-")[1]) for uid in uids] == budgets
