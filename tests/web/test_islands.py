"""What the pages' scripts do, in Chromium, under the strict content policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.web import islands
from tests.web.islands import Islands

DRAFT = "Object.keys(localStorage).some(name => name.startsWith('draft:'))"


def until(page: Page, condition: str) -> None:
    """Waits as long as for anything else; the content policy forbids the browser to do it by itself."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


@pytest.fixture
def made() -> Iterator[Islands]:
    with islands.serve() as served:
        yield served


def test_a_picker_offers_recent_ones_then_what_matches_and_takes_it_by_the_keyboard(page_desk: Page, made: Islands) -> None:
    page_desk.goto(f"{made.address}/form")
    who = page_desk.get_by_role("combobox", name="对象")
    who.click()
    expect(page_desk.get_by_role("option")).to_have_count(4)
    expect(page_desk.get_by_text("最近用过")).to_be_visible()
    who.press_sequentially("医院")
    expect(page_desk.get_by_role("option")).to_have_count(3)
    who.press("ArrowDown")
    who.press("Enter")
    expect(who).to_have_value("鄞州第二医院")
    expect(page_desk.locator("input[name=who]")).to_have_value("uid-1")


def test_what_was_typed_into_a_picker_but_not_chosen_is_not_taken(page_desk: Page, made: Islands) -> None:
    page_desk.goto(f"{made.address}/form")
    who = page_desk.get_by_role("combobox", name="对象")
    who.fill("别的")
    page_desk.get_by_label("备注").focus()
    expect(who).to_have_value("")
    expect(page_desk.locator("input[name=who]")).to_have_value("")


def test_conditions_show_and_demand_fields_while_one_types(page_phone: Page, made: Islands) -> None:
    page_phone.goto(f"{made.address}/form")
    missing, reason = page_phone.locator("[data-missing]"), page_phone.locator("[data-field=reason]")
    expect(missing).to_have_text("还差 2 项 ›")
    page_phone.get_by_text("演示", exact=True).last.click()
    expect(missing).to_have_text("还差 2 项 ›")  # 动作 is there, 演示稿 is demanded instead
    expect(page_phone.locator("[data-field=slides] .optional")).to_be_hidden()
    expect(reason).to_be_hidden()
    page_phone.get_by_label("金额").fill("１２0,000.50")
    expect(reason).to_be_visible()
    page_phone.get_by_role("switch", name="同意录音").check()
    expect(reason).to_be_hidden()


@pytest.mark.parametrize(
    ("typed", "double", "share"),
    [("643000", "¥1,286,000.00", "64.3 %"), ("5", "¥10.00", "0.0005 %"), ("-70000.5", "¥-140,001.00", "-7.0001 %"), ("much", "", "")],
)
def test_a_formula_is_worked_out_while_one_types(page_desk: Page, made: Islands, typed: str, double: str, share: str) -> None:
    page_desk.goto(f"{made.address}/form")
    page_desk.get_by_label("金额").fill(typed)
    expect(page_desk.locator("[data-field=double] output")).to_have_text(double)
    expect(page_desk.locator("[data-field=share] output")).to_have_text(share)


def test_an_unfinished_form_says_what_is_missing_beside_the_field_and_is_not_sent(page_phone: Page, made: Islands) -> None:
    page_phone.goto(f"{made.address}/form")
    page_phone.get_by_role("button", name="提交").click()
    expect(page_phone.locator("[data-field=who] .error")).to_have_text("请填上这一项。")
    expect(page_phone.locator("#f-who")).to_be_focused()
    assert made.posted == []


def test_what_was_typed_is_back_after_a_reload_and_gone_once_the_server_has_it(page_desk: Page, made: Islands) -> None:
    page_desk.goto(f"{made.address}/form")
    page_desk.get_by_role("combobox", name="对象").click()
    page_desk.get_by_role("option").first.click()
    page_desk.get_by_text("首次").click()
    page_desk.get_by_label("备注").fill("要三年维保")
    page_desk.locator("[data-add]").click()
    page_desk.locator("[name=items-0-item]").fill("螺钉")
    page_desk.locator("input[type=file]").set_input_files({"name": "方案.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(page_desk.locator("[name=slides][value=file-1]")).to_be_attached()
    until(page_desk, "Object.values(localStorage).some(kept => kept.includes('file-1'))")

    page_desk.reload()
    expect(page_desk.locator(".toast")).to_contain_text("上次填的内容还在")
    expect(page_desk.get_by_role("combobox", name="对象")).to_have_value("宁波骨科医院")
    expect(page_desk.get_by_label("备注")).to_have_value("要三年维保")
    expect(page_desk.get_by_text("方案.txt")).to_be_visible()

    page_desk.get_by_role("button", name="提交").click()
    expect(page_desk.locator(".toast")).to_contain_text("已记下")
    sent = dict(made.posted[0])
    assert {k: sent[k] for k in ("who", "kind", "note", "items-0-item", "slides")} == {
        "who": "uid-0", "kind": "first", "note": "要三年维保", "items-0-item": "螺钉", "slides": "file-1",
    }  # fmt: skip
    until(page_desk, f"!({DRAFT})")


def test_a_draft_can_be_thrown_away(page_desk: Page, made: Islands) -> None:
    page_desk.goto(f"{made.address}/form")
    page_desk.get_by_label("备注").fill("算了")
    until(page_desk, DRAFT)
    page_desk.reload()
    page_desk.get_by_role("button", name="重新填").click()
    expect(page_desk.get_by_label("备注")).to_have_value("")


def test_rows_are_added_pasted_from_a_spreadsheet_and_removed(page_desk: Page, made: Islands) -> None:
    page_desk.goto(f"{made.address}/form")
    page_desk.locator("[data-add]").click()
    page_desk.locator("[name=items-0-item]").evaluate(
        """(cell) => {
            const data = new DataTransfer();
            data.setData("text/plain", "螺钉\\t12\\n钢板\\t3\\n");
            cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page_desk.locator("[name=items-1-item]")).to_have_value("钢板")
    expect(page_desk.locator("[name=items-1-qty]")).to_have_value("3")
    page_desk.locator("[name=items-1-qty]").press("ArrowUp")
    expect(page_desk.locator("[name=items-0-qty]")).to_be_focused()
    page_desk.locator("[data-lines] [data-remove]").first.click()
    expect(page_desk.locator("[name=items-0-item]")).to_have_count(0)
    expect(page_desk.locator("[name=items-1-item]")).to_have_value("钢板")


def test_a_file_that_is_refused_says_why_and_can_be_sent_again(page_phone: Page, made: Islands) -> None:
    page_phone.goto(f"{made.address}/form")
    made.refuse_files = True
    page_phone.locator("input[type=file]").set_input_files({"name": "方案.exe", "mimeType": "text/plain", "buffer": b"x"})
    expect(page_phone.get_by_text("这种文件不收。")).to_be_visible()
    made.refuse_files = False
    page_phone.get_by_role("button", name="再试").click()
    expect(page_phone.locator("[name=slides][value=file-1]")).to_be_attached()


def test_an_optional_choice_is_taken_back_by_pressing_it_again(page_phone: Page, made: Islands) -> None:
    page_phone.goto(f"{made.address}/form")
    chosen = page_phone.locator("[name=goal][value=sign]")
    page_phone.get_by_text("签约").click()
    expect(chosen).to_be_checked()
    page_phone.get_by_text("签约").click()
    expect(chosen).not_to_be_checked()
    expect(page_phone.locator("[name=goal][value='']")).to_be_checked()


def test_j_and_k_walk_the_list_enter_opens_and_c_writes(page_desk: Page, made: Islands) -> None:
    page_desk.goto(f"{made.address}/list")
    for key in "jjjk":
        page_desk.keyboard.press(key)
    expect(page_desk.locator("tr[aria-selected=true]")).to_have_text("鄞州第二医院")
    page_desk.keyboard.press("c")
    expect(page_desk.locator("[data-key=c]")).to_be_focused()
    page_desk.keyboard.type("jk")
    expect(page_desk.locator("[data-key=c]")).to_have_value("jk")
    page_desk.locator("[data-key=c]").blur()
    page_desk.keyboard.press("Enter")
    page_desk.wait_for_url("**/form?n=2")


def test_control_k_searches_everything(page_desk: Page, made: Islands) -> None:
    page_desk.goto(f"{made.address}/list")
    page_desk.keyboard.press("Control+k")
    page_desk.keyboard.type("骨科")
    expect(page_desk.get_by_role("option")).to_have_count(1)
    page_desk.keyboard.press("Enter")
    page_desk.wait_for_url("**/form?n=0")


def test_a_sheet_opens_and_closes_and_a_menu_gives_way(page_phone: Page, made: Islands) -> None:
    page_phone.goto(f"{made.address}/list")
    page_phone.get_by_role("button", name="筛选").click()
    expect(page_phone.get_by_role("dialog")).to_be_visible()
    page_phone.get_by_role("button", name="关闭").click()
    expect(page_phone.get_by_role("dialog")).to_be_hidden()
    page_phone.locator("[data-menu] summary").click()
    expect(page_phone.get_by_text("删除")).to_be_visible()
    page_phone.get_by_role("heading", name="清单").click()
    expect(page_phone.get_by_text("删除")).to_be_hidden()


def test_a_toast_takes_back_what_happened(page_phone: Page, made: Islands) -> None:
    page_phone.goto(f"{made.address}/saved")
    with page_phone.expect_response("**/undo"):
        page_phone.get_by_role("button", name="撤销").click()
    assert made.undone == 1


@pytest.mark.parametrize("path", ["/form", "/list", "/form?locale=en"])
def test_pages_fit_the_phone_and_stay_readable(page_phone: Page, made: Islands, path: str) -> None:
    page_phone.goto(made.address + path)
    assert page_phone.evaluate("document.documentElement.scrollWidth") == 390
    sizes = "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(page_phone.eval_on_selector_all("input:not([type=hidden]), select, textarea", sizes)) >= 16
    shown = page_phone.locator("body").inner_text()
    assert not {"undefined", "None", "暂无数据"} & set(shown.split())


def test_the_primary_button_lies_under_the_thumb(page_phone: Page, made: Islands) -> None:
    page_phone.goto(f"{made.address}/form")
    box = page_phone.get_by_role("button", name="提交").bounding_box()
    assert box and box["y"] > 844 - 320 and box["height"] >= 44
