"""A list's cell is edited where it stands, at the desk."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dougong.context import SYSTEM
from dougong.records import query
from tests.web.conftest import DESK, Site


@pytest.fixture
def client(site: Site) -> str:
    return site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000", mail="a@example.com", grade="b")


def value(site: Site, uid: str, field: str) -> object:
    with site.runtime.read(SYSTEM) as ctx:
        return query.get(ctx, "deals.client", uid=uid)[field]


def test_saving_a_cell_says_so_and_can_be_taken_back(site: Site, client: str) -> None:
    wang, url = site.client("wang"), f"/a/deals/client/{client}/cell/grade"
    assert "data-field" not in wang.get(url).text and 'name="grade"' in wang.get(url).text
    answer = wang.post(url, {"grade": "c"})
    told = json.loads(answer.headers["X-Toast"])
    assert (answer.status_code, value(site, client, "grade")) == (204, "c")
    wang.post(told["undo"])
    assert value(site, client, "grade") == "b"


def test_a_fault_stands_in_the_cell_with_what_was_typed(site: Site, client: str) -> None:
    answer = site.client("wang").post(f"/a/deals/client/{client}/cell/phone", {"phone": "12"})
    assert answer.status_code == 422 and 'value="12"' in answer.text and 'class="error"' in answer.text


def test_a_unique_value_is_saved_without_a_way_back(site: Site, client: str) -> None:
    answer = site.client("wang").post(f"/a/deals/client/{client}/cell/phone", {"phone": "13900000000"})
    assert json.loads(answer.headers["X-Toast"])["undo"] == ""


@pytest.mark.parametrize("field", ["remark", "pool", "margin", "nothing"])
def test_long_texts_and_computed_values_are_not_edited_in_a_cell(site: Site, client: str, field: str) -> None:
    assert site.client("wang").get(f"/a/deals/client/{client}/cell/{field}").status_code == 404


def test_enter_saves_esc_leaves_and_e_begins(site: Site, visit: Callable[..., Page], client: str) -> None:
    page = visit("wang", DESK)
    page.goto("/a/deals/client")
    page.locator("#list td", has_text="13800000000").dblclick()
    page.locator(".cell-edit input[name=phone]").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator(".cell-edit .error")).to_be_visible()
    page.locator(".cell-edit input[name=phone]").fill("13900000000")
    page.keyboard.press("Enter")
    expect(page.locator("#list")).to_contain_text("13900000000")
    expect(page.locator(".cell-edit")).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator(".cell-edit")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".cell-edit")).to_have_count(0)
