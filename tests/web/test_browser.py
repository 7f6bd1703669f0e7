"""The main flows in Chromium, on the phone and at the desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import DESK, PHONE, Site

SMALL_INPUTS = """[...document.querySelectorAll("input:not([type=hidden], [type=radio], [type=checkbox], [type=file]), select, textarea")]
    .filter(e => e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 16).map(e => e.name)"""
"""Where a phone would zoom in on being touched."""


@pytest.fixture
def client(site: Site) -> str:
    site.make("wang", "deals.client", name="慈溪市人民医院", phone="13900000000", grade="b")
    return site.make("wang", "deals.client", name="浙江宁波鄞州骨科医院股份有限公司", phone="13800000000", grade="a", cost="10")


def test_a_call_is_noted_on_the_phone_with_a_fault_mended(site: Site, client: str, visit: Callable[..., Page]) -> None:
    page = visit("wang", PHONE)
    page.click("nav.bottom a.middle")
    expect(page.locator("h1")).to_have_text("新建电话记录")
    expect(page.locator("[data-field=slides]")).to_be_hidden()
    page.click("text=演示")
    expect(page.locator("[data-field=slides]")).to_be_visible()
    page.click(".form-foot .primary")
    expect(page.locator("#e-client")).to_be_visible()
    expect(page.locator("[data-missing]")).to_contain_text("2")
    page.fill("#f-client", "nbyz")
    page.locator(".picker-list [role=option]").first.click()
    expect(page.locator("#f-client")).to_have_value("浙江宁波鄞州骨科医院股份有限公司")
    page.fill("#f-slides", "三维方案")
    page.click(".form-foot .primary")
    page.wait_for_url("**/a/deals/call/*-*")
    expect(page.locator("h1")).to_contain_text("演示")
    page.goto("/")
    expect(page.locator(".card").first).to_contain_text("补填：下一步")


def test_what_was_typed_survives_leaving(client: str, visit: Callable[..., Page]) -> None:
    page = visit("wang", PHONE)
    page.goto("/a/deals/client/new")
    page.fill("#f-name", "打了一半")
    page.wait_for_timeout(500)
    page.goto("/inbox")
    page.goto("/a/deals/client/new")
    expect(page.locator("#f-name")).to_have_value("打了一半")
    page.fill("#f-phone", "13700000000")
    page.click(".form-foot .primary")
    page.wait_for_url("**/a/deals/client/*-*")
    page.goto("/a/deals/client/new")
    expect(page.locator("#f-name")).to_have_value("")


def test_the_server_s_fault_stands_at_its_field(client: str, visit: Callable[..., Page]) -> None:
    page = visit("wang", PHONE)
    page.goto("/a/deals/client/new")
    page.fill("#f-name", "另一家")
    page.fill("#f-phone", "13800000000")
    page.click(".form-foot .primary")
    expect(page.locator("#e-phone")).to_contain_text("手机")
    expect(page.locator("#f-name")).to_have_value("另一家")


def test_a_list_is_searched_filtered_and_opened_on_the_phone(client: str, visit: Callable[..., Page]) -> None:
    page = visit("wang", PHONE)
    page.click("nav.bottom a[href='/a/deals/client']")
    expect(page.locator(".list tbody tr")).to_have_count(2)
    page.wait_for_load_state("networkidle")
    page.fill("input[name=q]", "cxs")
    expect(page.locator(".list tbody tr")).to_have_count(1)
    expect(page.locator("mark")).to_have_text("慈溪市")
    page.goto("/a/deals/client")
    page.click("[data-sheet=filters]")
    page.locator("#filters label", has_text="甲级").click()
    expect(page.locator("#hits")).to_contain_text("看 1 条")
    page.click("#hits")
    expect(page.locator(".list tbody tr")).to_have_count(1)
    expect(page.locator(".active-filters")).to_contain_text("等级 甲级")
    page.click(".list td.name a")
    expect(page.locator("h1")).to_contain_text("鄞州骨科医院")
    page.click("[role=tab]:has-text('资料')")
    expect(page.locator("#tab-facts")).to_be_visible()
    expect(page.locator("#tab-timeline")).to_be_hidden()


def test_a_deal_gets_lines_and_moves_on_with_what_was_missing(site: Site, client: str, visit: Callable[..., Page]) -> None:
    site.make("li", "deals.product", name="A3 推车", price="1200")
    page = visit("wang", DESK)
    page.goto(f"/a/deals/deal/new?client={client}")
    page.fill("#f-name", "推车二十台")
    page.click("[data-add]")
    row = page.locator("tbody tr.line").first
    row.locator("[role=combobox]").fill("A3")
    page.locator(".picker-list [role=option]").first.click()
    row.locator("[name='items-0-qty']").fill("20")
    row.locator("[name='items-0-price']").fill("1200")
    page.click(".form-foot .primary")
    page.wait_for_url("**/a/deals/deal/*-*")
    expect(page.locator("#tab-lines")).to_contain_text("¥24,000")
    page.keyboard.press("m")
    sheet = page.locator("dialog#move")
    expect(sheet).to_contain_text("还不能进入「需求确认」")
    sheet.locator("textarea[name=needs]").fill("二十台，三年维保")
    sheet.locator("button.primary").click()
    expect(page.locator(".stages [aria-current]")).to_have_text("需求确认")
    expect(page.locator(".timeline")).to_contain_text("推进到「需求确认」")


def test_a_field_is_edited_where_it_stands_and_why_is_answered(client: str, visit: Callable[..., Page]) -> None:
    page = visit("wang", DESK)
    page.goto(f"/a/deals/client/{client}")
    page.click("[aria-label='修改等级']")
    page.locator(".edit-in-place label", has_text="乙级").click()
    page.click(".edit-in-place .primary")
    expect(page.locator("#tab-facts")).to_contain_text("乙级")
    page.click(".why >> nth=0")
    expect(page.locator("dialog#why")).to_contain_text("grade == 'a'")


def test_the_keyboard_walks_a_list(client: str, visit: Callable[..., Page]) -> None:
    page = visit("wang", DESK)
    page.goto("/a/deals/client")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr[aria-selected=true] .name")).to_contain_text("慈溪")
    page.keyboard.press("Enter")
    expect(page.locator("#panel .record-name")).to_contain_text("慈溪")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("慈溪")
    page.keyboard.press("e")
    expect(page.locator("h1")).to_have_text("修改客户")
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("宁波")
    expect(page.locator(".find [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("宁波")


def test_a_message_is_opened_from_the_inbox(site: Site, client: str, visit: Callable[..., Page]) -> None:
    page = visit("wang", PHONE)
    page.goto(f"/a/deals/client/{client}")
    page.click("summary[aria-label='更多']")
    page.click("button:has-text('送资料')")
    site.runtime.work()
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql("update dg_notification set show_from = at")
    page.goto("/inbox")
    expect(page.locator(".message.unread")).to_have_count(1)
    page.click(".message .row-name")
    page.wait_for_url(f"**/a/deals/client/{client}")
    page.goto("/inbox")
    expect(page.locator(".message.unread")).to_have_count(0)


def test_deleting_is_undone_in_place(site: Site, client: str, visit: Callable[..., Page]) -> None:
    page = visit("li", DESK)
    page.goto(f"/a/deals/client/{client}")
    page.click("summary[aria-label='更多']")
    page.click("button:has-text('删除')")
    expect(page.locator(".list tbody tr")).to_have_count(1)
    page.click(".toast [data-undo]")
    expect(page.locator(".list tbody tr")).to_have_count(2)


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_scrolls_sideways(site: Site, client: str, visit: Callable[..., Page], device: dict[str, object]) -> None:
    deal = site.make("wang", "deals.deal", name="推车", client=client, amount="240000")
    page = visit("wang", device)
    width = device["viewport"]["width"]  # type: ignore[index]
    records = (f"/a/deals/client/{client}", f"/a/deals/deal/{deal}", f"/a/deals/deal/{deal}/edit")
    for address in ("/", "/a/deals/client", "/a/deals/deal", *records, "/inbox", "/runs", "/me"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        if device is PHONE:
            assert page.evaluate(SMALL_INPUTS) == [], address
    page.goto(f"/a/deals/client/{client}")
    if device is PHONE:
        box = page.locator(".foot .primary").bounding_box()
        assert box and box["height"] >= 44 and box["y"] > 844 - 320
