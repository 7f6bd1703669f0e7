"""What was given up is listed for administrators, in both languages, and goes on when a person says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from dougong import stuck
from dougong.cli.doctor import doctor
from dougong.context import SYSTEM, Ctx
from dougong.jobs import background
from dougong.jobs.timers import timer_table
from dougong.notify import delivery
from dougong.notify.delivery import delivery_table
from dougong.people import roles, users
from dougong.people.users import Person
from tests.cli.conftest import Run, home, run
from tests.web.conftest import Site, build, staff
from tests.web.test_record import said

__all__ = ["home", "run"]
URL = "/settings/stuck"
APP = "app: desk\nversion: 1.0.0\nname: 服务台\nmenu: [case]\n"
PARTS = """form: case
name: 单子
title: "{{ text }}"
fields: {text: {name: 内容, type: text, required: true}}
---
role: chief
name: 主管
fallback: true
can: {case: {may: [see, add, edit]}}
---
automation: outward
name: 告诉外面
on: {created: case}
do: [{webhook: "http://127.0.0.1:9/"}]
"""


@pytest.fixture
def desk(tmp_path: Path, home: Path, database_url: str) -> Iterator[Site]:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "app.yaml").write_text(APP, "utf-8")
    (folder / "parts.yaml").write_text(PARTS, "utf-8")
    made = build(home, folder, database_url)
    staff(made, "desk", {"li": ("李敏", "chief", "")})
    yield made
    made.runtime.close()


@pytest.fixture
def given_up(desk: Site) -> Site:
    """One of each kind, and a message of which nobody knows whether it arrived."""
    desk.make("li", "desk.case", text="机密一号")
    desk.runtime.work()

    def work(ctx: Ctx) -> None:
        delivery.post_to(ctx, "dingtalk_notice", title="看看机密一号", body="机密", user=desk.people["li"], form="desk.case", record=1)
        unsure = delivery.post_to(ctx, "dingtalk_robot", title="周会", body="", target="https://robot.example/send?access_token=canary")
        lost = {"state": "sending", "attempts": 1, "lease_until": ctx.now, "lease_token": "gone"}
        ctx.connection.execute(update(delivery_table).where(delivery_table.c.id == unsure).values(lost))
        background.submit(ctx, "nobody_knows", {})
        timer = insert(timer_table).values(key="k", kind="rule", owner="desk.outward/", due=None, payload={}, attempts=6, error="planted")
        ctx.connection.execute(timer)

    desk.runtime.write(SYSTEM, work)
    desk.runtime.beside_rules()
    desk.runtime.work_jobs()
    return desk


def kinds(site: Site) -> list[str]:
    with site.runtime.read(SYSTEM) as ctx:
        found = stuck.listed(ctx)
        assert len(found) == stuck.count(ctx.connection)
    return [one.kind for one in found]


def test_all_kinds_are_listed_with_their_reasons_and_without_what_the_reader_may_not_see(given_up: Site) -> None:
    assert kinds(given_up) == ["message", "message", "call", "job", "timer"]
    page = given_up.client("admin").get(URL).text
    for words in (
        "消息“周会”", "钉钉群机器人给 robot.example", "不清楚是否已送达", "关于一条单子的消息", "钉钉工作通知给 李敏",
        "还没有连接 dingtalk", "规则“告诉外面”的外部调用", "后台工作 nobody_knows", "规则“告诉外面”的计时", "planted",
        "试了 6 次", "全部再试",
    ):  # fmt: skip
        assert words in said(page), words
    assert "机密" not in page and "canary" not in page and page.count('action="/settings/stuck/arrived"') == 1
    with given_up.runtime.store.write() as connection:
        roles.give(connection, given_up.people["li"], roles.WORKSPACE, roles.ADMINISTRATOR)
        users.edit(connection, given_up.people["li"], Person("李敏", login="li", language="en"))
    english = said(given_up.client("li", "en").get(URL).text)
    assert "message “看看机密一号”" in english  # who may read the record
    assert "it is unknown whether it arrived" in english and "Try all again" in english and "tried 6 times" in english
    settings = given_up.client("admin").get("/settings").text
    assert re.search(r'href="/settings/stuck".*?<span class="badge">5</span>', settings, re.S)


def test_doctor_names_them_and_says_so_in_english_too(given_up: Site, run: Run) -> None:
    said_ = run(doctor, code=1)
    assert "✗ did not get through: 5" in said_
    assert "message “看看机密一号” · DingTalk work notice to 李敏 · dingtalk is not connected" in said_
    assert "DingTalk robot to robot.example · it is unknown whether it arrived · tried 1 times" in said_


def test_each_is_tried_again_or_known_to_have_arrived(given_up: Site) -> None:
    admin = given_up.client("admin")
    with given_up.runtime.read(SYSTEM) as ctx:
        listed = stuck.listed(ctx)
    doubtful = next(one for one in listed if one.doubtful)
    sure = next(one for one in listed if one.kind == "message" and not one.doubtful)
    assert "已经没有" in said(admin.post(f"{URL}/arrived", {"kind": "message", "id": str(sure.id)}, follow_redirects=True).text)
    assert "已记为送达" in said(admin.post(f"{URL}/arrived", {"kind": "message", "id": str(doubtful.id)}, follow_redirects=True).text)
    assert kinds(given_up) == ["message", "call", "job", "timer"]
    for kind in ("message", "call", "job", "timer"):
        one = next(one for one in listed if one.kind == kind and not one.doubtful)
        assert "正在再试" in said(admin.post(f"{URL}/retry", {"kind": kind, "id": str(one.id)}, follow_redirects=True).text), kind
    assert kinds(given_up) == []
    assert "都送到了" in said(admin.get(URL).text)


def test_all_are_tried_again_at_once_and_what_fails_again_is_listed_again(given_up: Site) -> None:
    admin = given_up.client("admin")
    assert admin.post(f"{URL}/retry").status_code == 303
    assert kinds(given_up) == []
    given_up.runtime.beside_rules()
    given_up.runtime.work_jobs()
    assert {"message", "job"} <= set(kinds(given_up))


@pytest.mark.parametrize("entry", [{"kind": "message", "id": "99"}, {"kind": "x", "id": "1"}, {"kind": "timer", "id": "²"}])
def test_what_is_not_there_is_left_alone(given_up: Site, entry: dict[str, str]) -> None:
    for path in ("retry", "arrived"):
        answer = given_up.client("admin").post(f"{URL}/{path}", entry, follow_redirects=True)
        assert "已经没有" in said(answer.text)
    assert len(kinds(given_up)) == 5


def test_nobody_else_comes_here(given_up: Site) -> None:
    li = given_up.client("li")
    assert [li.get(URL).status_code, li.post(f"{URL}/retry").status_code, li.post(f"{URL}/arrived").status_code] == [403, 403, 403]
    assert len(kinds(given_up)) == 5
