"""Today, inbox, pop-ups, rules and their runs, apps, settings, the pages of errors."""

from __future__ import annotations

import re
import time

import pytest
from werkzeug.test import TestResponse

from dougong.backups.restoring import hold
from tests.web.conftest import Site, Visitor
from tests.web.test_record import said


@pytest.fixture
def client(site: Site) -> str:
    return site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000", grade="a")


def test_today_asks_for_what_is_due_and_shows_the_day(site: Site, client: str) -> None:
    site.make("wang", "deals.call", client=client, kind="first")
    page = said(site.client("wang").get("/").text)
    assert "补填：下一步" in page and "今天的电话记录" in page and "进行中" in page


def test_today_of_somebody_without_records_says_so(site: Site) -> None:
    assert "没有等你办的事" in said(site.client("zhou").get("/").text)


def test_the_bar_is_what_the_template_says_and_else_the_first_forms(site: Site) -> None:
    bar = re.findall(r'<nav class="bottom".*?</nav>', site.client("wang").get("/").text, re.S)[0]
    assert re.findall(r'<a href="([^"]+)"', bar) == ["/", "/a/deals/client", "/a/deals/call/new", "/a/deals/deal", "/me"]
    other = re.findall(r'<nav class="bottom".*?</nav>', site.client("he").get("/").text, re.S)[0]
    assert re.findall(r'<a href="([^"]+)"', other) == ["/", "/a/deals/client", "/a/deals/call/new", "/a/deals/deal", "/me"]


def test_messages_are_unread_until_they_are_opened(site: Site, client: str) -> None:
    site.client("wang").post(f"/a/deals/client/{client}/press", {"name": "送资料"})
    site.runtime.work()
    wang, zhou = site.client("wang"), site.client("zhou")
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql("update dg_notification set show_from = at")
    page = wang.get("/inbox").text
    found = re.search(r'action="(/inbox/[^"]+/read)"', page)
    assert found and "宁波骨科医院 的资料已送" in page and "card-row message unread" in page
    assert "的资料已送" not in zhou.get("/inbox").text
    assert zhou.post(found[1]).location == "/inbox"
    assert "card-row message unread" in wang.get("/inbox").text
    assert wang.post(found[1]).location == f"/a/deals/client/{client}"
    assert "card-row message unread" not in wang.get("/inbox").text


def test_rules_are_listed_and_switched_by_an_administrator_only(site: Site, client: str) -> None:
    admin, wang = site.client("admin"), site.client("wang")
    assert "客户无进展提醒" in wang.get("/runs").text and "/runs/switch" not in wang.get("/runs").text
    assert wang.post("/runs/switch", {"rule": "deals.greet", "on": "0"}).status_code == 403
    assert admin.post("/runs/switch", {"rule": "deals.greet", "on": "0"}).status_code == 303
    wang.post(f"/a/deals/client/{client}/press", {"name": "送资料"})
    site.runtime.work()
    assert "已送欢迎资料" not in wang.get(f"/a/deals/client/{client}").text


def test_a_run_tells_what_it_saw_and_did(site: Site, client: str) -> None:
    site.make("wang", "deals.call", client=client, kind="talk")
    site.make("wang", "deals.call", client=client, kind="first")
    site.runtime.work()
    wang = site.client("wang")
    listed = wang.get("/runs?rule=deals.new_call").text
    assert "已完成" in said(listed) and "条件不成立" in said(listed)
    runs = re.findall(r'href="(/runs/[0-9a-f-]{36})"', listed)
    told = [said(wang.get(run).text) for run in runs]
    assert any("条件成立 类型 谈判" in text and "发通知" in text for text in told)
    assert any("条件不成立 类型 首次" in text for text in told)
    assert [site.client("zhou").get(run).status_code for run in runs] == [404, 404]


def test_why_a_rule_did_not_fire_is_answered(site: Site, client: str) -> None:
    page = said(site.client("wang").get(f"/runs?form=deals.client&record={client}").text)
    assert "为什么触发或没触发" in page and "客户无进展提醒" in page and "才满" in page


def followed(visitor: Visitor, answer: TestResponse) -> str:
    """The progress page of a change once it is done."""
    assert answer.status_code == 303
    for _ in range(200):
        page = visitor.get(answer.location).text
        if 'hx-trigger="load delay' not in page:
            break
        time.sleep(0.05)
    return page


def test_an_app_is_planned_installed_with_progress_and_taken_back(site: Site) -> None:
    admin = site.client("admin")
    assert "第一个应用" in admin.get("/apps").text
    plan = admin.get("/apps/first/plan").text
    assert "客户" in plan and "将要改动" in plan
    assert "装好了" in followed(admin, admin.post("/apps/first/install"))
    assert "已安装 1.0.0" in admin.get("/apps").text
    assert "确定执行" in admin.post("/apps/first/remove").text and "first" in site.runtime.workspace().apps
    assert "录入的数据另外保存着" in said(followed(admin, admin.post("/apps/first/remove", {"yes": "1"})))
    assert "first" not in site.runtime.workspace().apps


def test_an_apps_page_says_in_sentences_what_it_does_and_who_changed_it_when(site: Site) -> None:
    admin = site.client("admin")
    followed(admin, admin.post("/apps/first/install"))
    page = said(admin.get("/apps/first").text)
    assert "改动记录" in page and "管理员" in page and "表单" in page and "句" in page
    assert "确定执行" in admin.post("/apps/first/rollback").text
    assert "已撤回" in said(followed(admin, admin.post("/apps/first/rollback", {"yes": "1"})))
    assert admin.get("/apps/first").status_code == 404


def test_a_rule_stands_in_sentences_with_its_state(site: Site) -> None:
    page = said(site.client("admin").get("/runs").text)
    assert "何时：" in page and "启用" in page


@pytest.mark.parametrize("address", ["/apps", "/apps/first/plan", "/settings", "/people"])
def test_the_workspace_is_the_administrator_s(site: Site, address: str) -> None:
    assert site.client("wang").get(address).status_code == 403
    assert site.client("admin").get(address).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/nowhere",
        "/a/deals/nothing",
        "/a/deals/deal_items",
        "/a/x/y/new",
        "/a/deals/client/not-a-uid",
        "/pick/x/y",
        "/files/01900000-0000-7000-8000-000000000000",
    ],
)
@pytest.mark.parametrize(("locale", "words"), [("zh-CN", "没有这个页面"), ("en", "no such page")])
def test_what_is_not_there_is_said_in_the_reader_s_language(site: Site, address: str, locale: str, words: str) -> None:
    visitor = site.client("wang", locale)
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql(f"update dg_user set language = '{locale[:2]}'")
    answer = visitor.get(address)
    assert answer.status_code == 404 and words in answer.text and "Traceback" not in answer.text


def test_no_page_speaks_with_an_untranslated_word(site: Site, client: str) -> None:
    """In Chinese, no Latin words but names, formulas and file types stand in the text of a page."""
    deal = site.make("wang", "deals.deal", name="单", client=client)
    wang, admin = site.client("wang"), site.client("admin")
    for visitor, addresses in (
        (
            wang,
            [
                "/",
                "/a/deals/client",
                "/a/deals/client/new",
                f"/a/deals/client/{client}",
                f"/a/deals/deal/{deal}",
                f"/a/deals/deal/{deal}/edit",
                "/inbox",
                "/runs",
                "/me",
                "/search?q=宁",
            ],
        ),
        (admin, ["/", "/apps", "/apps/first/plan", "/settings", "/runs"]),
    ):
        for address in addresses:
            text = said(re.sub(r"<pre.*?</pre>|<code.*?</code>|<title.*?</title>", "", visitor.get(address).text, flags=re.S))
            words = set(re.findall(r"[A-Za-z]{3,}", text)) - {
                "Ctrl",
                "Enter",
                "Esc",
                "API",
                "SQLite",
                "PostgreSQL",
                "Redis",
                "Asia",
                "Shanghai",
                "English",
                "deals",
                "test",
            }
            assert not words, (address, words)
            assert "undefined" not in text and "None" not in text and "暂无" not in text


def test_a_restored_workspace_says_that_it_holds_its_rules_and_one_button_lets_them_go(site: Site) -> None:
    hold(site.runtime.store, held=True)
    admin = site.client("admin")
    assert "从备份恢复" in admin.get("/settings").text
    assert site.client("wang").post("/settings/release").status_code == 403
    assert admin.post("/settings/release").status_code == 303
    page = admin.get("/settings").text
    assert "从备份恢复" not in page and "规则、计时和消息已恢复运行" in page


def test_how_long_finished_runs_are_kept_is_a_setting_with_a_floor(site: Site) -> None:
    admin = site.client("admin")
    for days, kept in (("400", "400"), ("3", "400"), ("x", "400"), ("30", "30")):
        assert admin.post("/settings/kept", {"days": days}).status_code == 303
        assert f'name="days" value="{kept}"' in admin.get("/settings").text
