"""What people outside can and can't do with a public form (THREATS S2, S16, S33, S36, S37)."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import func, select
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from dougong.automation.tables import run_table
from dougong.clock import VirtualClock
from dougong.context import SYSTEM
from dougong.files.tables import file
from dougong.records import public
from dougong.web.app import create_app
from tests.web.conftest import PHONE, Site, Visitor, build, staff

URL = "/f/desk/wish"
GOOD = {"company": "宁波骨科医院", "phone": "13800000000", "kind": "ask"}
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    made = build(tmp_path, Path(__file__).parent / "outside")
    made.runtime.clock = VirtualClock(NOW)
    staff(made, "desk", {"li": ("李敏", "chief", "")})
    yield made
    made.runtime.close()


@pytest.fixture
def guest(desk: Site) -> Visitor:
    return desk.client()


def clock(desk: Site) -> VirtualClock:
    assert isinstance(desk.runtime.clock, VirtualClock)
    return desk.runtime.clock


def nonce(guest: Visitor) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', guest.get(URL).text)
    assert found
    return found[1]


def send(guest: Visitor, values: dict[str, Any] | None = None, token: str | None = None, **kwargs: Any) -> TestResponse:
    given = {"nonce": nonce(guest) if token is None else token, **(GOOD if values is None else values)}
    return guest.http.post(URL, data=given, headers={"Accept-Language": guest.locale}, **kwargs)


def rows(desk: Site) -> list[dict[str, Any]]:
    with desk.runtime.read(SYSTEM) as ctx:
        table = ctx.workspace.tables["desk.wish"]
        return [dict(row) for row in ctx.connection.execute(select(table).order_by(table.c.id)).mappings()]


def test_what_was_sent_becomes_a_record_and_sets_off_its_rule(desk: Site, guest: Visitor) -> None:
    answer = send(guest)
    assert answer.status_code == 303
    assert "已收到，谢谢。" in guest.get(answer.location).text
    (row,) = rows(desk)
    assert (row["company"], row["phone"], row["kind"], row["level"], row["owner"], row["creator"]) == (*GOOD.values(), "b", None, None)
    desk.runtime.work()
    assert rows(desk)[0]["note"] == "来自 宁波骨科医院"


def test_the_page_shows_the_declared_fields_and_sets_no_cookie(guest: Visitor) -> None:
    answer = guest.get(URL)
    assert answer.status_code == 200 and "联系我们" in answer.text and "Set-Cookie" not in answer.headers
    assert all(f'data-field="{name}"' in answer.text for name in ("company", "phone", "kind", "sheet", "more"))
    assert not any(word in answer.text for word in ("内部备注", "销售", "级别", "李敏"))
    assert "frame-ancestors https://www.example.com" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in guest.get("/sign-in").headers["Content-Security-Policy"]


def test_it_speaks_the_visitor_s_language(desk: Site) -> None:
    assert "Contact us" in desk.client(locale="en").get(URL).text
    assert "Contact us" in desk.client().get(URL + "?lang=en").text


@pytest.mark.parametrize("url", ["/f/desk/note", "/f/desk/nothing", "/f/other/wish", "/f/desk/note/thanks"])
def test_what_is_not_opened_is_not_there(guest: Visitor, url: str) -> None:
    assert guest.get(url).status_code == 404
    assert guest.http.post(url, data=GOOD).status_code in (404, 405)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({**GOOD, "note": "x"}, "没有的项"),
        ({**GOOD, "level": "a"}, "没有的项"),
        ({**GOOD, "owner": "1"}, "没有的项"),
        ({**GOOD, "stage": "won"}, "没有的项"),
        ({**GOOD, "id": "1"}, "没有的项"),
        ({**GOOD, "uid": "0198aaaa-0000-7000-8000-000000000000"}, "没有的项"),
        ({**GOOD, "seller": "0198aaaa-0000-7000-8000-000000000000"}, "没有的项"),
        ({**GOOD, "kind": "steal"}, "steal"),
        ({**GOOD, "phone": "12"}, "电话"),
        ({"company": "甲"}, "手机"),
        ({**GOOD, "company": ""}, "公司"),
        ({**GOOD, "kind": "buy"}, "清单"),
        ({**GOOD, "kind": "buy", "sheet": "0198aaaa-0000-7000-8000-000000000000"}, "附件"),
        ({**GOOD, "kind": "ask", "sheet": "0198aaaa-0000-7000-8000-000000000000"}, "清单"),
        ({**GOOD, "more": "长" * 200_001}, ""),
    ],
)
def test_what_does_not_belong_is_refused_without_a_row(desk: Site, guest: Visitor, values: dict[str, str], words: str) -> None:
    answer = send(guest, values)
    assert answer.status_code == 422 and words in html.unescape(answer.text)
    assert not rows(desk)


def test_a_refused_entry_keeps_what_was_typed_and_its_page_still_works(desk: Site, guest: Visitor) -> None:
    token = nonce(guest)
    answer = send(guest, {**GOOD, "phone": "12"}, token)
    assert "宁波骨科医院" in answer.text and f'value="{token}"' in answer.text
    assert send(guest, token=token).status_code == 303 and len(rows(desk)) == 1


def test_a_page_is_good_for_one_record(desk: Site, guest: Visitor) -> None:
    token = nonce(guest)
    assert [send(guest, {**GOOD, "phone": f"1380000000{n}"}, token).status_code for n in range(3)] == [303, 409, 409]
    assert len(rows(desk)) == 1


def test_a_page_that_is_not_ours_or_too_old_is_refused(desk: Site, guest: Visitor) -> None:
    token = nonce(guest)
    plain, _, seal = token.rpartition(".")
    key = desk.runtime.workspace().key
    foreign = public.nonce(key, "desk.note", NOW)
    for wrong in ("", "x", "..", f"{plain}.{'0' * 64}", f"+{plain[1:]}.{seal}", foreign, "é.1.é"):
        assert send(guest, token=wrong).status_code == 422
    clock(desk).move_to(NOW + timedelta(hours=25))
    assert send(guest, token=token).status_code == 422
    assert not rows(desk)


def test_programs_that_fill_in_everything_are_thanked_and_nothing_is_kept(desk: Site, guest: Visitor) -> None:
    assert send(guest, {**GOOD, "your-website": "https://spam.example"}).status_code == 303
    assert not rows(desk)


def test_after_its_last_day_and_when_an_administrator_closed_it_nothing_is_taken(desk: Site, guest: Visitor) -> None:
    token = nonce(guest)
    wish = desk.runtime.workspace().forms["desk.wish"]
    desk.runtime.write(SYSTEM, lambda ctx: public.close(ctx, wish, True))
    assert guest.get(URL).status_code == 410 and send(guest, token=token).status_code == 410
    desk.runtime.write(SYSTEM, lambda ctx: public.close(ctx, wish, False))
    assert guest.get(URL).status_code == 200
    clock(desk).move_to(datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    token = nonce(guest)
    clock(desk).move_to(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert guest.get(URL).status_code == 410 and send(guest, token=token).status_code == 410
    assert not rows(desk)


def test_a_day_takes_as_many_as_declared_and_the_next_day_begins_anew(desk: Site, guest: Visitor) -> None:
    statuses = [send(guest, {**GOOD, "phone": f"1380000000{n}"}).status_code for n in range(6)]
    assert statuses == [303] * 5 + [429] and len(rows(desk)) == 5
    clock(desk).move_to(NOW + timedelta(days=1))
    assert send(guest, {**GOOD, "phone": "13800000009"}).status_code == 303


def test_one_address_is_slowed_down_whatever_it_says_of_itself(desk: Site, guest: Visitor) -> None:
    token = nonce(guest)
    for n in range(60):
        header = {"X-Forwarded-For": f"10.0.0.{n}"}
        assert guest.http.post(URL, data={"nonce": token, "company": ""}, headers=header).status_code == 422
    assert send(guest, token=token).status_code == 429
    assert guest.http.post(URL, data={"nonce": token, **GOOD}, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 303


def test_a_value_taken_by_another_record_names_nobody(desk: Site, guest: Visitor) -> None:
    assert send(guest).status_code == 303
    answer = send(guest, {**GOOD, "company": "别家"})
    assert answer.status_code == 422 and "宁波骨科医院" not in answer.text


def test_formulas_in_what_was_typed_stay_text(desk: Site, guest: Visitor) -> None:
    strange = "{{7*7}}${7*7}#{7*7}<%=7*7%>{%raw%}<script>alert(1)</script>"
    assert send(guest, {**GOOD, "company": strange, "more": strange}).status_code == 303
    desk.runtime.work()
    (row,) = rows(desk)
    assert (row["company"], row["note"]) == (strange, f"来自 {strange}")
    page = desk.client("li").get(f"/a/desk/wish/{row['uid']}").text
    assert "49" not in re.sub(r"[0-9a-f-]{20,}", "", page) and "<script>alert" not in page and "{{7*7}}" in html.unescape(page)


def upload(guest: Visitor, token: str, field: str = "sheet", body: bytes = PNG) -> TestResponse:
    return guest.http.post(f"{URL}/upload?nonce={token}", data={"field": field, "form": "desk.wish", "file": (BytesIO(body), "清单.png")})


def test_a_file_goes_with_its_entry_and_is_nobody_s_before(desk: Site, guest: Visitor) -> None:
    token = nonce(guest)
    answer = upload(guest, token)
    assert answer.status_code == 201 and answer.json and answer.json["url"] == ""
    uid = answer.json["uid"]
    assert desk.client("li").get(f"/files/{uid}").status_code == 404
    assert send(guest, {**GOOD, "kind": "buy", "sheet": uid}, token).status_code == 303
    assert desk.client("li").get(f"/files/{uid}").status_code == 200
    assert send(guest, {**GOOD, "phone": "13900000000", "kind": "buy", "sheet": uid}).status_code == 422


def test_uploads_need_a_page_a_declared_field_and_measure(desk: Site, guest: Visitor) -> None:
    token = nonce(guest)
    assert upload(guest, "x").status_code == 403
    assert upload(guest, token, "note").status_code == 400 and upload(guest, token, "company").status_code == 400
    assert upload(guest, token, body=PNG + b"\0" * (300 << 10)).status_code in (413, 422)
    assert upload(guest, token, body=b"MZ" + b"\0" * 100).status_code == 422
    assert [upload(guest, token).status_code for _ in range(40)].count(429) >= 10


def test_files_that_no_entry_names_are_swept(desk: Site, guest: Visitor) -> None:
    assert upload(guest, nonce(guest)).status_code == 201
    for hours, kept in ((23, 1), (72, 0)):
        clock(desk).move_to(NOW + timedelta(hours=hours))
        desk.runtime.work()
        with desk.runtime.store.read() as connection:
            assert connection.execute(select(func.count()).select_from(file)).scalar_one() == kept
    assert not list(desk.runtime.storage.keys(NOW.date() + timedelta(days=9)))
    with desk.runtime.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(run_table)).scalar_one() == 0


def test_on_a_phone_a_condition_is_lived_a_file_goes_up_and_thanks_are_said(browser: Browser, desk: Site, tmp_path: Path) -> None:
    (tmp_path / "清单.png").write_bytes(PNG)
    server = make_server("127.0.0.1", 0, create_app(desk.runtime), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    context = browser.new_context(**PHONE, base_url=f"http://127.0.0.1:{server.server_port}")
    try:
        page, faults = context.new_page(), list[str]()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.goto(URL)
        page.fill("[name=company]", "宁波骨科医院")
        page.fill("[name=phone]", "13800000000")
        assert page.locator("[data-field=sheet]").first.is_hidden()
        page.get_by_text("采购").click()
        page.set_input_files("[name=sheet-file]", tmp_path / "清单.png")
        page.wait_for_selector(".files input[name=sheet]", state="attached")
        page.click("button.primary")
        page.get_by_text("已收到，谢谢。").wait_for()
        assert page.evaluate("localStorage.length") == 0
        page.goto(URL)
        page.fill("[name=company]", "台州医院")
        page.fill("[name=phone]", "13900000000")
        page.get_by_text("采购").click()
        page.set_input_files("[name=sheet-file]", tmp_path / "清单.png")
        page.wait_for_selector(".files input[name=sheet]", state="attached")
        page.get_by_text("咨询").click()
        page.click("button.primary")
        page.get_by_text("已收到，谢谢。").wait_for()
        assert not faults
    finally:
        context.close()
        server.shutdown()
        thread.join()
        server.server_close()
    assert [bool(row["sheet"]) for row in rows(desk)] == [True, False]
