"""What happens while one stands on a page: a rule's pop-up, a record that a picker missed; what the server alone knows; large type."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from dougong.clock import VirtualClock
from tests.web.conftest import DESK, PHONE, Site

MONDAY = datetime(2027, 3, 1, 1, 30, tzinfo=UTC)
LONG = "浙江省宁波市海曙区望春街道社区卫生服务中心骨伤康复分院康复医学科二部"
"""34 characters, as public hospitals have them."""
ENLARGE = """times => {
    const styled = [...document.body.querySelectorAll("*")].map(e => [e, getComputedStyle(e)]);
    for (const [e, size, line] of styled.map(([e, s]) => [e, s.fontSize, s.lineHeight])) {
        e.style.fontSize = parseFloat(size) * times + "px";
        if (line.endsWith("px")) e.style.lineHeight = parseFloat(line) * times + "px";
    }
}"""
"""What a phone does whose owner reads large type: the text alone grows."""


@pytest.fixture
def clock(site: Site) -> VirtualClock:
    site.runtime.clock = VirtualClock(MONDAY)
    return site.runtime.clock


def test_a_rule_s_pop_up_comes_by_itself_and_goes_with_one_tap(site: Site, clock: VirtualClock, visit: Callable[..., Page]) -> None:
    site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000", grade="a")
    page = visit("wang", PHONE)
    page.goto("/a/deals/client/new")
    page.fill("#f-name", "正在写")
    expect(page.locator("dialog#popup")).to_have_count(0)
    clock.move_to(MONDAY + timedelta(hours=49))
    site.runtime.work()
    expect(page.locator("dialog#popup")).to_contain_text("宁波骨科医院：请补录进展", timeout=15_000)
    other = page.context.new_page()
    other.goto("/")
    expect(other.locator(".card").first).to_contain_text("客户无进展提醒")
    other.close()
    page.click("dialog#popup button:has-text('知道了')")
    expect(page.locator("dialog#popup")).to_have_count(0)
    expect(page).to_have_url(re.compile("/a/deals/client/new$"))
    expect(page.locator("#f-name")).to_have_value("正在写")
    page.goto("/")
    expect(page.locator(".card").first).to_contain_text("没有等你办的事")


def test_a_pop_up_leads_to_its_record(site: Site, clock: VirtualClock, visit: Callable[..., Page]) -> None:
    client = site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000", grade="a")
    clock.move_to(MONDAY + timedelta(hours=49))
    site.runtime.work()
    page = visit("wang", PHONE)
    page.click("dialog#popup button.primary")
    page.wait_for_url(f"**/a/deals/client/{client}")


def test_a_record_that_a_picker_misses_is_made_and_chosen(site: Site, visit: Callable[..., Page]) -> None:
    page = visit("wang", DESK)
    page.goto("/a/deals/deal/new?name=推车")
    page.fill("#f-amount", "240000")
    page.fill("#f-client", "新来的医院")
    page.click(".picker-list [role=option]:has-text('新建「新来的医院」')")
    expect(page.locator("h1")).to_have_text("新建客户")
    expect(page.locator("#f-name")).to_have_value("新来的医院")
    page.fill("#f-phone", "13800000000")
    page.click(".form-foot .primary")
    expect(page.locator("h1")).to_have_text("新建商机")
    expect(page.locator("#f-client")).to_have_value("新来的医院")
    expect(page.locator("#f-amount")).to_have_value("240000")
    page.click(".form-foot .primary")
    page.wait_for_url("**/a/deals/deal/*-*")
    expect(page.locator("#tab-facts")).to_contain_text("新来的医院")


def test_only_who_may_add_is_offered_to(site: Site) -> None:
    client = re.compile(r'data-field="client"[^<]*<label.*?data-create="/a/deals/client/new"', re.S)
    assert client.search(site.client("wang").get("/a/deals/deal/new").text)
    other = site.client("he").get("/a/deals/call/new").text
    assert 'data-picker="client"' in other.replace("deals.", "") and "data-create" not in other


@pytest.mark.parametrize(
    ("grade", "amount", "shown", "required"), [("a", "10", True, False), ("a", "2000000", True, True), ("b", "2000000", False, False)]
)
def test_conditions_over_links_hold_at_first_drawing(site: Site, grade: str, amount: str, shown: bool, required: bool) -> None:
    client = site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000", grade=grade)
    page = site.client("wang").get(f"/a/deals/deal/new?client={client}&amount={amount}").text
    found = re.search(r'<div class="field[^>]*data-field="board"[^>]*>', page)
    assert found and (" hidden" not in found[0], "data-required" in found[0]) == (shown, required)


def test_what_the_server_hid_stays_hidden_in_the_browser(site: Site, visit: Callable[..., Page]) -> None:
    client = site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000", grade="b")
    page = visit("wang", DESK)
    page.goto(f"/a/deals/deal/new?client={client}")
    page.fill("#f-name", "推车")
    expect(page.locator("[data-field=board]")).to_be_hidden()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("times", [1, 2])
def test_long_names_and_large_text_never_scroll_sideways(site: Site, visit: Callable[..., Page], language: str, times: int) -> None:
    client = site.make("wang", "deals.client", name=LONG, phone="13800000000", grade="a", cost="1234567890.12")
    deal = site.make("wang", "deals.deal", name=f"{LONG}二期", client=client, amount="1234567890.12", board="同意")
    site.make("wang", "deals.call", client=client, kind="first")
    page = visit("wang", PHONE)
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql(f"update dg_user set language = '{language}'")
    places = ["/", "/inbox", "/runs", "/me", "/me/devices", "/search?q=宁波", "/a/deals/product"]
    places += [f"/a/deals/{form}" for form in ("client", "deal", "call")]
    places += [f"/a/deals/{place}{part}" for place in (f"client/{client}", f"deal/{deal}") for part in ("", "/edit")]
    places += [f"/a/deals/{form}/new" for form in ("client", "deal", "call")]
    wide = {}
    for place in places:
        page.goto(place)
        page.evaluate(ENLARGE, times)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 390:
            wide[place] = width
    assert not wide
