"""The API beside the pages, as `dougong serve` runs them: each keeps to its own proof of who asks."""

from __future__ import annotations

from dougong.api import door
from dougong.web.app import create_app
from tests.api.conftest import Site, codes


def test_the_api_answers_beside_the_pages_in_its_own_shape(site: Site) -> None:
    site.app = create_app(site.runtime, [door.blueprint(site.runtime)])
    made = site.ask("li", "POST", "desk/party", {"values": {"name": "甲"}})
    assert made.status_code == 201, made.text
    assert codes(site.ask("li", "GET", "nothing/at/all/here")) == ["api-not-found"]
    assert codes(site.ask("li", "PUT", "desk/party")) == ["api-method"]
    assert codes(site.ask("li", "POST", "desk/party", data=b"{", content_type="application/json")) == ["api-bad-json"]
    large = site.ask("li", "POST", "desk/party", data=b'{"values": "' + b"a" * (3 << 20) + b'"}', content_type="application/json")
    assert (large.status_code, codes(large)) == (413, ["api-too-large"])
    client = site.app.test_client()
    answer = client.get("/api/v1/desk/party")
    assert answer.status_code == 401 and answer.headers["Cache-Control"] == "no-store"
    assert client.get("/a/desk/party", headers={"Authorization": f"Bearer {site.tokens['li']}"}).status_code in (302, 303)
