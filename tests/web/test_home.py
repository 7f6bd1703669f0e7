"""The first page as the sales template declares it: what needs the supervisor, what runs, figures; and one's own details."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.web.conftest import Site, build, staff
from tests.web.test_record import said

SALES = Path(__file__).parents[2] / "app_templates" / "sales"
PEOPLE = {"li": ("李敏", "supervisor", ""), "wang": ("王强", "salesperson", "li"), "zhao": ("赵雪", "salesperson", "li")}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    home = tmp_path_factory.mktemp("home")
    made = build(home, SALES)
    staff(made, "sales", PEOPLE)
    made.runtime.close()
    return home, made.people


@pytest.fixture
def team(tmp_path: Path, ground: tuple[Path, dict[str, int]]) -> Iterator[Site]:
    shutil.copytree(ground[0], tmp_path, dirs_exist_ok=True)
    made = Site(Runtime(replace(Settings.read({}), home=tmp_path, database_url=f"sqlite:///{tmp_path / 'dougong.db'}")), dict(ground[1]))
    yield made
    made.runtime.close()


@pytest.fixture
def stuck(team: Site) -> dict[str, str]:
    """Two of Wang's and one of Zhao's that are stuck."""
    rows = [("wang", "鄞州第二医院", "等采购中心排期"), ("wang", "宁波骨科医院", "要三年维保"), ("zhao", "嘉兴第二医院", "院长出国")]
    return {
        name: team.make(who, "sales.customer", name=name, phone=f"1380000000{place}", region="zhejiang", blocker=blocker)
        for place, (who, name, blocker) in enumerate(rows)
    }


def needs(page: str) -> str:
    found = re.findall(r'<section class="card needs".*?</section>', page, re.S)
    return said(found[0]) if found else ""


def case(uid: str) -> str:
    return f"sales.customer:{uid}"


def owner(team: Site, name: str) -> str:
    return "wang" if name in team.client("wang").get("/a/sales/customer").text else "other"


HTMX = {"HX-Request": "true", "HX-Target": "needs"}


def test_what_needs_me_stands_by_person_with_count_and_reason(team: Site, stuck: dict[str, str]) -> None:
    text = needs(team.client("li").get("/").text)
    assert "需要你 3 件" in text and "王强 2" in text and "赵雪 1" in text
    assert "鄞州第二医院 等采购中心排期" in text
    assert needs(team.client("wang").get("/").text) == ""


def test_several_are_urged_at_once_and_taken_back(team: Site, stuck: dict[str, str]) -> None:
    li, wang = team.client("li"), team.client("wang")
    chosen = [case(stuck["鄞州第二医院"]), case(stuck["宁波骨科医院"])]
    answer = li.post("/needs/urged", {"case": chosen}, headers=HTMX)
    told = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert told["text"] == "已催办 2 件" and "王强" not in needs(answer.text) and "嘉兴第二医院" in needs(answer.text)
    waiting = "select count(*) from dg_notification where user = :user and title like '%催你跟进%'"
    with team.runtime.store.read() as connection:
        assert connection.exec_driver_sql(waiting, {"user": team.people["wang"]}).scalar() == 2
    assert li.post(told["undo"]).status_code == 303
    with team.runtime.store.read() as connection:
        assert connection.exec_driver_sql(waiting, {"user": team.people["wang"]}).scalar() == 0
    assert "需要你 3 件" in needs(li.get("/").text)
    assert wang.get("/").status_code == 200


def test_what_is_handed_on_stays_in_sight_and_belongs_to_the_other(team: Site, stuck: dict[str, str]) -> None:
    li = team.client("li")
    zhao = team.client("zhao").get("/pick/user?q=赵雪", headers={"Accept": "application/json"}).json
    assert zhao
    assert "鄞州第二医院" not in team.client("zhao").get("/a/sales/customer").text
    li.post("/needs/handed", {"case": case(stuck["鄞州第二医院"]), "to": zhao[0]["id"]})
    page = li.get("/").text
    assert "鄞州第二医院 已交给 赵雪" in needs(page) and "需要你 2 件" in needs(page)
    assert "鄞州第二医院" in team.client("zhao").get("/a/sales/customer").text
    undo = re.search(r'data-undo="(/needs/undo/[^"]+)"', page)
    assert undo
    li.post(undo[1])
    assert "需要你 3 件" in needs(li.get("/").text) and owner(team, "鄞州第二医院") == "wang"


def test_taken_over_is_mine_and_noted_is_away(team: Site, stuck: dict[str, str]) -> None:
    li = team.client("li")
    li.post("/needs/taken", {"case": case(stuck["嘉兴第二医院"])}, headers=HTMX)
    text = needs(li.post("/needs/noted", {"case": case(stuck["宁波骨科医院"])}, headers=HTMX).text)
    assert "嘉兴第二医院" not in text and "宁波骨科医院" not in text and "需要你 1 件" in text
    assert "嘉兴第二医院" not in team.client("zhao").get("/a/sales/customer").text


def test_nobody_reacts_to_what_he_may_not_see_or_change(team: Site, stuck: dict[str, str]) -> None:
    wang = team.client("wang")
    answer = wang.post("/needs/taken", {"case": case(stuck["嘉兴第二医院"])}, headers=HTMX)
    assert "undo" not in json.loads(answer.headers["HX-Trigger"])["toast"] or not json.loads(answer.headers["HX-Trigger"])["toast"]["undo"]
    assert "嘉兴第二医院" in team.client("zhao").get("/a/sales/customer").text
    refused = wang.post("/needs/taken", {"case": "sales.nothing:x"}, headers=HTMX)
    assert refused.status_code == 200 and not json.loads(refused.headers["HX-Trigger"])["toast"]["undo"]


def test_a_rule_s_words_bring_a_case_and_a_touch_ends_it(team: Site) -> None:
    quiet = team.make("wang", "sales.customer", name="慈溪医院", phone="13811111111", region="zhejiang")
    with team.runtime.store.write() as connection:
        row = connection.exec_driver_sql("select id, touched_at from sales__customer where uid = :uid", {"uid": quiet}).one()
        values = {"at": row.touched_at + 1, "user": team.people["li"], "record": row.id}
        connection.exec_driver_sql(
            "insert into dg_notification (uid, key, at, show_from, user, kind, title, body, form, record, run, urgent) values "
            "('u', 'k', :at, :at, :user, 'inbox', '客户停滞预警', '慈溪医院 已 72 小时无进展', 'sales.customer', :record, 'r', 0)",
            values,
        )
    li = team.client("li")
    assert "慈溪医院 已 72 小时无进展" in needs(li.get("/").text)
    team.client("wang").post(f"/a/sales/customer/{quiet}/field/city", {"city": "慈溪"})
    assert "慈溪医院" not in needs(li.get("/").text)


def test_what_runs_stands_on_top_and_is_ended(team: Site, stuck: dict[str, str]) -> None:
    begun = (team.runtime.clock.now() - timedelta(minutes=23)).astimezone(team.runtime.workspace().calendar.zone)
    uid = team.make("wang", "sales.visit", customer=stuck["鄞州第二医院"], kind="first", starts_at=begun.strftime("%Y-%m-%d %H:%M"))
    wang = team.client("wang")
    strip = re.findall(r'<div class="strip">.*?</div>', wang.get("/").text, re.S)
    assert len(strip) == 1 and "鄞州第二医院" in strip[0] and "拜访中" in said(strip[0]) and "data-since" in strip[0]
    assert 'class="strip"' not in team.client("li").get("/").text
    assert team.client("zhao").post(f"/running/sales/visit/{uid}/end").status_code == 404
    answer = wang.post(f"/running/sales/visit/{uid}/end")
    assert answer.location == f"/a/sales/visit/{uid}/edit"
    assert 'class="strip"' not in wang.get("/").text


def test_what_is_planned_runs_only_once_it_was_begun(team: Site, stuck: dict[str, str]) -> None:
    zone, now = team.runtime.workspace().calendar.zone, team.runtime.clock.now()
    soon = (now + timedelta(minutes=2)).astimezone(zone)
    if soon.date() != now.astimezone(zone).date():
        soon = now.astimezone(zone)  # at midnight: today's list ends
    uid = team.make("wang", "sales.visit", customer=stuck["鄞州第二医院"], kind="first", starts_at=f"{soon:%Y-%m-%d %H:%M}", began_at="")
    wang = team.client("wang")
    page = wang.get("/").text
    assert 'class="strip"' not in page and f"/running/sales/visit/{uid}/begin" in page
    assert team.client("zhao").post(f"/running/sales/visit/{uid}/begin").status_code == 404
    assert wang.post(f"/running/sales/visit/{uid}/begin").location == f"/a/sales/visit/{uid}"
    page = wang.get("/").text
    assert 'class="strip"' in page and f"/running/sales/visit/{uid}/begin" not in page


def test_every_figure_opens_the_list_it_counts(team: Site, stuck: dict[str, str]) -> None:
    li = team.client("li")
    figures = re.findall(r'<a class="figure" href="([^"]+)"><b>(\d+)(?:<small>/(\d+)</small>)?</b><span>([^<]+)', li.get("/").text)
    assert ("3", "3", "卡住的") in [(n, of, label) for _, n, of, label in figures]
    for url, number, _, _ in figures:
        assert len(re.findall(r"<tr data-uid", li.get(url.replace("&amp;", "&")).text)) == int(number)


def test_everybody_sets_their_own_details_language_and_ways(team: Site) -> None:
    wang = team.client("wang")
    assert "我的资料" in wang.get("/me/profile").text
    entered = {"name": "王小强", "email": "wang@example.com", "phone": "13800138000", "language": "en", "channel": ["mail"]}
    assert wang.post("/me/profile", entered).location == "/me"
    page = wang.get("/me/profile").text
    assert "My details" in page and 'value="wang@example.com"' in page
    ways = dict(re.findall(r'name="channel" value="(\w+)"( checked)?', page))
    assert ways["mail"] and not ways["dingtalk_todo"]
    assert wang.post("/me/profile", {**entered, "email": "no address", "language": ""}).status_code == 422
    assert "李敏" in said(team.client("admin").get("/people").text)
