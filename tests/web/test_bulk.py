"""Many records at once: each by itself, each refusal by name, taken back in one press."""

from __future__ import annotations

import io
import re

import pytest
import python_calamine

from tests.web.conftest import Site
from tests.web.test_lists import shown
from tests.web.test_record import said

LIST = "/a/deals/client"


@pytest.fixture
def clients(site: Site) -> dict[str, str]:
    """Three of Wang's, one of Zhou's."""
    made = {}
    for place, name in enumerate("甲乙丙"):
        made[name] = site.make("wang", "deals.client", name=f"{name}医院", phone=f"1380000000{place}", cost=str(place * 100))
    return made | {"丁": site.make("zhou", "deals.client", name="丁医院", phone="13900000009", cost="50")}


def grades(site: Site, who: str = "li") -> set[str]:
    return set(shown(site.client(who).get(f"{LIST}?f.grade.in=a").text))


def test_a_field_is_set_in_the_ticked_ones_and_taken_back(site: Site, clients: dict[str, str]) -> None:
    wang = site.client("wang")
    answer = wang.post(f"{LIST}/bulk", {"do": "set", "field": "grade", "grade": "a", "uid": [clients["甲"], clients["乙"]]})
    assert answer.status_code == 303 and grades(site) == {"甲医院", "乙医院"}
    page = wang.get(LIST).text
    undo = re.search(r'data-undo="([^"]+)"', page)
    assert undo and "已改 2 条" in page
    wang.post(undo[1])
    assert grades(site) == set()


def test_all_that_fit_are_changed_and_nobody_else_s(site: Site, clients: dict[str, str]) -> None:
    site.client("wang").post(f"{LIST}/bulk", {"do": "set", "field": "grade", "grade": "a", "all": "1", "list": "f.cost.ge=100"})
    assert grades(site) == {"乙医院", "丙医院"}


def test_who_is_refused_stands_in_the_report_by_name_and_the_others_are_done(site: Site, clients: dict[str, str]) -> None:
    site.make("wang", "deals.deal", name="单", client=clients["乙"])
    page = site.client("li").post(f"{LIST}/bulk", {"do": "delete", "uid": [clients["甲"], clients["乙"], "nobody"]})
    text = said(page.text)
    assert page.status_code == 200 and "已删除 1 条" in text and "2 条没改成" in text
    assert "乙医院" in text and "1 条记录 刚刚被删除" in text
    assert set(shown(site.client("li").get(LIST).text)) == {"乙医院", "丙医院", "丁医院"}


def test_what_is_not_mine_is_neither_changed_nor_named(site: Site, clients: dict[str, str]) -> None:
    page = site.client("wang").post(f"{LIST}/bulk", {"do": "set", "field": "grade", "grade": "a", "uid": [clients["丁"]]})
    assert page.status_code == 200 and "丁医院" not in page.text and grades(site) == set()


@pytest.mark.parametrize(
    ("who", "data", "status"),
    [
        ("wang", {"do": "delete"}, 404),
        ("he", {"do": "set", "field": "grade", "grade": "a"}, 404),
        ("wang", {"do": "set", "field": "secret", "secret": "x"}, 404),
        ("wang", {"do": "set", "field": "phone", "phone": "13811111111"}, 404),
        ("wang", {"do": "set", "field": "pool", "pool": "green"}, 404),
        ("wang", {"do": "press", "name": "没有的按钮"}, 404),
        ("he", {"do": "press", "name": "送资料"}, 404),
        ("wang", {"do": "nothing"}, 404),
    ],
)
def test_what_may_not_be_done_to_one_may_not_be_done_to_many(
    site: Site, clients: dict[str, str], who: str, data: dict[str, str], status: int
) -> None:
    assert site.client(who).post(f"{LIST}/bulk", {**data, "uid": clients["甲"]}).status_code == status
    assert grades(site) == set()


def test_deleting_is_taken_back_but_not_by_somebody_else(site: Site, clients: dict[str, str]) -> None:
    li = site.client("li")
    li.post(f"{LIST}/bulk", {"do": "delete", "uid": [clients["甲"], clients["乙"]]})
    undo = re.search(r'data-undo="([^"]+)"', li.get(LIST).text)
    assert undo and len(shown(li.get(LIST).text)) == 2
    site.client("wang").post(undo[1])
    assert len(shown(li.get(LIST).text)) == 2
    li.post(undo[1])
    assert len(shown(li.get(LIST).text)) == 4


def test_what_was_changed_since_is_not_overwritten_by_taking_back(site: Site, clients: dict[str, str]) -> None:
    wang = site.client("wang")
    wang.post(f"{LIST}/bulk", {"do": "set", "field": "grade", "grade": "a", "uid": [clients["甲"], clients["乙"]]})
    undo = re.search(r'data-undo="([^"]+)"', wang.get(LIST).text)
    site.client("li").post(f"{LIST}/bulk", {"do": "set", "field": "grade", "grade": "b", "uid": [clients["甲"]]})
    assert undo
    wang.post(undo[1])
    assert shown(wang.get(f"{LIST}?f.grade.in=b").text) == ["甲医院"] and shown(wang.get(f"{LIST}?f.grade.in=a").text) == []


def test_a_button_that_is_declared_for_many_is_pressed_for_each(site: Site, clients: dict[str, str]) -> None:
    wang = site.client("wang")
    assert "送资料" in wang.get(LIST).text
    wang.post(f"{LIST}/bulk", {"do": "press", "name": "送资料", "uid": [clients["甲"], clients["丙"]]})
    assert "已对 2 条执行" in wang.get(LIST).text
    site.runtime.work()
    sent = {name for name, uid in clients.items() if "已送欢迎资料" in site.client("li").get(f"{LIST}/{uid}").text}
    assert sent == {"甲", "丙"}


def test_the_sums_are_those_of_the_ticked_and_of_what_one_may_read(site: Site, clients: dict[str, str]) -> None:
    wang = site.client("wang")
    assert wang.post("/a/deals/client/columns", {"column": ["cost", "grade"]}).status_code == 303
    assert "已选 2 条 底价 ¥300.00" in said(wang.post(f"{LIST}/bulk/sums", {"uid": [clients["乙"], clients["丙"]]}).text)
    assert "已选 3 条 底价 ¥300.00" in said(wang.post(f"{LIST}/bulk/sums", {"all": "1"}).text)
    he = site.client("he")
    assert "¥" not in he.post(f"{LIST}/bulk/sums", {"uid": list(clients.values())}).text


def test_the_ticked_ones_become_a_file(site: Site, clients: dict[str, str]) -> None:
    answer = site.client("wang").post(f"{LIST}/bulk/export", {"uid": [clients["甲"], clients["丙"], clients["丁"]]})
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert {row[0] for row in rows[1:]} == {"甲医院", "丙医院"}
    assert site.client("zhou").post("/a/deals/deal/bulk/export", {"uid": []}).status_code == 404
