"""Signing in through the pages, and what every request must show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dougong.people import credentials, links, passwords, roles, sessions, signin, users
from dougong.web import session
from tests.web import signing
from tests.web.signing import BASE, PASSWORD, Browser, House, employ, words

ADMIN = (roles.WORKSPACE, roles.ADMINISTRATOR)


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    made = signing.house(database_url)
    employ(made, "boss", ADMIN)
    employ(made, "wang", ("desk", "agent"))
    yield made
    made.store.close()


@pytest.fixture
def browser(house: House) -> Browser:
    return Browser(signing.app(house))


def test_one_signs_in_and_comes_to_the_page_one_wanted(browser: Browser) -> None:
    answer = browser.get("/me/tokens?x=1")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/me/tokens?x%3D1")
    answer = browser.enter("wang", next="/me/tokens?x=1")
    assert (answer.status_code, answer.location) == (303, "/me/tokens?x=1")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("dougong="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie and "Path=/" in cookie
    assert browser.get("/").text == "wang ['desk.agent'] en"


def test_over_https_the_cookie_is_secure(database_url: str) -> None:
    house = signing.house(database_url, "https://crm.example")
    employ(house, "wang")
    browser = Browser(signing.app(house))
    browser.set_cookie(session.GUEST_COOKIE, "guest", domain="crm.example")  # behind the proxy that speaks https
    proof = credentials.derived("guest", "csrf")
    answer = browser.post("/sign-in", data={"csrf_token": proof, "name": "wang", "password": PASSWORD}, headers={"Origin": "https://crm.example"})
    assert answer.status_code == 303 and "Secure" in next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("dougong="))
    house.store.close()


def test_unknown_and_known_accounts_get_the_same_page(browser: Browser) -> None:
    known, unknown = browser.enter("wang", "wrong password"), browser.enter("nobody", "wrong password")
    assert known.status_code == unknown.status_code == 422
    assert known.text.replace("wang", "?") == unknown.text.replace("nobody", "?")
    assert list(known.headers.keys()) == list(unknown.headers.keys())
    assert "Account or password is wrong." in words(known) and "wrong password" not in known.text


def test_the_eleventh_guess_is_refused_from_whatever_address_headers_claim(house: House) -> None:
    made = signing.app(house)
    for n in range(signin.PER_ACCOUNT):
        Browser(made, f"10.0.0.{n}").enter("wang", "wrong password")
    browser = Browser(made)
    form = {"csrf_token": browser.proof(), "name": "wang", "password": PASSWORD}
    answer = browser.post("/sign-in", data=form, headers={"X-Forwarded-For": "1.2.3.4"})
    assert answer.status_code == 422 and "Too many attempts" in words(answer)


def test_a_page_is_left_in_no_cache(browser: Browser) -> None:
    for path in ("/sign-in", "/"):
        assert browser.get(path).headers["Cache-Control"] == "no-store"
    with browser.get("/static/dist/app.css") as style:
        assert style.status_code == 200 and "no-store" not in style.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    "target",
    [
        "//e.x", "/\\e.x", "https:e.x", "https://e.x/", "/\t/e.x", "javascript:alert(1)", "http://crm.example@e.x/", "\\\\e.x", "/ /e.x",
        "///e.x", "", "e.x", "/\x00", "https:///e.x", "/\u200b/e.x",
    ],
)
def test_nobody_is_led_to_another_site(target: str) -> None:
    assert session.local(target) == "/"


@pytest.mark.parametrize("target", ["/", "/a/b?c=d&e=%2F", "/客户?名=王", "/%09/e.x"])
def test_paths_of_ours_are_kept(target: str) -> None:
    assert session.local(target) == target


def test_nothing_changes_without_the_proof_of_ones_own_page(house: House, browser: Browser) -> None:
    browser.enter("wang")
    stranger = Browser(signing.app(house))
    stranger.enter("boss")
    good = browser.proof("/me/tokens")
    form = {"name": "sheet", "days": "30"}
    attempts: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({"csrf_token": ""}, {}),
        ({"csrf_token": stranger.proof("/me/tokens")}, {}),
        ({"csrf_token": good}, {"Origin": "https://evil.example"}),
        ({"csrf_token": good}, {"Origin": "null"}),
        ({"csrf_token": good}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf_token": good}, {"Sec-Fetch-Site": "same-site"}),
    ]
    for extra, headers in attempts:
        answer = browser.post("/me/tokens", data={**form, **extra}, headers=headers)
        assert answer.status_code == 403, (extra, headers)
    assert browser.get("/me/tokens").text.count("Revoke") == 0
    for extra, headers in (({"csrf_token": good}, {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}), ({}, {"X-CSRFToken": good})):
        assert browser.post("/me/tokens", data={**form, **extra}, headers=headers).status_code == 200
    assert browser.get("/me/tokens").text.count("Revoke") == 2


def test_the_proof_is_asked_of_guests_too(browser: Browser) -> None:
    assert browser.post("/sign-in", data={"name": "wang", "password": PASSWORD}).status_code == 403


def test_every_changing_page_refuses_to_be_opened_by_a_link(browser: Browser) -> None:
    browser.enter("boss")
    rules = list(browser.application.url_map.iter_rules())  # type: ignore[attr-defined]
    shown = {rule.rule for rule in rules if "GET" in rule.methods}
    changing = [rule.rule.replace("<int:id>", "1").replace("<uid>", "x") for rule in rules if rule.rule not in shown]
    assert len(changing) >= 8
    assert {path: browser.get(path).status_code for path in changing if browser.get(path).status_code not in (404, 405)} == {}


def test_the_session_is_new_after_signing_in_and_gone_after_signing_out(house: House, browser: Browser) -> None:
    browser.enter("wang")
    first = browser.get_cookie("dougong", "crm.example")
    assert browser.enter("boss").status_code == 303
    second = browser.get_cookie("dougong", "crm.example")
    assert first and second and first.value != second.value
    browser.send("/sign-out", "/me/devices")
    for secret in (first.value, second.value):
        other = Browser(signing.app(house))
        other.set_cookie("dougong", secret, domain="crm.example")
        assert other.get("/").status_code == 303


def test_what_ends_access_works_at_the_next_request(house: House) -> None:
    made = signing.app(house)
    phone, desk = Browser(made), Browser(made)
    for browser in (phone, desk):
        browser.enter("wang")
    with house.store.write() as connection:
        found = users.by_key(connection, "wang")
        assert found is not None
        roles.take(connection, found.id, "desk", "agent")
    assert phone.get("/").text == "wang [] en"
    answer = phone.send("/me/password", "/me/devices", current=PASSWORD, password="copper bridge 12", again="copper bridge 12")
    assert answer.status_code == 303 and phone.get("/").status_code == 200 and desk.get("/").status_code == 303
    with house.store.write() as connection:
        users.deactivate(connection, found.id)
    assert phone.get("/").status_code == 303


def test_one_signs_out_another_device_and_nobody_elses(house: House) -> None:
    made = signing.app(house)
    phone, desk, other = Browser(made), Browser(made), Browser(made)
    for browser, name in ((phone, "wang"), (desk, "wang"), (other, "boss")):
        browser.enter(name)
    with house.store.read() as connection:
        found = users.by_key(connection, "wang")
        assert found is not None
        ids = [s.id for s in sessions.of(connection, found.id, house.clock.now())]
    for id in ids:
        other.send(f"/me/devices/{id}/end", "/me/devices")
    assert phone.get("/").status_code == desk.get("/").status_code == 200
    page = desk.get("/me/devices").text
    for id in ids:
        if f"/me/devices/{id}/end" in page:
            desk.send(f"/me/devices/{id}/end", "/me/devices")
    assert (phone.get("/").status_code, desk.get("/").status_code) == (303, 200)


def test_a_used_device_stays_signed_in_for_another_month(house: House, browser: Browser) -> None:
    browser.enter("wang")
    for _ in range(3):
        house.clock.move_to(house.clock.now() + timedelta(days=20))
        assert "dougong=" in browser.get("/").headers.get("Set-Cookie", "")
    house.clock.move_to(house.clock.now() + sessions.IDLE)
    assert browser.get("/").status_code == 303


def test_an_invited_person_chooses_a_password_by_the_link_once(house: House) -> None:
    boss = employ(house, "invited")
    with house.store.write() as connection:
        passwords.store(connection, boss, "")
        path = links.make(connection, "invite", boss, boss, house.clock.now(), BASE).removeprefix(BASE)
    browser = Browser(signing.app(house))
    assert browser.get(path.replace("invite", "reset")).status_code == 404
    refused = browser.send(path, password=PASSWORD, again="something else")
    assert refused.status_code == 422 and "differ" in words(refused) and PASSWORD not in refused.text
    assert browser.send(path, password="12345678", again="12345678").status_code == 422
    assert browser.send(path, password=PASSWORD, again=PASSWORD).location == "/"
    assert browser.get("/").text.startswith("invited")
    dead, never = browser.get(path), browser.get("/invite/x")
    assert dead.status_code == never.status_code == 404 and dead.text == never.text


def test_part_of_a_page_makes_the_browser_leave_for_the_sign_in(browser: Browser) -> None:
    answer = browser.get("/me/devices", headers={"HX-Request": "true", "HX-Current-URL": BASE + "/a/b?c=d"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in?next=/a/b?c%3Dd")


def test_a_new_token_is_shown_once(browser: Browser) -> None:
    browser.enter("wang")
    answer = browser.send("/me/tokens", name="sheet", days="30")
    assert answer.text.count("<code>dg_") == 1
    assert "dg_" not in browser.get("/me/tokens").text and "sheet" in browser.get("/me/tokens").text
    for days in ("0", "-1", "99999", "x", ""):
        assert browser.send("/me/tokens", name="sheet", days=days).status_code == 422


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605 Version/17.0 Mobile Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/120.0 Safari/537 Edg/120.0", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/100 Mobile Safari/537 DingTalk/7.0", "DingTalk · Android"),
        ("curl/8", ""),
    ],
)
def test_devices_are_called_by_their_names(house: House, agent: str, name: str) -> None:
    with signing.app(house).test_request_context(headers={"User-Agent": agent}):
        assert session.device().name == name
