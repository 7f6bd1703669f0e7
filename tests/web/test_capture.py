"""What is written, spoken, photographed, scanned and signed, in Chromium with a camera and a microphone that play a file."""

from __future__ import annotations

import io
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from dougong.files import attachments
from dougong.records import query
from dougong.runtime import Runtime
from dougong.settings import Settings
from dougong.web.app import create_app
from tests.browser import FLAGS
from tests.web.conftest import DESK, PASSWORD, PHONE, Site, build, staff
from tests.web.test_form import hidden
from tests.web.test_islands import until

CODE = "6901234567892"
NEW = "/a/yard/check/new"
ALLOWED = ["camera", "microphone", "geolocation"]
HERE = {"latitude": 29.868, "longitude": 121.544, "accuracy": 12}
NOTHING = """() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    navigator.geolocation.getCurrentPosition = (found, failed) => failed();
}"""
HEARD = """() => {
    const append = FormData.prototype.append;
    window.heard = [];
    FormData.prototype.append = function (name, ...rest) {
        window.heard.push([name, String(rest[0])]);
        return append.call(this, name, ...rest);
    };
}"""


def picture(text: str) -> bytes:
    """A photo of a QR code, as JPEG."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=8, border=6)
    sheet = Image.new("RGB", (640, 480), "#b8b0a0")
    code = Image.open(drawn).convert("RGB")
    sheet.paste(code, ((640 - code.width) // 2, (480 - code.height) // 2))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=80)
    return out.getvalue()


@pytest.fixture(scope="module")
def open_camera(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., BrowserContext]]:
    """A second browser whose camera sees one QR code and whose microphone beeps."""
    film = tmp_path_factory.mktemp("film") / "code.mjpeg"
    film.write_bytes(picture(CODE) * 2)
    media = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={film}")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    seeing = browser.browser_type.launch(executable_path=program, args=[*FLAGS, *media])
    yield seeing.new_context
    seeing.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """The database that each test gets a copy of."""
    home = tmp_path_factory.mktemp("yard")
    made = build(home, Path(__file__).parent / "capture")
    staff(made, "yard", {"li": ("李敏", "keeper", "")})
    made.make("li", "yard.thing", name="三维推车", code=CODE, phone="13800000000")
    made.make("li", "yard.thing", name="旧推车", code="4006381333931", gone=True)
    made.runtime.close()
    return home, made.people


@pytest.fixture
def yard(tmp_path: Path, filled: tuple[Path, dict[str, int]]) -> Iterator[Site]:
    home, people = filled
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    settings = replace(Settings.read({}), home=tmp_path, database_url=f"sqlite:///{tmp_path / 'dougong.db'}")
    made = Site(Runtime(settings), dict(people))
    yield made
    made.runtime.close()


@pytest.fixture
def page(yard: Site, open_camera: Callable[..., BrowserContext], request: pytest.FixtureRequest) -> Iterator[Page]:
    """The new entry's page, at the size that the test names (the phone); what the console reports fails the test."""
    server = make_server("127.0.0.1", 0, create_app(yard.runtime), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    shape: dict[str, Any] = getattr(request, "param", PHONE)
    context = open_camera(**{**shape, "base_url": f"http://127.0.0.1:{server.server_port}", "geolocation": HERE})
    context.grant_permissions(ALLOWED)
    faults: list[str] = []
    try:
        opened = context.new_page()
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("console", lambda said: faults.append(said.text) if said.type == "error" and "422" not in said.text else None)
        opened.goto(f"/sign-in?next={NEW}")
        opened.fill("[name=name]", "li")
        opened.fill("[name=password]", PASSWORD)
        opened.click("button.primary")
        opened.wait_for_url(f"**{NEW}")
        yield opened
    finally:
        context.close()
        server.shutdown()
        thread.join()
    assert not faults


def rows(yard: Site) -> list[dict[str, Any]]:
    with yard.runtime.read(yard.runtime.actor(yard.people["li"])) as ctx:
        return list(query.page(ctx, query.Query("yard.check")).rows)


def save(page: Page) -> None:
    page.click(".form-foot .primary")
    page.wait_for_url(re.compile(r"/a/yard/check/[0-9a-f-]{36}$"))


def choose(page: Page) -> None:
    page.fill("#f-thing", "swtc")
    page.locator(".picker[data-field=thing]", has=page.locator("#f-thing")).locator("[data-id]").click()


@pytest.mark.parametrize("page", [PHONE, DESK], ids=["phone", "desk"], indirect=True)
def test_rich_text_is_written_with_a_bar_and_kept_clean(yard: Site, page: Page) -> None:
    choose(page)
    sheet = page.get_by_role("textbox", name="说明")
    sheet.click()
    page.get_by_role("button", name="加粗").click()
    page.keyboard.type("急")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="项目符号").click()
    page.keyboard.type("两箱")
    sheet.evaluate(
        """(place) => {
            const data = new DataTransfer();
            data.setData("text/html", '<p style="color:red" onclick="x()">破<img src=x onerror=alert(1)>损</p><script>alert(1)</script>');
            place.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    page.reload()
    expect(page.get_by_role("textbox", name="说明")).to_contain_text("两箱")
    box = page.get_by_role("toolbar").bounding_box()
    assert box and box["height"] >= (44 if page.viewport_size == PHONE["viewport"] else 36)
    save(page)
    (row,) = rows(yard)
    assert re.fullmatch(r"<p><b>急</b>(<br>)?</p><ul><li><b>两箱</b>破损(<br>)?</li></ul>", row["story"]), row["story"]


def test_a_voice_note_counts_down_stops_by_itself_and_can_be_heard(yard: Site, page: Page) -> None:
    speak = page.locator("[data-speak]")
    speak.click()
    expect(speak).to_contain_text("还剩")
    expect(page.locator(".files audio")).to_be_visible(timeout=6000)  # at_most: 2s
    heard = page.evaluate("async () => (await fetch(document.querySelector('.files audio').src)).headers.get('content-type')")
    assert heard == "audio/webm"
    choose(page)
    page.get_by_role("textbox", name="说明").fill("听")
    save(page)
    (row,) = rows(yard)
    with yard.runtime.store.read() as connection:
        kept = attachments.get(connection, row["voice"])
    assert kept and (kept.kind, kept.form, kept.type) == ("audio", "yard.check", "audio/webm") and kept.size > 1000


def test_a_held_button_records_until_it_is_let_go(page: Page) -> None:
    box = page.locator("[data-speak]").bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    expect(page.locator(".upload.recording")).to_be_visible()
    page.wait_for_timeout(700)  # a tap is shorter
    page.mouse.up()
    expect(page.locator(".files audio")).to_be_visible()


def test_without_microphone_camera_or_place_a_sentence_says_what_to_do(page: Page) -> None:
    page.evaluate(NOTHING)
    page.locator("[data-speak]").click()
    expect(page.locator("[data-record] [data-note]")).to_contain_text("没有麦克风")
    page.get_by_role("button", name="取当前位置").click()
    expect(page.locator("[data-location] [data-note]")).to_contain_text("取不到位置")
    page.locator("button[data-scan=f-code]").click()
    expect(page.get_by_role("dialog")).to_contain_text("没有相机")
    page.get_by_label("或输入码").fill("A-17")
    page.get_by_role("button", name="确定").click()
    expect(page.locator("#f-code")).to_have_value("A-17")


def test_a_scanned_code_picks_its_record_and_fills_a_field(yard: Site, page: Page) -> None:
    page.locator("button[data-scan=f-thing]").click()
    expect(page.locator("#f-thing")).to_have_value("三维推车", timeout=15_000)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("button[data-scan=f-code]").click()
    expect(page.locator("#f-code")).to_have_value(CODE, timeout=15_000)
    page.get_by_role("textbox", name="说明").fill("扫")
    save(page)
    (row,) = rows(yard)
    assert row["code"] == CODE and row["thing"]


def test_a_photo_of_a_code_will_do_and_an_unknown_one_is_said_and_made(page: Page) -> None:
    page.evaluate(NOTHING)
    page.locator("button[data-scan=f-thing]").click()
    chooser = page.locator("dialog input[type=file]")
    chooser.set_input_files({"name": "空.jpg", "mimeType": "image/jpeg", "buffer": blank()})
    expect(page.get_by_role("dialog")).to_contain_text("照片里没有认出码")
    chooser.set_input_files({"name": "码.jpg", "mimeType": "image/jpeg", "buffer": picture("NEW-0001")})
    expect(page.locator(".picker-list")).to_contain_text("没有码为「NEW-0001」的记录")
    page.locator(".picker-list [data-new]").click()
    page.wait_for_url("**/a/yard/thing/new?**")
    expect(page.locator("#f-code")).to_have_value("NEW-0001")
    page.fill("#f-name", "新推车")
    page.click(".form-foot .primary")
    page.wait_for_url(f"**{NEW}")
    expect(page.locator("#f-thing")).to_have_value("新推车")


def blank() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "white").save(out, "JPEG")
    return out.getvalue()


def test_photos_are_several_retaken_in_place_and_bear_where_they_were_taken(yard: Site, page: Page) -> None:
    photo = page.locator("[data-field=photo] input[type=file]")
    assert photo.get_attribute("capture") == "environment"
    photo.set_input_files([{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": blank()} for n in (1, 2)])
    kept = page.locator("[name=photo]:not([value=''])")
    expect(kept).to_have_count(2)
    before = [one.input_value() for one in kept.all()]
    page.evaluate(HEARD)
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="重拍").first.click()
    chosen.value.set_files({"name": "3.jpg", "mimeType": "image/jpeg", "buffer": blank()})
    until(page, "window.heard.length > 0")
    expect(kept).to_have_count(2)
    expect(kept.first).not_to_have_value(before[0])
    expect(kept.last).to_have_value(before[1])
    assert ["place", "29.868, 121.544 ±12"] in page.evaluate("window.heard")


def test_a_signature_just_drawn_goes_with_the_form(yard: Site, page: Page) -> None:
    choose(page)
    page.get_by_role("textbox", name="说明").fill("签")
    page.get_by_role("button", name="取当前位置").click()
    expect(page.locator("#f-place")).to_have_value("29.868, 121.544 ±12")
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 60, steps=4)
    page.mouse.up()
    save(page)  # without waiting for the picture to have gone up
    (row,) = rows(yard)
    assert row["sign"] and row["place"]["lat"] == 29.868


def test_a_picker_offers_what_its_filter_lets_and_finds_by_initials_and_phone(page: Page) -> None:
    options = page.locator(".picker-list [data-id]")
    for typed in ("tc", "1380000", "推车"):
        page.fill("#f-thing", typed)
        expect(options).to_have_text([re.compile("三维推车")])
    page.fill("#f-thing", "旧推车")
    expect(page.locator(".picker-list")).to_contain_text("新建「旧推车」")


@pytest.mark.parametrize("page", [PHONE, DESK], ids=["phone", "desk"], indirect=True)
def test_lines_are_pasted_totalled_walked_and_brought_back(yard: Site, page: Page) -> None:
    page.locator("[data-add]").click()
    page.locator("[data-lines] [role=combobox]").evaluate(
        """(cell) => {
            const data = new DataTransfer();
            data.setData("text/plain", "三维推车\\t箱\\t2\\t1200.5\\n三维推车\\t袋\\t3\\t10\\n");
            cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.locator("input[name='items-1-thing']")).not_to_have_value("")
    expect(page.locator("[name='items-0-unit']")).to_have_value("box")
    expect(page.locator("output#items-0-total")).to_have_text("¥2,401.00")
    expect(page.locator("[data-field=sum] output")).to_have_text("¥2,431.00")
    page.locator("[data-lines] tbody [data-remove]").last.click()
    expect(page.locator("[data-field=sum] output")).to_have_text("¥2,401.00")
    page.locator(".toast [type=button]").click()
    expect(page.locator("[data-field=sum] output")).to_have_text("¥2,431.00")
    page.locator("[name='items-0-qty']").press("Enter")
    expect(page.locator("[name='items-1-qty']")).to_be_focused()
    page.locator("[name='items-1-qty']").press("Enter")
    expect(page.locator("[data-lines] tbody tr")).to_have_count(3)
    if page.viewport_size == PHONE["viewport"]:
        page.locator(".picker.up .icon-button").click()  # a new line offers its record at once
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]  # type: ignore[index]
    choose(page)
    page.get_by_role("textbox", name="说明").fill("点")
    save(page)
    assert str(rows(yard)[0]["sum"]) == "2431.00"


def test_nothing_typed_is_gone_with_the_tab_and_two_tabs_keep_their_own(page: Page) -> None:
    page.fill("#f-code", "第一页")
    until(page, "Object.values(localStorage).some(one => one.includes('第一页'))")
    other = page.context.new_page()
    other.goto(NEW)
    expect(other.locator("#f-code")).to_have_value("")  # the first tab still writes its own
    other.fill("#f-code", "第二页")
    until(other, "Object.values(localStorage).some(one => one.includes('第二页'))")
    page.reload()
    expect(page.locator("#f-code")).to_have_value("第一页")
    other.close()
    back = page.context.new_page()
    back.goto(NEW)
    expect(back.locator("#f-code")).to_have_value("第二页")  # taken over from the tab that is gone
    choose(back)
    back.get_by_role("textbox", name="说明").fill("好")
    save(back)
    back.goto(NEW)
    expect(back.locator("#f-code")).to_have_value("")
    expect(page.locator("#f-code")).to_have_value("第一页")


def test_a_session_that_ended_costs_nothing_that_was_typed(page: Page) -> None:
    choose(page)
    page.fill("#f-code", "没丢")
    page.get_by_role("textbox", name="说明").fill("长长的一段")
    page.context.clear_cookies()
    page.click(".form-foot .primary")
    page.wait_for_url("**/sign-in?**")
    page.fill("[name=name]", "li")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(f"**{NEW}")
    expect(page.locator("#f-code")).to_have_value("没丢")
    expect(page.locator("#f-thing")).to_have_value("三维推车")
    expect(page.get_by_role("textbox", name="说明")).to_have_text("长长的一段")
    save(page)


def test_without_scripts_rich_text_is_plain_and_loses_nothing_unasked(yard: Site) -> None:
    visitor = yard.client("li")
    thing = yard.make("li", "yard.thing", name="甲")
    made = visitor.post(NEW, {"thing": thing, "story": "一 < 二\n\n三 & 四"})
    assert made.status_code == 303 and rows(yard)[0]["story"] == "<p>一 &lt; 二</p><p>三 &amp; 四</p>"
    bold = "<h3>要点</h3><p>先<b>看</b>货</p>"
    uid = yard.make("li", "yard.check", thing=thing, story=bold)
    page = visitor.get(f"/a/yard/check/{uid}/edit").text
    assert re.search(r'data-rich="&lt;h3[^>]*>\n要点\n先看货</textarea>', page)
    given = {name: hidden(page, name) for name in ("seen", "revision")}
    changed = {**given, "thing": thing, "code": "K1", "story": "要点\r\n先看货"}
    assert visitor.post(f"/a/yard/check/{uid}/edit", changed).status_code == 303
    row = next(r for r in rows(yard) if r["uid"] == uid)
    assert (row["story"], row["code"]) == (bold, "K1")


def test_a_file_with_a_chinese_name_is_served_by_any_server(yard: Site) -> None:
    visitor = yard.client("li")
    sent = {"form": "yard.check", "field": "photo", "file": (io.BytesIO(blank()), "现场 照片.jpg")}
    kept = visitor.post("/files", sent, content_type="multipart/form-data").json or {}
    told = visitor.get(kept["url"]).headers["Content-Disposition"]
    assert told.encode("latin-1") and "filename*=UTF-8''%E7%8E%B0%E5%9C%BA" in told
