"""Views under a name of one's own, and the columns one chose."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Site, Visitor
from tests.web.test_lists import shown

LIST = "/a/deals/client"


@pytest.fixture
def clients(site: Site) -> None:
    for place, grade in enumerate("abc"):
        site.make("wang", "deals.client", name=f"{grade.upper()}医院", phone=f"1380000000{place}", grade=grade)


def chips(visitor: Visitor) -> dict[str, str]:
    found = re.findall(r'<a class="chip" href="([^"]+)"[^>]*>([^<]+)', visitor.get(LIST).text)
    return {name: url.replace("&amp;", "&") for url, name in found}


def columns(visitor: Visitor, args: str = "") -> list[str]:
    head = re.findall(r"<thead>.*?</thead>", visitor.get(f"{LIST}?{args}").text, re.S)[0]
    return [re.sub(r"<[^>]+>", "", cell).strip(" ↑↓") for cell in re.findall(r'<th class="(?:name|amount|fact|rest)[^>]*>(.*?)</th>', head)]


def keep(visitor: Visitor, name: str, args: str, role: str = "") -> str:
    return visitor.post(f"{LIST}/views", {"name": name, "list": args, "role": role}).location


def test_a_kept_view_shows_what_was_filtered_and_is_one_s_own(site: Site, clients: None) -> None:
    wang = site.client("wang")
    address = keep(wang, " 甲级 的 ", "f.grade.in=a&sort=-name&nonsense=1")
    page = wang.get(address).text
    assert shown(page) == ["A医院"] and "nonsense" not in address
    assert re.search(r'<a class="chip" href="[^"]+" aria-current="true">甲级 的', page)
    assert "甲级 的" not in chips(site.client("li"))


def test_a_kept_view_opens_without_what_is_no_more_its_reader_s_to_ask_for(site: Site, clients: None) -> None:
    """As after a field was renamed, or hidden from its keeper."""
    wang = site.client("wang")
    answer = wang.get(f"{keep(wang, '旧的', 'f.grade.in=a')}&f.gone.is=1&sort=-gone")
    assert answer.status_code == 200 and shown(answer.text) == ["A医院"]


def test_a_view_of_the_same_name_takes_its_place(site: Site, clients: None) -> None:
    wang = site.client("wang")
    keep(wang, "要跟的", "f.grade.in=a")
    keep(wang, "要跟的", "f.grade.in=b")
    assert shown(wang.get(chips(wang)["要跟的"]).text) == ["B医院"]


def test_a_shared_view_is_seen_by_its_role_with_their_own_rights(site: Site, clients: None) -> None:
    keep(site.client("li"), "全组甲级", "f.grade.in=a", "seller")
    zhou, he = site.client("zhou"), site.client("he")
    assert shown(zhou.get(chips(zhou)["全组甲级"]).text) == []
    assert "全组甲级" not in chips(he)


def test_a_view_goes_and_comes_back_only_by_its_maker(site: Site, clients: None) -> None:
    li, wang = site.client("li"), site.client("wang")
    uid = re.findall(r"own=([0-9a-f-]+)", keep(li, "全组", "f.grade.in=a", "seller"))[0]
    wang.post(f"{LIST}/views/{uid}/delete")
    assert "全组" in chips(li)
    li.post(f"{LIST}/views/{uid}/delete")
    assert "全组" not in chips(li) and "全组" not in chips(wang)
    li.post(f"{LIST}/views/{uid}/restore")
    assert "全组" in chips(li)


@pytest.mark.parametrize(("name", "words"), [("  ", "起个名字"), ("", "起个名字")])
def test_a_view_without_a_name_is_refused_with_a_sentence(site: Site, clients: None, name: str, words: str) -> None:
    wang = site.client("wang")
    assert words in wang.get(keep(wang, name, "f.grade.in=a")).text


def test_columns_stand_as_the_person_put_them_and_nobody_else_s_change(site: Site, clients: None) -> None:
    wang, li = site.client("wang"), site.client("li")
    before = columns(li)
    wang.post(f"{LIST}/columns", {"column": ["grade", "phone", "secret", "nothing"]})
    assert columns(wang) == ["客户名称", "等级", "手机"] and columns(li) == before
    wang.post(f"{LIST}/columns", {"reset": "1", "column": ["grade"]})
    assert len(columns(wang)) > 3
