"""What somebody tries who only has the running server (THREATS S22, S26, S31–S35, S44, S47, S50, S61, S62)."""

from __future__ import annotations

import gzip
import io
import json
import re
import resource
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, request
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from dougong.api import door
from dougong.people import passwords, tokens
from dougong.runtime import Runtime
from dougong.web.app import create_app
from tests.web.conftest import PASSWORD, Site
from tests.web.test_routes import path_of, rules

BASE = "https://crm.example"
SQL = (
    "name'; drop table dg_user;--", 'name"', "name`", "1 or 1=1", "name desc, (select 1)", "(select password from dg_login)", "name]",
    "name\0", "name%27", "\\'; --", "stage' or '1'='1", "a" * 5000, "name)--", "--", ";", "name/**/desc",
)  # fmt: skip
TRICKS = (
    "//e.x", "/\\e.x", "https:e.x", "https://e.x", "/%09/e.x", "/\t/e.x", "javascript:alert(1)", "//a@e.x", "\\\\e.x",
    "/\r\nX: y", " //e.x",
)  # fmt: skip


@pytest.fixture
def client(site: Site) -> str:
    return site.make("wang", "deals.client", name="O'Neil \"; drop table -- %s {{x}}", phone="13800000000", grade="a")


# --- S22 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sort", "q", "after", "view", "group", "f.name.is", "f.grade.in", "f.created_at.ge", "own"])
def test_sql_in_a_list_s_address_is_text_or_refused(site: Site, client: str, name: str) -> None:
    visitor = site.client("wang")
    pages = ("", "/count", "/export.csv")
    for turn, attack in enumerate(SQL):
        for given in ({name: attack}, {f"f.{attack[:80]}.is": "x"} if name == "own" else {name: f"-{attack}"}):
            answer = visitor.get(f"/a/deals/client{pages[turn % 3]}", query_string=given)
            assert answer.status_code in (200, 400, 404, 422), given
            assert "sqlite" not in answer.text.lower() and "Traceback" not in answer.text
    assert "O&#39;Neil" in visitor.get("/a/deals/client").text


def test_a_picker_takes_no_sql_and_no_foreign_field(site: Site, client: str) -> None:
    visitor = site.client("wang")
    for name in ("q", "code", "of", "first", "uid", "recent"):
        for attack in SQL:
            answer = visitor.get("/pick/deals/client", query_string={name: attack})
            assert answer.status_code in (200, 404), (name, attack)
    assert visitor.get("/pick/deals/client", query_string={"q": "O'Neil"}).json


# --- S26 --------------------------------------------------------------------------------------------------------------


def spent(work: Callable[[], TestResponse]) -> tuple[TestResponse, float, int]:
    """The answer, its seconds of computing and how many MiB more the process needed at its highest."""
    before, at = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    answer = work()
    return answer, time.process_time() - at, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10


def parts(count: int) -> bytes:
    return b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(count)) + b"--x--\r\n"


PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
    for kind, body in (
        (b"IHDR", (50_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"), (b"IDAT", zlib.compress(b"\0" * 1_000_000)), (b"IEND", b"")
    )
)  # fmt: skip
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
PACKED = gzip.compress(b"name=" + b"x" * 50_000_000)
BODIES: dict[str, tuple[str, bytes, str, dict[str, str]]] = {
    "a million form keys": ("/a/deals/client/new", b"&".join(b"k%d=" % n for n in range(400_000)), "application/x-www-form-urlencoded", {}),
    "a million empty pairs": ("/a/deals/client/new", b"a=&" * 660_000, "application/x-www-form-urlencoded", {}),
    "a million parts": ("/a/deals/client/new", parts(60_000), "multipart/form-data; boundary=x", {}),
    "parts of an upload": ("/files", parts(1_000_000), "multipart/form-data; boundary=x", {}),
    "a packed body": ("/a/deals/client/new", PACKED, "application/x-www-form-urlencoded", {"Content-Encoding": "gzip"}),
    "deep JSON to a webhook": ("/hooks/deals/client", DEEP, "application/json", {}),
    "deep JSON to the API": ("/api/v1/deals/client", DEEP, "application/json", {}),
    "deep JSON to a page": ("/a/deals/client/new", DEEP, "application/json", {}),
}  # fmt: skip


@pytest.mark.parametrize("what", BODIES)
def test_a_bomb_of_a_body_is_refused_quickly_and_in_little_memory(site: Site, what: str) -> None:
    path, body, kind, more = BODIES[what]
    visitor = site.client("wang")
    token = visitor.token()
    app = create_app(site.runtime, [door.blueprint(site.runtime)]).test_client()
    app._cookies = visitor.http._cookies
    headers = {"X-CSRFToken": token, **more}
    answer, seconds, mebibytes = spent(lambda: app.post(path, data=body, content_type=kind, headers=headers))
    assert answer.status_code in (400, 401, 404, 413, 415, 422), what
    assert seconds < 5 and mebibytes < 200, (seconds, mebibytes)


def test_a_picture_of_two_and_a_half_thousand_million_pixels_is_refused_unread(site: Site) -> None:
    visitor = site.client("wang")
    sent = {"form": "deals.deal", "field": "papers", "file": (io.BytesIO(PNG), "a.png")}
    answer, seconds, mebibytes = spent(lambda: visitor.post("/files", sent, content_type="multipart/form-data"))
    assert answer.status_code == 422 and "像素" in (answer.json or {})["message"]
    assert seconds < 5 and mebibytes < 200


# --- S31 --------------------------------------------------------------------------------------------------------------


FORGED = (
    {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"X-Host": "evil.example"},
    {"Forwarded": "host=evil.example;proto=https"},
)  # fmt: skip


@pytest.mark.parametrize("headers", FORGED)
def test_no_link_and_no_way_on_bears_a_forged_host(site: Site, headers: dict[str, str]) -> None:
    site.runtime.settings = replace(site.runtime.settings, base_url=BASE)
    visitor = site.client("admin")
    token = visitor.token()
    who = site.runtime
    with who.store.read() as connection:
        uid = connection.exec_driver_sql("select uid from dg_user where id = ?", (site.people["wang"],)).scalar_one()
    links = visitor.post(f"/people/{uid}/link", token=token, headers=headers)
    assert links.status_code in (200, 303) and "evil.example" not in links.text
    assert links.status_code == 303 or f"{BASE}/reset/" in links.text
    for path in ("/", "/people", "/sign-in", "/a/deals/client"):
        answer = site.client().get(path, headers=headers)
        assert "evil.example" not in answer.text + str(answer.headers), path


def test_without_a_configured_address_no_link_is_made(site: Site) -> None:
    visitor = site.client("admin")
    with site.runtime.store.read() as connection:
        uid = connection.exec_driver_sql("select uid from dg_user where id = ?", (site.people["wang"],)).scalar_one()
    answer = visitor.post(f"/people/{uid}/link")
    assert answer.status_code == 422 and "/reset/" not in answer.text


# --- S32, S33 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TRICKS)
def test_signing_in_leads_to_no_other_site(site: Site, target: str) -> None:
    visitor = site.client()
    entered = visitor.post("/sign-in", {"name": "wang", "password": PASSWORD, "next": target})
    again = visitor.get("/sign-in", query_string={"next": target})
    for location in (entered.location, again.location):
        assert urlsplit(urljoin("http://localhost/sign-in", location)).netloc == "localhost"
        assert re.fullmatch(r"/[^/\\\s][^\\\s]*|/", location), location


@pytest.fixture
def made(site: Site) -> Flask:
    return create_app(site.runtime, [door.blueprint(site.runtime)])


WRONG: dict[str, Callable[[str], dict[str, str]]] = {
    "no token": lambda token: {},
    "another token": lambda token: {"X-CSRFToken": "0" * len(token)},
    "a foreign origin": lambda token: {"X-CSRFToken": token, "Origin": "https://evil.example"},
    "no origin told": lambda token: {"X-CSRFToken": token, "Origin": "null"},
    "another site": lambda token: {"X-CSRFToken": token, "Sec-Fetch-Site": "cross-site"},
    "a sister site": lambda token: {"X-CSRFToken": token, "Sec-Fetch-Site": "same-site"},
    "plain text": lambda token: {"Content-Type": "text/plain"},
}


def test_nothing_is_changed_without_proof_that_our_page_sent_it(site: Site, made: Flask, client: str) -> None:
    visitor = site.client("admin")
    token = visitor.token()
    door_ = made.test_client()
    door_._cookies = visitor.http._cookies
    ours = [(line, rule) for line, rule in rules(made).items() if not rule.endpoint.startswith(("api", "hooks", "public"))]
    routes = [(line, rule) for line, rule in ours if not line.startswith("GET")]
    assert len(routes) > 40
    for line, rule in routes:
        path = path_of(made, rule, client)
        for what, headers in WRONG.items():
            answer = door_.open(path, method=line.split()[0], headers=headers(token), buffered=True)
            assert answer.status_code == 403, (line, what)
        if f"GET {rule.rule}" not in rules(made):
            assert door_.get(path, headers={"X-CSRFToken": token}).status_code in (404, 405), line
    assert visitor.get("/").status_code == 200  # nobody was signed out meanwhile


# --- S34, S35 ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def work(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the server does: each statement's words without its values, and each password hashed."""
    done: list[str] = []
    verify = passwords._hasher.verify

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(type(verify.__self__), name).__get__(verify.__self__)  # type: ignore[attr-defined]

        def verify(self, hash: str, password: str) -> bool:
            done.append("verify " + hash.rsplit("$", 2)[0])
            return verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Watched())

    def note(*args: Any) -> None:
        done.append(re.sub(r"\d+", "n", args[2])[:200])

    event.listen(Engine, "before_cursor_execute", note)
    yield done
    event.remove(Engine, "before_cursor_execute", note)


def test_a_known_and_an_unknown_account_are_told_apart_by_nothing(site: Site, work: list[str]) -> None:
    """Same status, page and headers, and the same work: where that is the same, no clock tells them apart."""
    visitor = site.client()
    token = visitor.token()
    seen = {}
    for name in ("wang", "nobody", "zhou", "neither", "李敏"):
        visitor.post("/sign-in", {"name": name, "password": "wrong horse 17"}, token)
        work.clear()
        answer = visitor.post("/sign-in", {"name": name, "password": "wrong horse 17"}, token)
        headers = {k: v for k, v in answer.headers if k not in ("Content-Length", "Date")}
        seen[name] = (answer.status_code, answer.text.replace(f'value="{name}"', ""), headers, tuple(work))
    first, *others = seen.values()
    assert first[0] == 422 and sum(step.startswith("verify") for step in first[3]) == 1
    assert all(other == first for other in others)


def test_no_header_and_no_spelling_makes_a_new_account_to_guess_at(site: Site) -> None:
    visitor = site.client()
    token = visitor.token()
    spelt = ("wang", "WANG", " wang ", "ｗａｎｇ", "wa\u200bng", "Wang")
    for n in range(12):
        forged = {"X-Forwarded-For": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}", "X-Real-IP": f"10.0.0.{n}"}
        visitor.post("/sign-in", {"name": spelt[n % 6], "password": "wrong horse 17"}, token, headers=forged)
    page = visitor.post("/sign-in", {"name": "wang", "password": PASSWORD}, token)
    assert page.status_code == 422 and "15 分钟" in page.text


def test_behind_a_trusted_proxy_visitors_do_not_share_a_limit(site: Site) -> None:
    def told(proxies: int, header: str) -> str:
        runtime = Runtime(replace(site.runtime.settings, trusted_proxies=proxies))
        app = create_app(runtime)
        seen: list[str] = []
        app.before_request(lambda: seen.append(str(request.remote_addr)))
        app.test_client().get("/sign-in", headers={"X-Forwarded-For": header}, environ_base={"REMOTE_ADDR": "10.9.9.9"})
        runtime.close()
        return seen[0]

    assert told(0, "192.0.2.1") == "10.9.9.9"
    assert told(1, "192.0.2.1") == "192.0.2.1"
    assert told(1, "203.0.113.5, 192.0.2.1") == "192.0.2.1"  # what the visitor wrote in front counts for nothing
    assert told(2, "203.0.113.5, 192.0.2.1, 10.0.0.1") == "192.0.2.1"
    assert told(2, "192.0.2.1") == "10.9.9.9"


# --- S47, S48, S50, S61, S62 ------------------------------------------------------------------------------------------


EDGES = ("NaN", "Infinity", "1e400", "-0", "9223372036854775808", "1" * 100_000, '"\\ud800"', '"a\\u0000b"', "[[[[]]]]", "true", "{}")


@pytest.mark.parametrize("edge", EDGES)
def test_an_odd_number_or_text_is_refused_or_comes_back_as_it_was(site: Site, edge: str) -> None:
    with site.runtime.store.write() as connection:
        secret = tokens.create(connection, site.people["wang"], "t", site.runtime.clock.now(), timedelta(days=1))
    app = create_app(site.runtime, [door.blueprint(site.runtime)]).test_client()
    headers = {"Authorization": f"Bearer {secret}"}
    values = (f'"name": {edge}', f'"name": "a", "cost": {edge}', f'"name": "a", "name": {edge}')
    for body in ("\ufeff{}", *(f'{{"phone": "13800000001", {value}}}' for value in values)):
        answer = app.post("/api/v1/deals/client", data=body.encode(), content_type="application/json", headers=headers)
        assert answer.status_code in (201, 400, 413, 422), (body[:60], answer.status_code, answer.text[:200])
        if answer.status_code == 201:
            app.delete(f"/api/v1/deals/client/{json.loads(answer.text)['uid']}", headers=headers)


def test_a_session_is_new_at_every_sign_in_and_dead_after_signing_out(site: Site) -> None:
    visitor = site.client("wang")
    first = visitor.http.get_cookie("dougong")
    assert first and first.http_only and first.same_site == "Lax"
    visitor.sign_in("wang")
    second = visitor.http.get_cookie("dougong")
    assert second and second.value != first.value
    stolen = site.client()
    stolen.http.set_cookie("dougong", first.value)
    assert stolen.get("/").status_code == 303
    stolen.http.set_cookie("dougong", second.value)
    assert stolen.get("/").status_code == 200
    visitor.post("/sign-out")
    assert stolen.get("/").status_code == 303
    chosen = site.client()
    chosen.http.set_cookie("dougong", "chosen-by-the-attacker")
    chosen.sign_in("zhou")
    assert (found := chosen.http.get_cookie("dougong")) and found.value != "chosen-by-the-attacker"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/a/deals/client", "/a/deals/client/new", "/nothing", "/people"])
def test_every_page_refuses_frames_and_debuggers(site: Site, path: str) -> None:
    asked = {"__debugger__": "yes", "cmd": "resource", "f": "debugger.js"}
    answer = site.client("wang").get(path, headers={"X-Debug": "1"}, query_string=asked)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert not any(word in answer.text for word in ("Traceback", "werkzeug", "EVALEX", "unsafe-inline"))
    assert site.client("wang").get("/console").status_code == 404
