"""The desk in Chromium: a record beside its list, ticks, columns, the rail; and what is said when something is gone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dougong.people import sessions
from tests.web.conftest import DESK, PHONE, Site

NARROW = {"viewport": {"width": 1000, "height": 800}, "locale": "zh-CN"}


@pytest.fixture
def clients(site: Site) -> list[str]:
    """The newest stands first: 丙, 乙, 甲."""
    return [site.make("wang", "deals.client", name=f"{n}医院", phone=f"1380000000{p}", cost=str(p * 100)) for p, n in enumerate("甲乙丙")]


def chosen(page: Page) -> str:
    return page.locator("tr[aria-selected=true] .name").inner_text()


def test_a_record_stands_beside_its_list_and_the_keyboard_is_enough(clients: list[str], visit: Callable[..., Page]) -> None:
    page = visit("wang", DESK)
    page.goto("/a/deals/client")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    expect(panel.locator(".record-name")).to_have_text("乙医院")
    assert page.url.endswith(f"open={clients[1]}")
    box = panel.bounding_box()
    assert box and box["width"] == 640 and page.evaluate("document.documentElement.scrollWidth") <= 1440
    page.keyboard.press("k")
    expect(panel.locator(".record-name")).to_have_text("丙医院")
    page.reload()
    expect(panel.locator(".record-name")).to_have_text("丙医院")
    page.keyboard.press("c")
    page.keyboard.type("看过了")
    panel.get_by_role("button", name="发送").click()
    expect(panel.locator(".timeline")).to_contain_text("看过了")
    expect(panel.locator("#f-body")).to_have_value("")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/a/deals/client/{clients[2]}")
    expect(page.locator("h1")).to_have_text("丙医院")
    page.keyboard.press("Escape")
    expect(panel.locator(".record-name")).to_have_text("丙医院")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert chosen(page) == "丙医院" and "open=" not in page.url
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


def test_back_shuts_the_panel_and_forward_opens_it(clients: list[str], visit: Callable[..., Page]) -> None:
    page = visit("wang", DESK)
    page.goto("/a/deals/client")
    page.click("text=甲医院")
    expect(page.locator("#panel .record-name")).to_have_text("甲医院")
    page.go_back()
    expect(page.locator("#panel")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#panel .record-name")).to_have_text("甲医院")


@pytest.mark.parametrize("device", [PHONE, NARROW], ids=["phone", "narrow"])
def test_where_there_is_no_room_a_row_leads_to_the_page(
    clients: list[str], visit: Callable[..., Page], device: dict[str, object]
) -> None:
    page = visit("wang", device)
    page.goto("/a/deals/client")
    page.click("text=甲医院")
    page.wait_for_url(f"**/a/deals/client/{clients[0]}")
    page.goto(f"/a/deals/client?open={clients[1]}")
    page.wait_for_url(f"**/a/deals/client/{clients[1]}")


def test_rows_are_ticked_in_a_range_changed_and_taken_back(site: Site, clients: list[str], visit: Callable[..., Page]) -> None:
    site.client("li").post("/a/deals/client/columns", {"column": ["cost", "grade"]})
    page = visit("li", DESK)
    page.goto("/a/deals/client")
    ticks = page.locator("[data-tick]")
    ticks.nth(0).click()
    ticks.nth(2).click(modifiers=["Shift"])
    expect(page.locator(".bulk")).to_contain_text("已选 3 条")
    expect(page.locator(".bulk .sum")).to_contain_text("300.00")
    ticks.nth(1).click()
    expect(page.locator(".bulk")).to_contain_text("已选 2 条")
    page.click(".bulk >> text=改字段")
    page.select_option("#f-field", "grade")
    page.locator("#bulk-control label", has_text="甲级").click()
    page.click("dialog#bulk-sheet .primary")
    expect(page.locator(".toast")).to_contain_text("已改 2 条")
    expect(page.locator("td", has_text="甲级")).to_have_count(2)
    page.click(".toast [data-undo]")
    expect(page.locator("td", has_text="甲级")).to_have_count(0)


def test_columns_and_a_view_are_one_s_own_and_the_rail_stays_folded(clients: list[str], visit: Callable[..., Page]) -> None:
    page = visit("wang", DESK)
    page.goto("/a/deals/client?f.cost.ge=100")
    page.click("[data-sheet=columns]")
    page.locator("#columns li", has_text="邮箱").get_by_role("checkbox").uncheck()
    page.locator("#columns li", has_text="底价").get_by_role("checkbox").check()
    page.click("#columns .primary")
    expect(page.locator("thead")).to_contain_text("底价")
    expect(page.locator("thead")).not_to_contain_text("邮箱")
    page.click("[data-sheet=keep]")
    page.fill("#f-name", "贵的")
    page.click("#keep .primary")
    expect(page.locator(".chip[aria-current]")).to_have_text("贵的")
    expect(page.locator(".list tbody tr")).to_have_count(2)
    page.click("[data-fold]")
    page.reload()
    rail = page.locator(".rail").bounding_box()
    assert rail and rail["width"] == 56
    assert page.get_by_role("link", name="客户", exact=True).first.is_visible()


def test_what_is_gone_is_said_and_not_a_blank(site: Site, clients: list[str], visit: Callable[..., Page]) -> None:
    page = visit("wang", DESK)
    page.goto("/a/deals/client")
    site.client("li").post(f"/a/deals/client/{clients[0]}/delete")
    page.context.set_offline(True)
    page.click("text=乙医院")
    expect(page.locator("#panel [role=alert]")).to_contain_text("没有网络")
    page.context.set_offline(False)
    page.click("#panel >> text=再试")
    expect(page.locator("#panel .record-name")).to_have_text("乙医院")


def test_a_colleague_s_change_and_deletion_are_told_while_one_reads(site: Site, clients: list[str]) -> None:
    wang, li = site.client("wang"), site.client("li")
    found = re.search(r'hx-get="([^"]+/since/\d+)"', wang.get(f"/a/deals/client/{clients[0]}").text)
    assert found and wang.get(found[1]).text == ""
    wang.post(f"/a/deals/client/{clients[0]}/field/mail", {"mail": "a@example.com"})
    assert wang.get(found[1]).text == ""
    li.post(f"/a/deals/client/{clients[0]}/field/grade", {"grade": "a"})
    assert "李敏 刚刚改了：等级" in wang.get(found[1]).text
    li.post(f"/a/deals/client/{clients[0]}/delete")
    part = wang.get(f"/a/deals/client/{clients[0]}", headers={"HX-Request": "true", "HX-Target": "panel"})
    assert part.status_code == 404 and "李敏 在" in part.text and "<html" not in part.text
    assert "李敏" not in site.client("zhou").get(f"/a/deals/client/{clients[0]}").text


def test_a_session_that_ended_in_the_middle_of_a_form_loses_nothing(site: Site, visit: Callable[..., Page]) -> None:
    page = visit("wang", PHONE)
    page.goto("/a/deals/client/new")
    page.fill("#f-name", "写了很久")
    page.fill("#f-phone", "13712345678")
    page.wait_for_timeout(400)
    with site.runtime.store.write() as connection:
        sessions.end_all(connection, site.people["wang"])
    page.click(".form-foot .primary")
    page.fill("[name=name]", "wang")
    page.fill("[name=password]", "maple-river-copper-42")
    page.click("button.primary")
    page.wait_for_url("**/a/deals/client/new")
    expect(page.locator("#f-name")).to_have_value("写了很久")
    page.click(".form-foot .primary")
    page.wait_for_url("**/a/deals/client/*-*")
    expect(page.locator("h1")).to_contain_text("写了很久")


def test_all_functions_are_searched_on_the_phone(visit: Callable[..., Page]) -> None:
    page = visit("wang", PHONE)
    page.click("nav.bottom a[href='/me']")
    page.fill("[data-narrow] input", "电话")
    expect(page.locator("[data-narrow] .places a:visible")).to_have_count(1)
    page.fill("[data-narrow] input", "没有的")
    expect(page.locator("[data-none]")).to_be_visible()


def test_on_the_phone_a_picker_is_a_sheet_that_its_veil_closes(clients: list[str], visit: Callable[..., Page]) -> None:
    page = visit("wang", PHONE)
    page.goto("/a/deals/deal/new")
    page.locator("#f-client").click()
    sheet = page.locator(".picker.up")
    expect(sheet.locator("b")).to_have_text("客户")
    expect(sheet.locator("[role=option]")).to_have_count(3)
    box = sheet.bounding_box()
    assert box and (box["x"], box["width"]) == (0, 390) and box["y"] + box["height"] >= 843
    page.mouse.click(195, 20)
    expect(sheet).to_have_count(0)
    page.locator("#f-client").click()
    sheet.locator("[role=option]", has_text="乙医院").click()
    expect(page.locator("#f-client")).to_have_value("乙医院")
    expect(sheet).to_have_count(0)
