"""The first run, and people, teams and roles as an administrator keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from dougong.notify.connections import Connected, address_of, connect
from dougong.people import company, hierarchy, roles, teams, users
from dougong.people.users import User
from tests.web import signing
from tests.web.signing import PASSWORD, Browser, House, employ, words

ADMIN = (roles.WORKSPACE, roles.ADMINISTRATOR)
FIRST_RUN = {
    "company": "宁波示例有限公司", "language": "en",
    "zone": "Asia/Shanghai", "opens": "08:30", "closes": "17:30", "week": ["0", "1", "2", "3", "4"],
    "holidays": "2026-10-01 2026-10-02", "make_up_days": "",
    "name": "李敏", "phone": "13800138000", "password": PASSWORD, "again": PASSWORD,
}


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    made = signing.house(database_url)
    yield made
    made.store.close()


@pytest.fixture
def empty(database_url: str) -> Iterator[House]:
    made = signing.house(database_url, begun=False)
    yield made
    made.store.close()


@pytest.fixture
def boss(house: House) -> Browser:
    employ(house, "boss", ADMIN)
    browser = Browser(signing.app(house))
    browser.enter("boss")
    return browser


def person(house: House, key: str) -> User:
    with house.store.read() as connection:
        found = users.by_key(connection, key)
    assert found is not None
    return found


def test_the_first_visitor_sets_up_and_the_second_is_sent_to_sign_in(empty: House) -> None:
    house = empty
    browser = Browser(signing.app(house))
    assert browser.get("/sign-in").location == "/setup"
    answer = browser.send("/setup", **FIRST_RUN)
    assert (answer.status_code, answer.location) == (303, "/people/paste")
    assert browser.send("/people/paste", people="王强 13800138001 李敏").status_code == 303
    with house.store.read() as connection:
        ours = company.get(connection)
        boss = users.by_key(connection, "13800138000")
        assert ours is not None and boss is not None
        assert (ours.name, ours.calendar.opens, len(ours.calendar.holidays)) == ("宁波示例有限公司", "08:30", 2)
        assert len(hierarchy.subordinates(connection, boss.id)) == 1
    late = Browser(signing.app(house))
    assert late.get("/setup").location == "/sign-in"
    again = late.send("/setup", "/sign-in", **FIRST_RUN)
    assert again.status_code == 422 and "already set up" in words(again)


def test_the_first_run_says_what_is_wrong_and_keeps_what_was_typed(empty: House) -> None:
    house = empty
    browser = Browser(signing.app(house))
    answer = browser.send("/setup", **{**FIRST_RUN, "zone": "Mars", "again": "x", "opens": "19:00"})
    assert answer.status_code == 422 and PASSWORD not in answer.text
    for sentence in ("There is no time zone “Mars”.", "The two passwords differ.", "Opening time must be before"):
        assert sentence in words(answer)
    assert 'value="宁波示例有限公司"' in answer.text and 'value="李敏"' in answer.text
    with house.store.read() as connection:
        assert company.get(connection) is None and users.everyone(connection) == []


def test_an_administrator_changes_when_the_company_works(house: House, boss: Browser) -> None:
    entry = {name: FIRST_RUN[name] for name in ("company", "language", "zone", "opens", "closes", "week", "holidays")}
    assert boss.send("/company", **{**entry, "week": []}).status_code == 422
    assert boss.send("/company", **{**entry, "week": ["0", "6"]}).status_code == 303
    with house.store.read() as connection:
        ours = company.get(connection)
    assert ours is not None and ours.calendar.week == (0, 6)
    employ(house, "wang")
    wang = Browser(signing.app(house))
    wang.enter("wang")
    assert wang.get("/company").status_code == 403
    assert wang.send("/company", "/me/tokens", **entry).status_code == 403


def test_a_person_is_entered_with_manager_team_and_roles(house: House, boss: Browser) -> None:
    with house.store.write() as connection:
        east = teams.save(connection, teams.Team("华东"))
    manager = person(house, "boss").id
    entry = {
        "name": "王强", "phone": "138 0013 8001", "manager": str(manager), "team": str(east), "language": "zh", "region": "宁波",
        "role": ["desk.agent", "desk.nothing", "desk"],
    }
    answer = boss.send("/people/new", **entry)
    assert answer.status_code == 303
    found = person(house, "13800138001")
    assert (found.person.manager, found.person.team, found.person.region) == (manager, east, "宁波")
    with house.store.read() as connection:
        assert roles.of(connection, found.id) == {("desk", "agent")}
    page = boss.get(answer.location).text
    assert re.search(r'value="desk.agent" checked', page) and re.search(rf'value="{manager}" selected', page)
    edited = boss.send(answer.location, name="王小强", login="wang", language="en", revision="1", role="desk.lead")
    assert edited.status_code == 303 and "王小强" in boss.get("/people").text
    with house.store.read() as connection:
        assert roles.of(connection, found.id) == {("desk", "lead")}
    stale = boss.send(answer.location, name="王大强", login="wang", language="en", revision="1")
    assert stale.status_code == 422 and "Somebody has just changed" in words(stale)


def test_roles_of_an_app_that_is_switched_off_survive_an_edit(house: House, boss: Browser) -> None:
    employ(house, "wang", ("gone", "agent"), ("desk", "agent"))
    found = person(house, "wang")
    assert boss.send(f"/people/{found.uid}", name="wang", login="wang", language="en", revision="1").status_code == 303
    with house.store.read() as connection:
        assert roles.of(connection, found.id) == {("gone", "agent")}


def test_wrong_entries_are_answered_beside_the_field(boss: Browser) -> None:
    answer = boss.send("/people/new", name="", phone="12", manager="abc", team="99999999999999999999", language="fr")
    assert answer.status_code == 422
    for field in ("name", "phone", "manager", "team", "language"):
        assert re.search(rf'<p class="error" id="e-{field}"><span>\S', answer.text), field


def test_who_left_is_shown_as_such_and_can_come_back(house: House, boss: Browser) -> None:
    employ(house, "wang")
    mine = Browser(signing.app(house))
    mine.enter("wang")
    uid = person(house, "wang").uid
    boss.send(f"/people/{uid}/leave", f"/people/{uid}")
    assert mine.get("/").status_code == 303
    assert "wang" in boss.get("/people?show=left").text and f"/people/{uid}" not in boss.get("/people").text
    boss.send(f"/people/{uid}/return", f"/people/{uid}")
    assert mine.get("/").status_code == 303 and mine.enter("wang").status_code == 303


def test_the_last_administrator_cannot_leave(house: House, boss: Browser) -> None:
    uid = person(house, "boss").uid
    boss.send(f"/people/{uid}/leave", f"/people/{uid}")
    assert "last administrator" in words(boss.get("/people"))
    answer = boss.send(f"/people/{uid}", name="boss", login="boss", language="en", revision="1")
    assert answer.status_code == 422 and "last administrator" in words(answer)


def test_links_are_built_from_the_configured_address_only_and_shown_once(house: House, boss: Browser) -> None:
    boss.send("/people/paste", people="王强 13800138001\n李四 13800138002")
    answer = boss.post("/people/invite", data={"csrf_token": boss.proof("/people/paste")}, headers={"X-Forwarded-Host": "evil.example"})
    made = re.findall(r"<code>(.*?)</code>", answer.text)
    assert len(made) == 2 and all(url.startswith(signing.BASE + "/invite/") for url in made) and "evil" not in answer.text
    guest = Browser(signing.app(house))
    assert guest.send(made[0].removeprefix(signing.BASE), password=PASSWORD, again=PASSWORD).location == "/"
    uid = person(house, "13800138001").uid if guest.get("/").text.startswith("王强") else person(house, "13800138002").uid
    assert "/reset/" in boss.send(f"/people/{uid}/link", f"/people/{uid}").text


def test_without_an_address_the_administrator_is_told_what_to_set(database_url: str) -> None:
    house = signing.house(database_url, "")
    employ(house, "boss", ADMIN)
    browser = Browser(signing.app(house))
    browser.enter("boss")
    answer = browser.send(f"/people/{person(house, 'boss').uid}/link", "/people/new")
    assert answer.status_code == 422 and "DOUGONG_BASE_URL" in words(answer) and "/reset/" not in answer.text
    house.store.close()


def test_pasting_lists_every_line_that_is_wrong_and_keeps_the_text(boss: Browser) -> None:
    answer = boss.send("/people/paste", people="王强 13800138001 张三丰\n<b>李敏</b> 12")
    assert answer.status_code == 422
    assert "Line 1: Nobody called “张三丰”" in words(answer) and "Line 2: “12” is not a valid phone number." in words(answer)
    assert "&lt;b&gt;李敏" in answer.text and "<b>李敏" not in answer.text


def test_teams_are_made_changed_and_removed(house: House, boss: Browser) -> None:
    assert boss.send("/people/teams/new", name="华东", code="east").status_code == 303
    with house.store.read() as connection:
        team = teams.all_teams(connection)[0]
    assert boss.send("/people/teams/new", name="华东").status_code == 422
    assert boss.send(f"/people/teams/{team.uid}", name="东部", code="east", manager=str(person(house, "boss").id)).status_code == 303
    page = words(boss.get("/people/teams"))
    assert "东部" in page and "boss" in page and "team.east" in page
    boss.send(f"/people/teams/{team.uid}/remove", f"/people/teams/{team.uid}")
    assert "No teams yet" in words(boss.get("/people/teams"))


def test_only_administrators_get_in(house: House) -> None:
    employ(house, "wang", ("desk", "lead"))
    uid = person(house, "wang").uid
    guest, wang = Browser(signing.app(house)), Browser(signing.app(house))
    wang.enter("wang")
    proof = wang.proof("/me/tokens")
    for rule in wang.application.url_map.iter_rules():  # type: ignore[attr-defined]
        if rule.rule.startswith("/people"):
            path = rule.rule.replace("<uid>", uid)
            for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
                body = {"csrf_token": proof} if method == "POST" else None
                assert guest.open(path, method=method).status_code in (303, 403), (method, path)
                assert wang.open(path, method=method, data=body).status_code == 403, (method, path)
    assert person(house, "wang").active


@pytest.mark.parametrize("path", ["/people/x", "/people/teams/x", "/people/%00", "/people/teams/" + "9" * 300])
def test_what_is_not_there_is_not_found(boss: Browser, path: str) -> None:
    assert boss.get(path).status_code == 404


def reached(house: House, key: str) -> tuple[str, str]:
    with house.store.read() as connection:
        return address_of(connection, person(house, key).id, "dingtalk"), address_of(connection, person(house, key).id, "dingtalk_union")


def dingtalk(house: House) -> None:
    with house.store.write() as connection:
        connect(connection, Connected("dingtalk", "dingtalk", {"app_key": "k", "app_secret": "s", "agent_id": "1"}))


def test_where_somebody_is_reached_is_asked_for_only_by_what_is_connected(house: House, boss: Browser) -> None:
    uid, mine = person(house, "boss").uid, {"name": "boss", "language": "en"}
    for page in ("/me/profile", f"/people/{uid}", "/people/new"):
        assert "DingTalk" not in re.sub(r'(?s)<div class="options.*?</div>', "", boss.get(page).text), page
    assert boss.send("/me/profile", **mine, **{"address.dingtalk": "not asked"}).status_code == 303
    assert reached(house, "boss") == ("", "")
    dingtalk(house)
    for page in ("/me/profile", f"/people/{uid}", "/people/new"):
        assert "DingTalk user ID" in boss.get(page).text and 'name="address.dingtalk_union"' in boss.get(page).text, page
    assert boss.send("/me/profile", **mine, **{"address.dingtalk": " manager<1> ", "address.mail": "x"}).status_code == 303
    assert reached(house, "boss") == ("manager<1>", "") and 'value="manager&lt;1&gt;"' in boss.get("/me/profile").text
    wrong = boss.send("/me/profile", name="", language="en", **{"address.dingtalk": "typed"})
    assert wrong.status_code == 422 and 'value="typed"' in wrong.text and reached(house, "boss") == ("manager<1>", "")


def test_an_administrator_enters_where_people_are_reached_one_by_one_and_pasted(house: House, boss: Browser) -> None:
    dingtalk(house)
    made = boss.send("/people/new", name="王强", login="wang", language="zh", **{"address.dingtalk": "w1"})
    assert made.status_code == 303 and reached(house, "wang") == ("w1", "")
    edited = {"name": "王强", "login": "wang", "language": "zh", "revision": "1"}
    assert boss.send(made.location, **edited, **{"address.dingtalk": "", "address.dingtalk_union": "u1"}).status_code == 303
    assert reached(house, "wang") == ("", "u1")
    assert "DingTalk user ID / DingTalk unionId" in boss.get("/people/paste").text
    sheet = "姓名\t账号\t钉钉用户 ID\tdingtalk UNIONID\n李敏\tli\tl1\tu2\n周倩\tzhou\t\t"
    assert boss.send("/people/paste", people=sheet).status_code == 303
    assert (reached(house, "li"), reached(house, "zhou")) == (("l1", "u2"), ("", ""))
    refused = boss.send("/people/paste", people="姓名\t手机\t钉钉用户 ID\n何平\t12\th1")
    assert refused.status_code == 422 and "h1" in refused.text
