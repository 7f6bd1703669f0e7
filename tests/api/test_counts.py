"""`count_by`: how many records hold which values, within the rights of whoever asks, and with nothing that they may not ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.conftest import Site, codes

ROWS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("wang", {"name": "宁波甲", "level": "a", "count": 1, "agreed": True, "since": "2026-03-01", "price": "1.50"}),
    ("wang", {"name": "宁波乙", "level": "a", "count": 2, "since": "2026-03-01", "price": "1.50"}),
    ("wang", {"name": "杭州丙", "level": "b", "count": 1, "agreed": True}),
    ("zhou", {"name": "宁波丁", "level": "a", "count": 1}),
)
COUNTED: tuple[tuple[str, str, list[tuple[list[Any], int]]], ...] = (
    ("li", "count_by=level", [(["a"], 3), (["b"], 1)]),
    ("wang", "count_by=level", [(["a"], 2), (["b"], 1)]),
    ("li", "count_by=level&filter=name:eq:无", []),
    ("li", "count_by=level&filter=count:eq:1", [(["a"], 2), (["b"], 1)]),
    ("li", "count_by=level&search=宁波", [(["a"], 3)]),
    ("li", "count_by=level,count", [(["a", 1], 2), (["a", 2], 1), (["b", 1], 1)]),
    ("li", "count_by=agreed", [([False], 2), ([True], 2)]),
    ("li", "count_by=since", [([None], 2), (["2026-03-01"], 2)]),
    ("li", "count_by=price", [([None], 2), (["1.50"], 2)]),
)
REFUSED = (
    ("wang", "count_by=secret", "no-such-field"),  # hidden
    ("wang", "count_by=margin", "no-such-field"),  # made from what is hidden
    ("wang", "count_by=phone", "no-such-field"),  # masked
    ("wang", "count_by=level,cost", "no-such-field"),
    ("wang", "count_by=level&filter=cost:gt:1", "no-such-field"),
    ("li", "count_by=nothing", "no-such-field"),
    ("li", "count_by=tags", "not-counted-by"),
    ("li", "count_by=facts", "not-counted-by"),
    ("li", "count_by=level&sort=name", "api-unknown-key"),
    ("li", "count_by=level&limit=1", "api-unknown-key"),
    ("li", "count_by=a,b,c,d,e", "api-too-many"),
)


@pytest.fixture
def filled(site: Site) -> Site:
    for who, raw in ROWS:
        site.make(who, "desk.party", raw)
    return site


def test_records_are_counted_by_the_values_that_their_reader_may_ask_for(filled: Site) -> None:
    for who, words, wanted in COUNTED:
        answer = filled.ask(who, "GET", f"desk/party?{words}")
        assert answer.status_code == 200, (words, answer.text)
        names = words.removeprefix("count_by=").partition("&")[0].split(",")
        assert [([one["values"][name] for name in names], one["number"]) for one in answer.json["counts"]] == wanted, (who, words)


def test_what_may_not_be_asked_for_is_not_counted_by(filled: Site) -> None:
    for who, words, code in REFUSED:
        answer = filled.ask(who, "GET", f"desk/party?{words}")
        assert (answer.status_code, codes(answer)) == (422, [code]), (who, words)
    assert filled.ask("none", "GET", "desk/party?count_by=level").status_code == 404


def test_links_to_what_the_reader_may_not_see_are_one_null(filled: Site) -> None:
    mine, theirs, third = (
        filled.ask("li", "GET", f"desk/party?filter=name:eq:{name}").json["records"][0]["uid"] for name in ("宁波甲", "宁波丁", "杭州丙")
    )
    other = filled.make("zhou", "desk.party", {"name": "戊"})
    above = {mine: theirs, third: other, theirs: mine, other: mine}
    for record, linked in above.items():
        assert filled.ask("li", "PATCH", f"desk/party/{record}", {"values": {"above": linked}}).status_code == 200
    seen = filled.ask("li", "GET", "desk/party?count_by=above").json["counts"]
    assert {one["values"]["above"]: one["number"] for one in seen} == {mine: 2, theirs: 1, other: 1, None: 1}
    assert filled.ask("wang", "GET", "desk/party?count_by=above").json["counts"] == [{"values": {"above": None}, "number": 3}]
