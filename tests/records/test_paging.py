"""Lists page by page: each record once, in the order of the whole, empty values at their end of it."""

from __future__ import annotations

import pytest

from dougong.records import query
from dougong.records.filters import Filter
from dougong.records.query import Query
from dougong.spec.app import Sort
from tests.records.conftest import Make

PARTY = """\
form: party
name: 伙伴
title: "{{ name }}"
fields:
  name: {name: 名称, type: text, search: true}
  level: {name: 级别, type: integer, index: true}
  town: {name: 城市, type: text, index: true}
"""
PINYIN = {"宁波": "ningbo", "杭州": "hangzhou", "上海": "shanghai"}
CLERK = "role: clerk\nname: 职员\ncan: {party: {may: [see, add, edit], only: \"owner == me or town in ['宁波', '杭州']\"}}\n"
ROWS = [
    ("宁波骨科医院", 3, "宁波"), ("宁波安泰", None, "宁波"), ("杭州安泰", 1, None), ("安泰", 3, "上海"), ("安泰贸易", None, "杭州"),
    ("宁波贸易", 1, "宁波"),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("sorts", [(), ("level",), ("-level",), ("town", "-level"), ("-town", "level"), ("-level", "-town")])
@pytest.mark.parametrize("words", ["", "安泰"])
def test_pages_put_together_are_the_list(workspace: Make, size: int, sorts: tuple[str, ...], words: str) -> None:
    desk = workspace(PARTY, CLERK)
    for name, level, town in ROWS:
        desk.create("party", name=name, level=level, town=town, who="li")
    asked = Query("desk.party", search=words, sort=tuple(Sort(s.lstrip("-"), s.startswith("-")) for s in sorts), limit=50)

    def ids(**changes: object) -> tuple[list[int], str]:
        page = desk.read(lambda ctx: query.page(ctx, Query(**{**asked.__dict__, **changes})), "li")  # type: ignore[arg-type]
        return [row["id"] for row in page.rows], page.next

    whole, _ = ids()
    got, cursor = ids(limit=size)
    while cursor:
        more, cursor = ids(limit=size, cursor=cursor)
        assert 0 < len(more) <= size
        got += more
    assert got == whole
    rows = {row["id"]: row for row in desk.rows("party") if words in row["name"]}
    assert whole == _sorted(rows, sorts)
    assert desk.read(lambda ctx: query.count(ctx, asked), "li") == query.Count(len(rows), True)


def _sorted(rows: dict[int, dict[str, object]], sorts: tuple[str, ...]) -> list[int]:
    """Empty is smallest, Chinese goes by pinyin; equal ones go by their age, in the direction of the last sort."""
    out = sorted(rows, reverse=not sorts or sorts[-1].startswith("-"))
    for sort in reversed(sorts):
        found = {id: row[sort.lstrip("-")] for id, row in rows.items()}
        values = {id: (value is not None, PINYIN.get(str(value), value or "")) for id, value in found.items()}
        out = sorted(out, key=lambda id: str(values[id]), reverse=sort.startswith("-"))
    return out


def test_a_search_keeps_filters_and_rights(workspace: Make) -> None:
    desk = workspace(PARTY, CLERK)
    for name, level, town in ROWS:
        desk.create("party", name=name, level=level, town=town, who="wang")
    wanted = Query("desk.party", (Filter("town", "==", "杭州"),), search="安泰")
    assert [row["name"] for row in desk.read(lambda ctx: query.page(ctx, wanted), "li").rows] == ["安泰贸易"]
    found = desk.read(lambda ctx: query.pick(ctx, "desk.party", "安泰"), "li")
    assert [row["name"] for row in found] == ["安泰贸易", "宁波安泰"]


def test_sums_and_what_was_ticked_stay_within_what_the_reader_may_see(workspace: Make) -> None:
    desk = workspace(PARTY, CLERK)
    made = [desk.create("party", name=name, level=level, town=town, who="wang") for name, level, town in ROWS]
    level = desk.workspace.forms["desk.party"].fields["level"]
    ticked = tuple(saved.uid for saved in made[2:5])

    def asked(who: str, among: tuple[str, ...] | None) -> tuple[int, int]:
        wanted = Query("desk.party", among=among)
        number = desk.read(lambda ctx: query.count(ctx, wanted).number, who)
        return number, desk.read(lambda ctx: query.sums(ctx, wanted, [level]), who)["level"] or 0

    assert asked("wang", None) == (6, 8) and asked("wang", ticked) == (3, 4) and asked("wang", ()) == (0, 0)
    assert asked("li", None) == (4, 4) and asked("li", ticked) == (1, 0)
