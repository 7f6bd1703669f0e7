"""What an administrator connects: shown masked, kept when a control stays empty, tried through the worker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dougong.notify.connections import Connected, connect, connected
from dougong.notify.outgoing import Outgoing
from tests.notify.receiver import Receiver
from tests.web.conftest import Site, build, staff

ROBOT = "https://robot.example/send?access_token=canary-token"
URL = "/settings/connections"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    made = build(tmp_path, Path(__file__).parent / "outside")
    staff(made, "desk", {"li": ("李敏", "chief", "")})
    yield made
    made.runtime.close()


def options(desk: Site, name: str) -> dict[str, str]:
    with desk.runtime.store.read() as connection:
        return dict(connected(connection)[name].options)


def test_a_connection_is_made_changed_and_removed_and_its_secrets_are_never_shown(desk: Site) -> None:
    admin = desk.client("admin")
    given = {"name": "weekly_meeting", "url": ROBOT, "secret": "SEC-canary"}
    assert admin.post(f"{URL}/new/dingtalk_robot", given).status_code == 303
    assert options(desk, "weekly_meeting") == {"url": ROBOT, "secret": "SEC-canary"}
    for page in (admin.get(URL).text, admin.get(f"{URL}/edit/weekly_meeting").text):
        assert "weekly_meeting" in page and "canary" not in page and "••••••" in page
    assert admin.post(f"{URL}/edit/weekly_meeting", {"url": "", "secret": "SEC-new"}).status_code == 303
    assert options(desk, "weekly_meeting") == {"url": ROBOT, "secret": "SEC-new"}
    assert admin.post(f"{URL}/remove/weekly_meeting").status_code == 303
    assert "weekly_meeting" not in re.sub(r'(?s)<div class="toasts".*?</div>\s*</div>', "", admin.get(URL).text)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "", "url": ROBOT}, "名称用"),
        ({"name": "a b", "url": ROBOT}, "名称用"),
        ({"name": "hook:desk.shop", "url": ROBOT}, "名称用"),
        ({"name": "known", "url": ROBOT}, "已经有叫"),
        ({"name": "a", "url": ""}, "请填写"),
        ({"name": "a", "url": "javascript:alert(1)"}, "完整的网址"),
        ({"name": "a", "url": "https://user@example.com/"}, "完整的网址"),
        ({"name": "a", "url": "http://[::1"}, "完整的网址"),
    ],
)
def test_what_is_wrong_is_said_and_a_secret_does_not_come_back(desk: Site, values: dict[str, str], words: str) -> None:
    with desk.runtime.store.write() as connection:
        connect(connection, Connected("known", "webhook", {"url": "https://known.example"}))
    answer = desk.client("admin").post(f"{URL}/new/dingtalk_robot", {**values, "secret": "SEC-canary"})
    assert answer.status_code == 422 and words in answer.text and "canary" not in answer.text
    assert options(desk, "known") == {"url": "https://known.example"}


def test_only_administrators_come_here(desk: Site) -> None:
    li = desk.client("li")
    assert li.get(URL).status_code == 403
    for path in ("/new/webhook", "/remove/x", "/try/x", "/try-mail", "/hooks/desk/shop", "/hooks/desk/shop/close", "/forms/desk/wish"):
        assert li.post(URL + path).status_code == 403, path
    assert desk.client().get(URL).status_code == 303


def test_a_connection_is_tried_by_the_worker_and_the_page_tells_how_it_went(desk: Site) -> None:
    receiver = Receiver()
    try:
        host = receiver.url.removeprefix("http://").split("/")[0]
        desk.runtime.outgoing = replace(Outgoing(), allow_private=frozenset({host}))
        admin = desk.client("admin")
        assert admin.post(f"{URL}/new/webhook", {"name": "shop", "url": receiver.url, "secret": "s"}).status_code == 303
        assert admin.post(f"{URL}/try/shop").status_code == 303
        assert "/trial/" in admin.get(URL).text
        desk.runtime.work()
        assert "已送达" in admin.get(URL).text
        assert receiver.got[0].json["title"] == "Dougong · shop"
    finally:
        receiver.close()


def test_a_private_address_is_refused_and_the_page_says_so(desk: Site) -> None:
    admin = desk.client("admin")
    assert admin.post(f"{URL}/new/webhook", {"name": "shop", "url": "http://127.0.0.1:9/"}).status_code == 303
    admin.post(f"{URL}/try/shop")
    desk.runtime.work()
    assert "不允许连接 127.0.0.1" in admin.get(URL).text


def test_a_secret_for_a_webhook_is_shown_once_and_a_new_one_ends_the_old(desk: Site) -> None:
    admin = desk.client("admin")
    assert "/hooks/desk/shop" in admin.get(URL).text and "还没有密钥" in admin.get(URL).text
    first, second = (re.findall(r"<code>([\w-]{40,})</code>", admin.post(f"{URL}/hooks/desk/shop").text) for _ in range(2))
    assert len(first) == len(second) == 1 and first != second
    assert options(desk, "hook:desk.shop") == {"secret": second[0]}
    assert second[0] not in admin.get(URL).text
    assert admin.post(f"{URL}/hooks/desk/shop/close").status_code == 303 and "还没有密钥" in admin.get(URL).text
    assert admin.post(f"{URL}/hooks/desk/other").status_code == 404


def test_a_public_form_is_closed_and_opened(desk: Site) -> None:
    admin, guest = desk.client("admin"), desk.client()
    assert "/f/desk/wish" in admin.get(URL).text
    admin.post(f"{URL}/forms/desk/wish", {"closed": "1"})
    assert "已停止接收" in admin.get(URL).text and guest.get("/f/desk/wish").status_code == 410
    admin.post(f"{URL}/forms/desk/wish", {"closed": "0"})
    assert guest.get("/f/desk/wish").status_code == 200
    assert admin.post(f"{URL}/forms/desk/note", {"closed": "1"}).status_code == 404
