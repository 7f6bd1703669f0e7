"""A new line inside a form begins with its columns' defaults; those over a link are asked for, with the reader's rights."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import DESK, Site

URL = "/a/deals/deal/line/items/3"


@pytest.fixture
def product(site: Site) -> str:
    return site.make("li", "deals.product", name="接骨板", price="3680")


def test_the_page_knows_constants_and_which_columns_let_others_follow(site: Site) -> None:
    page = site.client("wang").get("/a/deals/deal/new").text
    found = re.search(r'data-defaults="([^"]*)"', page)
    assert found and json.loads(unescape(found[1])) == {"constants": {"qty": 1}, "after": ["product"], "url": "/a/deals/deal/line/items/"}


def test_what_follows_from_the_chosen_record_is_told_for_that_row_alone(site: Site, product: str) -> None:
    answer = site.client("wang").post(URL, {"name": "骨科一期", "items-3-product": product, "items-3-qty": "5", "items-1-qty": "9"})
    assert answer.get_json() == {"price": "3680.00"}


def test_what_the_person_wrote_himself_stays(site: Site, product: str) -> None:
    assert site.client("wang").post(URL, {"items-3-product": product, "items-3-price": "12"}).get_json() == {"qty": 1}


@pytest.mark.parametrize("url", ["/a/deals/deal/line/name/0", "/a/deals/deal/line/nothing/0", "/a/deals/nothing/line/items/0"])
def test_there_is_nothing_to_ask_where_no_lines_are(site: Site, url: str) -> None:
    assert site.client("wang").post(url, {}).status_code == 404


def test_a_stranger_is_sent_to_sign_in(site: Site) -> None:
    assert site.client().post(URL, {}).status_code in (302, 303)


def test_a_new_line_shows_its_defaults_and_total_and_an_untouched_one_is_not_sent(
    site: Site, visit: Callable[..., Page], product: str
) -> None:
    client = site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000")
    page = visit("wang", DESK)
    page.goto(f"/a/deals/deal/new?client={client}&name=骨科一期")
    page.locator("[data-add]").click()
    expect(page.locator("[name=items-0-qty]")).to_have_value("1")
    page.locator("[name=items-0-qty]").fill("2")
    page.locator(".lines [role=combobox]").first.click()
    page.locator(".picker-list [role=option]", has_text="接骨板").click()
    expect(page.locator("[name=items-0-price]")).to_have_value("3680.00")
    expect(page.locator("[data-field=sum] [data-computed]")).to_contain_text("7,360")
    page.locator("[data-add]").click()
    page.get_by_role("button", name="保存").click()
    expect(page.locator("h1")).to_have_text("骨科一期")
    expect(page.locator("body")).to_contain_text("7,360")
