"""Every route by everybody: a route that nobody decided about fails here (THREATS S6, S7).

A row: a guest, the seller on their own record, another seller on it, the administrator (who holds no role in the app).
"""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from dougong.api import door
from dougong.web.app import create_app
from tests.web.conftest import Site, Visitor

UNKNOWN = "0190c000-0000-7000-8000-000000000000"
WHO = ("", "wang", "zhou", "admin")
HOLDERS = {
    "app": "deals", "id": "client", "uid": UNKNOWN, "which": UNKNOWN, "secret": "x" * 40, "name": "name", "job": UNKNOWN,
    "filename": "dist/app.js", "form": "client", "field": "name", "number": "1", "code": "x", "row": "0",
}
ROUTES: dict[str, tuple[int, int, int, int]] = {
    "GET /": (303, 200, 200, 200),
    "GET /<any(invite, reset):purpose>/<secret>": (404, 404, 404, 404),
    "POST /<any(invite, reset):purpose>/<secret>": (404, 404, 404, 404),
    "GET /a/<app>/<id>": (303, 200, 200, 404),
    "GET /a/<app>/<id>/<uuid:uid>": (303, 200, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/comments": (303, 303, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/comments/<uuid:which>/<any(delete, restore):what>": (303, 404, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/delete": (303, 404, 404, 404),
    "GET /a/<app>/<id>/<uuid:uid>/edit": (303, 200, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/edit": (303, 303, 404, 404),
    "GET /a/<app>/<id>/<uuid:uid>/cell/<name>": (303, 200, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/cell/<name>": (303, 204, 404, 404),
    "GET /a/<app>/<id>/<uuid:uid>/field/<name>": (303, 200, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/field/<name>": (303, 200, 404, 404),
    "GET /a/<app>/<id>/<uuid:uid>/move": (303, 404, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/move": (303, 404, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/press": (303, 422, 404, 404),
    "POST /a/<app>/<id>/<uuid:uid>/restore": (303, 404, 404, 404),
    "GET /a/<app>/<id>/<uuid:uid>/why/<name>": (303, 404, 404, 404),
    "GET /a/<app>/<id>/<uuid:uid>/since/<int:revision>": (303, 200, 404, 404),
    "POST /a/<app>/<id>/bulk": (303, 404, 404, 404),
    "GET /a/<app>/<id>/bulk/control": (303, 200, 200, 404),
    "POST /a/<app>/<id>/bulk/export": (303, 200, 200, 404),
    "GET /a/<app>/<id>/bulk/sheet": (303, 200, 200, 404),
    "POST /a/<app>/<id>/bulk/sums": (303, 200, 200, 404),
    "POST /a/<app>/<id>/bulk/undo/<int:first>-<int:last>": (303, 303, 303, 404),
    "POST /a/<app>/<id>/columns": (303, 303, 303, 404),
    "GET /a/<app>/<id>/count": (303, 200, 200, 404),
    "GET /a/<app>/<id>/export.<any(csv, xlsx):kind>": (303, 200, 200, 404),
    "GET /a/<app>/<id>/import": (303, 404, 404, 404),
    "POST /a/<app>/<id>/import": (303, 404, 404, 404),
    "GET /a/<app>/<id>/import/<uuid:job>": (303, 404, 404, 404),
    "GET /a/<app>/<id>/import/<uuid:job>/errors.csv": (303, 404, 404, 404),
    "POST /a/<app>/<id>/import/<uuid:job>/start": (303, 404, 404, 404),
    "POST /a/<app>/<id>/import/try": (303, 404, 404, 404),
    "POST /a/<app>/<id>/line/<name>/<int:row>": (303, 404, 404, 404),
    "GET /a/<app>/<id>/new": (303, 200, 200, 404),
    "POST /a/<app>/<id>/new": (303, 422, 422, 404),
    "POST /a/<app>/<id>/views": (303, 303, 303, 404),
    "POST /a/<app>/<id>/views/<uuid:uid>/<any(delete, restore):what>": (303, 303, 303, 404),
    "GET /api/v1/<app>/<form>": (401, 401, 401, 401),
    "POST /api/v1/<app>/<form>": (401, 401, 401, 401),
    "DELETE /api/v1/<app>/<form>/<uid>": (401, 401, 401, 401),
    "GET /api/v1/<app>/<form>/<uid>": (401, 401, 401, 401),
    "PATCH /api/v1/<app>/<form>/<uid>": (401, 401, 401, 401),
    "POST /api/v1/<app>/<form>/<uid>/move": (401, 401, 401, 401),
    "POST /api/v1/<app>/<form>/<uid>/restore": (401, 401, 401, 401),
    "POST /api/v1/<app>/<form>/bulk": (401, 401, 401, 401),
    "POST /api/v1/<app>/<form>/files/<field>": (401, 401, 401, 401),
    "DELETE /api/v1/<path:rest>": (401, 401, 401, 401),
    "GET /api/v1/<path:rest>": (401, 401, 401, 401),
    "PATCH /api/v1/<path:rest>": (401, 401, 401, 401),
    "POST /api/v1/<path:rest>": (401, 401, 401, 401),
    "PUT /api/v1/<path:rest>": (401, 401, 401, 401),
    "TRACE /api/v1/<path:rest>": (401, 401, 401, 401),
    "GET /api/v1/files/<uid>": (401, 401, 401, 401),
    "GET /api/v1/openapi.json": (401, 401, 401, 401),
    "GET /apps": (303, 403, 403, 200),
    "GET /apps/<id>": (303, 403, 403, 404),
    "POST /apps/<id>/install": (303, 403, 403, 404),
    "GET /apps/<id>/plan": (303, 403, 403, 404),
    "GET /apps/<id>/progress/<job>": (303, 403, 403, 200),
    "POST /apps/<id>/remove": (303, 403, 403, 404),
    "POST /apps/<id>/rollback": (303, 403, 403, 303),
    "GET /company": (303, 403, 403, 200),
    "POST /company": (303, 403, 403, 422),
    "GET /f/<app>/<id>": (404, 404, 404, 404),
    "POST /f/<app>/<id>": (404, 404, 404, 404),
    "GET /f/<app>/<id>/thanks": (404, 404, 404, 404),
    "POST /f/<app>/<id>/upload": (404, 404, 404, 404),
    "POST /files": (303, 404, 404, 404),
    "GET /files/<uuid:uid>": (303, 404, 404, 404),
    "POST /hooks/<app>/<id>": (404, 404, 404, 404),
    "GET /inbox": (303, 200, 200, 200),
    "POST /inbox/<uuid:uid>/read": (303, 303, 303, 303),
    "POST /inbox/read": (303, 303, 303, 303),
    "GET /me": (303, 200, 200, 200),
    "GET /me/devices": (303, 200, 200, 200),
    "POST /me/devices/<int:id>/end": (303, 303, 303, 303),
    "GET /me/profile": (303, 200, 200, 200),
    "POST /me/profile": (303, 422, 422, 422),
    "GET /needs/hand": (303, 200, 200, 200),
    "POST /needs/<any(urged, taken, noted):what>": (303, 303, 303, 303),
    "POST /needs/handed": (303, 303, 303, 303),
    "POST /needs/undo/<uuid:batch>": (303, 303, 303, 303),
    "POST /me/password": (303, 422, 422, 422),
    "GET /me/tokens": (303, 200, 200, 200),
    "POST /me/tokens": (303, 422, 422, 422),
    "POST /me/tokens/<int:id>/end": (303, 303, 303, 303),
    "GET /people": (303, 403, 403, 200),
    "GET /people/<uid>": (303, 403, 403, 404),
    "POST /people/<uid>": (303, 403, 403, 404),
    "POST /people/<uid>/leave": (303, 403, 403, 404),
    "POST /people/<uid>/link": (303, 403, 403, 404),
    "POST /people/<uid>/return": (303, 403, 403, 404),
    "POST /people/invite": (303, 403, 403, 200),
    "GET /people/new": (303, 403, 403, 200),
    "POST /people/new": (303, 403, 403, 422),
    "GET /people/paste": (303, 403, 403, 200),
    "POST /people/paste": (303, 403, 403, 422),
    "GET /people/roles": (303, 403, 403, 200),
    "GET /people/teams": (303, 403, 403, 200),
    "GET /people/teams/<uid>": (303, 403, 403, 404),
    "POST /people/teams/<uid>": (303, 403, 403, 404),
    "POST /people/teams/<uid>/remove": (303, 403, 403, 404),
    "GET /people/teams/new": (303, 403, 403, 200),
    "POST /people/teams/new": (303, 403, 403, 422),
    "GET /pick/<app>/<id>": (303, 200, 200, 404),
    "GET /pick/<id>": (303, 404, 404, 404),
    "GET /pick/region": (303, 200, 200, 200),
    "GET /popups": (303, 200, 200, 200),
    "POST /popups/<uuid:uid>/seen": (303, 303, 303, 303),
    "GET /runs": (303, 200, 200, 200),
    "POST /running/<app>/<id>/<uuid:uid>/begin": (303, 404, 404, 404),
    "POST /running/<app>/<id>/<uuid:uid>/end": (303, 404, 404, 404),
    "GET /runs/<uuid:uid>": (303, 404, 404, 404),
    "POST /runs/<uuid:uid>/again": (303, 403, 403, 404),
    "POST /runs/switch": (303, 403, 403, 404),
    "GET /search": (303, 200, 200, 200),
    "GET /settings": (303, 403, 403, 200),
    "GET /settings/stuck": (303, 403, 403, 200),
    "POST /settings/stuck/arrived": (303, 403, 403, 303),
    "POST /settings/stuck/retry": (303, 403, 403, 303),
    "GET /settings/connections": (303, 403, 403, 200),
    "GET /settings/connections/edit/<name>": (303, 403, 403, 404),
    "POST /settings/connections/edit/<name>": (303, 403, 403, 404),
    "POST /settings/connections/forms/<app>/<id>": (303, 403, 403, 404),
    "POST /settings/connections/hooks/<app>/<id>": (303, 403, 403, 404),
    "POST /settings/connections/hooks/<app>/<id>/close": (303, 403, 403, 404),
    "GET /settings/connections/new/<kind>": (303, 403, 403, 404),
    "POST /settings/connections/new/<kind>": (303, 403, 403, 404),
    "POST /settings/connections/remove/<name>": (303, 403, 403, 404),
    "GET /settings/connections/trial/<int:id>": (303, 403, 403, 404),
    "POST /settings/connections/try-mail": (303, 403, 403, 303),
    "POST /settings/connections/try/<name>": (303, 403, 403, 404),
    "POST /settings/kept": (303, 403, 403, 303),
    "POST /settings/release": (303, 403, 403, 303),
    "GET /setup": (302, 302, 302, 302),
    "POST /setup": (422, 422, 422, 422),
    "GET /sign-in": (200, 302, 302, 302),
    "POST /sign-in": (422, 422, 422, 422),
    "POST /sign-out": (303, 303, 303, 303),
    "GET /static/<path:filename>": (200, 200, 200, 200),
}


def rules(made: Flask) -> dict[str, Rule]:
    """'GET /people' → its rule; signing out and deleting come last, so that the others have somebody and something to ask for."""
    found = sorted(made.url_map.iter_rules(), key=lambda r: (r.endpoint in ("record.delete", "signin.sign_out"), r.rule))
    return {f"{method} {rule.rule}": rule for rule in found for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})}


def path_of(made: Flask, rule: Rule, client: str) -> str:
    """Records of the app are the client; all else that an address names is not there."""
    part, _, _ = rule.endpoint.partition(".")
    given: dict[str, object] = dict(HOLDERS)
    if "<app>" in rule.rule:
        given["uid"] = client
    if part == "gallery":
        given["id"] = "nothing"
    given |= {name: options.split(",")[0] for options, name in re.findall(r"<any\(([^)]*)\):(\w+)>", rule.rule)}
    wanted = {name: 999 if "<int:" + name in rule.rule else given.get(name, UNKNOWN) for name in rule.arguments}
    method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
    return made.url_map.bind("localhost").build(rule.endpoint, wanted, method=method)


def send(visitor: Visitor, line: str, path: str, token: str, **headers: str) -> int:
    method = line.split()[0]
    given = {"Accept-Language": "zh-CN", "X-CSRFToken": token, **headers}
    return visitor.http.open(path, method=method, headers=given, buffered=True).status_code


@pytest.fixture
def made(site: Site) -> Flask:
    return create_app(site.runtime, [door.blueprint(site.runtime)])


def test_every_route_answers_everybody_as_decided(site: Site, made: Flask) -> None:
    client = site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000")
    visitors = {who: site.client(who) for who in WHO}
    tokens = {who: visitor.token() for who, visitor in visitors.items()}
    for visitor in visitors.values():  # the same cookies, at the app with all doors
        cookies = visitor.http._cookies
        visitor.http = made.test_client()
        visitor.http._cookies = cookies
    found = {}
    for line, rule in rules(made).items():
        path = path_of(made, rule, client)
        order = ("", "zhou", "admin", "wang")  # whoever may do it comes last
        got = {who: send(visitors[who], line, path, tokens[who]) for who in order}
        found[line] = tuple(got[who] for who in WHO)
    assert found == ROUTES


CLOSED = ["/people", "/settings", "/apps", "/company", "/people/roles", "/a/deals/client/{client}", "/a/deals/product/new"]


@pytest.mark.parametrize("address", CLOSED)
def test_no_other_spelling_of_an_address_opens_more(site: Site, address: str) -> None:
    address = address.format(client=site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000"))
    zhou = site.client("zhou")
    tails = ("/", "%2f", ";x", "?x=/public", "%00", "/../" + address.rsplit("/", 1)[1])
    others = (address.replace("/", "/./", 1), "/" + address[1:].replace("/", "//"), address.upper())
    spellings = [*(address + tail for tail in tails), *others, "/static/.." + address, "/static/%2e%2e" + address]
    for spelling in [address, *spellings]:
        assert zhou.get(spelling, follow_redirects=False).status_code in (302, 303, 308, 403, 404), spelling
        if (location := zhou.get(spelling).headers.get("Location", "")) and "://" in location:
            assert location.startswith("http://localhost/"), spelling
    for name in ("X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-User"):
        for value in ("/sign-in", "GET", "admin"):
            assert zhou.get(address, headers={name: value}).status_code in (403, 404), (name, value)


def test_a_missing_asset_is_a_plain_not_found(site: Site) -> None:
    for who in ("", "wang"):
        assert site.client(who).get("/static/dist/nothing.js").status_code == 404
