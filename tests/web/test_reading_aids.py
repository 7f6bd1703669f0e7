"""What a screen reader, a keyboard, large letters and the dark ask of the pages (axe-core, in Chromium)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.web.conftest import DESK, PHONE, Site

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}
ADDRESSES = ("/", "/a/deals/client", "/a/deals/deal", "/me", "/me/profile", "/inbox", "/runs", "/search?q=宁波")


@pytest.fixture
def client(site: Site) -> str:
    uid = site.make("wang", "deals.client", name="浙江宁波鄞州骨科医院股份有限公司", phone="13800000000", grade="a", cost="10")
    site.make("wang", "deals.deal", name="推车", client=uid, amount="240000")
    return uid


def faults(page: Page) -> list[str]:
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    return [f"{page.url} {one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]


@pytest.mark.parametrize(
    "device", [PHONE, {**DESK, "color_scheme": "dark", "reduced_motion": "reduce"}], ids=["phone", "dark desk"]
)
def test_every_daily_page_can_be_read_aloud_and_by_weak_eyes(client: str, visit: Callable[..., Page], device: dict[str, Any]) -> None:
    page = visit("wang", device)
    wrong: list[str] = []
    for address in (*ADDRESSES, f"/a/deals/client/{client}"):
        page.goto(address)
        wrong += faults(page)
    assert not wrong


def test_panel_and_sheets_too_and_the_focus_stays_in_them(client: str, visit: Callable[..., Page]) -> None:
    page = visit("wang", {**DESK, "reduced_motion": "reduce"})
    page.goto("/a/deals/client")
    page.click("td.name a")
    expect(page.locator("#panel .record-name")).to_be_visible()
    assert not faults(page)
    page.click("#panel [data-panel-close]")
    for sheet in ("filters", "columns", "keep"):
        page.click(f"[data-sheet={sheet}] >> visible=true")
        assert not faults(page)
        for _ in range(4):
            page.keyboard.press("Shift+Tab")
            assert page.evaluate(f"document.activeElement === document.body || document.activeElement.closest('#{sheet}') !== null")
        page.keyboard.press("Escape")
        expect(page.locator(f"#{sheet}")).to_be_hidden()


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
def test_letters_of_twice_the_size_break_nothing(client: str, visit: Callable[..., Page], device: dict[str, Any]) -> None:
    """Zoom of 200 % is half the width: the desk becomes a narrow page, the phone one of 195."""
    page = visit("wang", device)
    width = device["viewport"]["width"] // 2
    page.set_viewport_size({"width": width, "height": device["viewport"]["height"] // 2})
    for address in ("/", "/a/deals/client", f"/a/deals/client/{client}", "/me/profile"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= max(width, 320), address
