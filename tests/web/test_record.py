"""The record's page: where it stands, what happened, what is next."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.web.conftest import Site


@pytest.fixture
def client(site: Site) -> str:
    return site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000", grade="a", cost="10")


@pytest.fixture
def deal(site: Site, client: str) -> str:
    return site.make("wang", "deals.deal", name="推车", client=client, amount="240000")


def said(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def test_the_head_says_who_it_is_and_how_to_reach_them(site: Site, client: str) -> None:
    page = site.client("wang").get(f"/a/deals/client/{client}").text
    assert 'href="tel:13800000000"' in page and 'href="sms:13800000000"' in page and "mailto:" not in page
    assert 'class="state green"' in page


def test_the_stage_bar_names_what_is_missing_and_the_sheet_asks_exactly_that(site: Site, deal: str) -> None:
    visitor = site.client("wang")
    assert "还差 1 项可进入「需求确认」： 需求清单" in said(visitor.get(f"/a/deals/deal/{deal}").text)
    sheet = visitor.get(f"/a/deals/deal/{deal}/move?to=needs", headers={"HX-Request": "true"}).text
    assert "还不能进入「需求确认」" in sheet and re.findall(r'data-field="(\w+)"', sheet) == ["needs"]
    refused = visitor.post(f"/a/deals/deal/{deal}/move", {"to": "needs", "needs": ""})
    assert refused.status_code == 422 and "请写需求清单" in refused.text
    moved = visitor.post(f"/a/deals/deal/{deal}/move", {"to": "needs", "needs": "二十台"})
    assert moved.status_code == 303
    page = said(visitor.get(f"/a/deals/deal/{deal}").text)
    assert "已进入「需求确认」" in page and "推进到「需求确认」" in page and "二十台" in page


def test_a_condition_offers_the_field_it_reads(site: Site, deal: str) -> None:
    visitor = site.client("wang")
    visitor.post(f"/a/deals/deal/{deal}/move", {"to": "needs", "needs": "二十台"})
    sheet = visitor.get(f"/a/deals/deal/{deal}/move?to=offer").text
    assert "预算批了才能报价" in sheet and 'data-field="budget"' in sheet
    assert visitor.post(f"/a/deals/deal/{deal}/move", {"to": "offer", "budget": "no"}).status_code == 422
    assert visitor.post(f"/a/deals/deal/{deal}/move", {"to": "offer", "budget": "yes"}).status_code == 303


def test_nothing_is_kept_of_a_move_that_was_refused(site: Site, deal: str) -> None:
    visitor = site.client("wang")
    assert visitor.post(f"/a/deals/deal/{deal}/move", {"to": "offer", "needs": "二十台", "budget": "yes"}).status_code == 422
    assert "二十台" not in visitor.get(f"/a/deals/deal/{deal}").text


def test_pushing_back_is_for_the_chief_and_needs_a_word(site: Site, deal: str) -> None:
    seller, chief = site.client("wang"), site.client("li")
    seller.post(f"/a/deals/deal/{deal}/move", {"to": "needs", "needs": "二十台"})
    assert "请找主管退回" in seller.post(f"/a/deals/deal/{deal}/move", {"to": "contact", "comment": "x"}).text
    assert chief.post(f"/a/deals/deal/{deal}/move", {"to": "contact"}).status_code == 422
    assert chief.post(f"/a/deals/deal/{deal}/move", {"to": "contact", "comment": "清单不是客户写的"}).status_code == 303
    assert "退回到「初步接触」 清单不是客户写的" in said(seller.get(f"/a/deals/deal/{deal}").text)


def test_the_timeline_tells_changes_in_sentences(site: Site, client: str) -> None:
    visitor = site.client("wang")
    visitor.post(f"/a/deals/client/{client}/field/grade", {"grade": "b"})
    site.make("wang", "deals.call", client=client, kind="care")
    page = said(visitor.get(f"/a/deals/client/{client}").text)
    assert "等级： 甲级 → 乙级" in page and "新建电话记录： 宁波骨科医院 回访" in page and "新建了这条客户" in page
    assert page.index("电话记录") < page.index("新建了这条客户")


def test_what_machines_did_is_folded(site: Site, client: str) -> None:
    visitor = site.client("wang")
    assert "送资料" in visitor.get(f"/a/deals/client/{client}").text
    assert visitor.post(f"/a/deals/client/{client}/press", {"name": "送资料"}).status_code == 303
    site.runtime.work()
    page = visitor.get(f"/a/deals/client/{client}").text
    assert "已送欢迎资料" in page and re.search(r"<details class=\"machine\"><summary[^>]*>系统 \d 条", page)


def test_a_button_that_is_none_does_nothing(site: Site, client: str) -> None:
    assert site.client("wang").post(f"/a/deals/client/{client}/press", {"name": "别的"}).status_code == 422


def test_comments_are_read_by_who_reads_the_record_and_taken_back_by_their_writer(site: Site, client: str) -> None:
    wang, li, zhou = site.client("wang"), site.client("li"), site.client("zhou")
    wang.post(f"/a/deals/client/{client}/comments", {"body": "要三年维保"})
    page = li.get(f"/a/deals/client/{client}").text
    assert "要三年维保" in page
    assert zhou.post(f"/a/deals/client/{client}/comments", {"body": "x"}).status_code == 404
    found = re.search(r'action="([^"]+/comments/[^"]+)/delete"', wang.get(f"/a/deals/client/{client}").text)
    assert found and not re.search(r"/comments/[^\"]+/delete", page)
    assert li.post(found[1] + "/delete").status_code == 404
    assert wang.post(found[1] + "/delete").status_code == 303
    assert "要三年维保" not in li.get(f"/a/deals/client/{client}").text
    assert wang.post(found[1] + "/restore").status_code == 303
    assert "要三年维保" in li.get(f"/a/deals/client/{client}").text


def test_deleting_can_be_undone(site: Site) -> None:
    uid = site.make("wang", "deals.client", name="将删", phone="13800000008")
    assert "删除" not in site.client("wang").get(f"/a/deals/client/{uid}").text
    chief = site.client("li")
    answer = chief.post(f"/a/deals/client/{uid}/delete")
    page = chief.get(answer.location).text
    found = re.search(r'data-undo="([^"]+)"', page)
    assert found and "已删除：将删" in page and chief.get(f"/a/deals/client/{uid}").status_code == 404
    assert chief.post(found[1]).status_code == 303 and chief.get(f"/a/deals/client/{uid}").status_code == 200


def test_why_names_the_case_that_held_and_what_it_read(site: Site, client: str) -> None:
    page = said(site.client("wang").get(f"/a/deals/client/{client}/why/pool").text)
    assert "池为什么是「绿色池」？" in page and "grade == 'a' → 绿色池" in page and "等级 甲级" in page and "不再判断" in page


def test_related_records_stand_beside_with_their_number(site: Site, client: str, deal: str) -> None:
    page = site.client("wang").get(f"/a/deals/client/{client}").text
    assert "商机 1" in said(page) and f"/a/deals/deal/{deal}" in page
    assert f"/a/deals/deal/new?client={client}" in page


def test_the_reminder_reaches_the_supervisor_and_today(site: Site, client: str) -> None:
    """48 hours: a pop-up to the owner; 72 hours: a message to the manager (examples of A1)."""
    table = site.runtime.workspace().tables["deals.client"]
    site.runtime.work()
    with site.runtime.store.write() as connection:
        connection.execute(update(table).values(touched_at=site.runtime.clock.now() - timedelta(hours=73)))
    site.client("wang").get("/")
    page = said(site.client("wang").get("/a/deals/client").text)
    assert "3 天未动" in page
    assert "卡住的客户" in said(site.client("wang").get("/").text)
