"""Every part of a text finds it, in both databases, exactly as `in` would."""

from __future__ import annotations

import random
import unicodedata

import pytest
from pypinyin import Style, lazy_pinyin
from sqlalchemy import delete, select

from dougong.store import search
from tests.store.forms import NOW, Shop, field, form

CUSTOMER = form("customer", field("name", search=True), field("phone", search=True), field("note"))
SEEDS = [
    "宁波骨科医院", "浙江宁波鄞州骨科医院", "上海第六人民医院", "Ｓｈａｎｇｈａｉ　Ｎｏ．６", "ABC 医疗器械（上海）有限公司",
    "100%_纯棉\\公司", "Straße 12", "重庆行知银行长沙分行", "单雄信", "13800000000", "138-0000-0001", "a", "骨", "😀笑脸公司",
    "甲\t乙", '"引号" AND OR NOT *', "𠮷野家", "İstanbul",
]  # fmt: skip

ASKED = (
    "医院", "骨", "nbgk", "NBGK", "１３８", "%", "_", "100%_", "\\", '"', "AND", "*", "ab", "上海 医院", "  ", "没有", "😀", "𠮷", "ß",
    "No.6", "hz", "-", "İ",
)  # fmt: skip


def naive(text: str | None, asked: str) -> bool:
    """The definition: each word stands in the text, widths and case aside, or in its initials."""
    if not text:
        return False
    plain = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(c for c in "".join(lazy_pinyin(plain, style=Style.FIRST_LETTER)) if c.isalnum())
    has_han = any("\u4e00" <= c <= "\u9fff" or "\u3400" <= c < "\u4e00" for c in plain)
    return all(word in plain or (has_han and word in letters) for word in unicodedata.normalize("NFKC", asked).casefold().split())


def fill(shop: Shop, count: int, seed: int) -> dict[int, tuple[str, str]]:
    chance = random.Random(seed)
    out = {}
    shop.change(CUSTOMER)
    table = shop.table("customer")
    for number in range(count):
        name = chance.choice(SEEDS) + "".join(chance.choices("上海医院科技 ab12", k=chance.randrange(6)))
        phone = "1" + "".join(chance.choices("0123456789", k=10))
        out[shop.put("customer", name=name, phone=phone)] = (name, phone)
        assert number < count
    with shop.store.write() as connection:
        search.index_rows(connection, table, [{"id": id, "name": name, "phone": phone} for id, (name, phone) in out.items()])
    return out


def find(shop: Shop, text: str, fields: tuple[str, ...] | None = None) -> set[int]:
    table = shop.table("customer")
    found = search.narrow(table, text, shop.store.dialect, fields)
    newest = select(table.c.id).select_from(found.source).where(found.condition).order_by(found.newest.desc())
    with shop.store.read() as connection:
        ids = set(connection.execute(select(table.c.id).where(search.matches(table, text, shop.store.dialect, fields))).scalars())
        assert connection.execute(newest).scalars().all() == sorted(ids, reverse=True)
        return ids


def test_results_are_those_of_looking_through_every_row(shop: Shop) -> None:
    rows = fill(shop, 120, seed=7)
    chance = random.Random(8)
    questions = list(ASKED)
    for name, phone in chance.sample(list(rows.values()), 60):
        text = chance.choice((name, phone))
        start = chance.randrange(len(text))
        questions.append(text[start : start + chance.randrange(1, 5)])
    found = {q: find(shop, q) for q in questions}
    assert found == {q: {id for id, texts in rows.items() if _in_one(texts, q)} for q in questions}
    assert sum(bool(ids) for ids in found.values()) > 60


def _in_one(texts: tuple[str, str], asked: str) -> bool:
    return all(any(naive(t, word) for t in texts) for word in asked.split())


def test_a_field_that_the_reader_may_not_see_finds_nothing(shop: Shop) -> None:
    fill(shop, 1, seed=1)
    id = shop.put("customer", name="甲", phone="13912345678")
    with shop.store.write() as connection:
        search.index_rows(connection, shop.table("customer"), [{"id": id, "name": "甲", "phone": "13912345678"}])
    assert find(shop, "12345") == {id}
    assert find(shop, "12345", ("name",)) == set()
    assert find(shop, "甲", ("name",)) == {id}
    assert find(shop, "甲", ()) == set()


def test_an_edit_forgets_the_old_words_and_a_deletion_all(shop: Shop) -> None:
    shop.change(CUSTOMER)
    id, table = shop.put("customer"), shop.table("customer")
    for name in ("宁波骨科", "宁波牙科", "宁波牙科"):
        with shop.store.write() as connection:
            search.index_rows(connection, table, [{"id": id, "name": name, "phone": None}])
    assert (find(shop, "骨科"), find(shop, "牙科"), find(shop, "nbyk")) == (set(), {id}, {id})
    if shop.store.dialect == "sqlite":
        assert raw_words(shop, "骨科") == []
        assert raw_words(shop, "牙科") == [id]
    with shop.store.write() as connection:
        search.remove_rows(connection, table, [id])
    assert find(shop, "牙科") == set()
    if shop.store.dialect == "sqlite":
        assert raw_words(shop, "牙科") == []


def raw_words(shop: Shop, token: str) -> list[int]:
    with shop.store.read() as connection:
        query = 'SELECT rowid FROM "words$shop__customer" WHERE "words$shop__customer" MATCH ?'
        return [row[0] for row in connection.exec_driver_sql(query, (f'"{token}"',))]


def test_persons_are_found_by_the_reading_of_their_surname(shop: Shop) -> None:
    shop.change(CUSTOMER)
    id, table = shop.put("customer"), shop.table("customer")
    with shop.store.write() as connection:
        search.index_rows(connection, table, [{"id": id, "name": "单雄信", "phone": None}])
    assert find(shop, "sxx") == find(shop, "dxx") == {id}


@pytest.mark.parametrize("word", ["宁波", "宁", "13800", "1", "abc医院", "138-00", "（上海）"])
def test_what_is_asked_is_always_among_what_is_indexed(word: str) -> None:
    for text in ("浙江宁波abc医院（上海）13800", "x138-00宁波1"):
        if search.normal(word) in search.normal(text):
            assert search.asked(search.normal(word)) <= search.tokens(search.normal(text))


def test_rows_that_were_there_are_found_when_a_field_becomes_searchable(shop: Shop) -> None:
    shop.change(form("customer", field("name"), field("phone"), field("note")))
    live, deleted = shop.put("customer", name="宁波骨科", note="急"), shop.put("customer", name="宁波骨科", deleted_at=NOW)
    applied = shop.change(CUSTOMER)
    assert applied.unsearched == ()
    assert find(shop, "骨科") == {live} != {deleted}
    shop.change(form("customer", field("name", search=True), field("phone", search=True), field("note", search=True)))
    assert find(shop, "急") == {live}
    shop.change(form("customer", field("title", search=True, was="name"), field("phone"), field("note")))
    assert find(shop, "骨科") == {live}
    assert shop.plan(form("customer", field("title", search=True, was="name"), field("phone"), field("note"))).changes == ()
    shop.change(form("customer", field("title", was="name"), field("phone"), field("note")))
    with shop.store.read() as connection:
        tables = connection.dialect.get_table_names(connection)
    assert [t for t in tables if "$" in t] == []


def test_rebuilding_goes_on_where_it_stopped(shop: Shop) -> None:
    shop.change(CUSTOMER)
    ids = [shop.put("customer", name=f"宁波{n}号") for n in range(5)]
    last: int | None = 0
    table, steps = shop.table("customer"), 0
    while last is not None:
        with shop.store.write() as connection:
            last = search.rebuild(connection, table, last, limit=2)
        steps += 1
    assert (find(shop, "宁波"), steps) == (set(ids), 3)
    with shop.store.write() as connection:
        connection.execute(delete(table).where(table.c.id == ids[0]))
    assert find(shop, "宁波") == set(ids[1:])
