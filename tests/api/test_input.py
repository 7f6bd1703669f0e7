"""THREATS S26, S44, S46, S47: whatever is sent gets a typed answer, and never a 500."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Site, codes

DEEP = "[" * 100_000 + "]" * 100_000
BODIES: dict[str, tuple[bytes, int]] = {
    "no JSON": (b"{", 400),
    "no object": (b"[]", 400),
    "nothing": (b"", 400),
    "not a number": (b'{"values": {"count": NaN}}', 400),
    "infinity": (b'{"values": {"count": -Infinity}}', 400),
    "a key twice": (b'{"values": {"name": "a", "name": "b"}}', 400),
    "a key twice outside": (b'{"values": {}, "values": {}}', 400),
    "a lone surrogate": (b'{"values": {"name": "\\ud800"}}', 400),
    "a lone surrogate as key": (b'{"values": {"\\udfff": 1}}', 400),
    "too deep": (f'{{"values": {{"facts": {DEEP}}}}}'.encode(), 400),
    "a little too deep": (b'{"values": {"facts": ' + b"[" * 40 + b"]" * 40 + b"}}", 400),
    "too large": (b'{"values": {"name": "' + b"a" * (1 << 20) + b'"}}', 413),
    "no UTF-8": (b'{"values": {"name": "\xff"}}', 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400),
    "a hundred thousand digits": (b'{"values": {"count": ' + b"9" * 100_000 + b"}}", 400),
    "1e400": (b'{"values": {"name": "a", "count": 1e400}}', 422),
    "2^63": (b'{"values": {"name": "a", "count": 9223372036854775808}}', 422),
    "a fraction": (b'{"values": {"name": "a", "count": 1.5}}', 422),
    "minus zero": (b'{"values": {"name": "a", "count": -0, "price": -0.0}}', 201),
    "values that are none": (b'{"values": 5}', 422),
    "an unknown key": (b'{"values": {}, "owner": 1}', 422),
    "no values": (b"{}", 422),
    "a malformed uid": (b'{"uid": "1", "values": {"name": "a"}}', 422),
    "NUL": (b'{"values": {"name": "a\\u0000b"}}', 422),
    "an object for a text": (b'{"values": {"name": {"$gt": ""}}}', 422),
    "a hostile file": (b'{"values": {"name": "a", "papers": [{"path": "/etc/passwd"}]}}', 422),
    "an internal id": (b'{"values": {"name": "a", "above": 1}}', 422),
}


def test_a_body_is_taken_or_refused_with_a_reason(site: Site) -> None:
    for kind, (sent, status) in BODIES.items():
        answer = site.ask("li", "POST", "desk/party", data=sent, content_type="application/json")
        assert answer.status_code == status and (status == 201 or answer.json["problems"][0]["message"]), (kind, answer.text[:300])
        bulk = site.ask("li", "POST", "desk/party/bulk", data=sent, content_type="application/json")
        assert bulk.status_code in (400, 413, 422) and bulk.json["problems"][0]["message"], (kind, bulk.text[:300])


def test_only_json_is_taken_and_nothing_packed(site: Site) -> None:
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, {}):
        answer = site.ask("li", "POST", "desk/party", data=b"{}", headers=headers)
        assert (answer.status_code, codes(answer)) == (415, ["api-not-json"])


QUESTIONS: tuple[tuple[str, int], ...] = (
    ("limit=0", 422),
    ("limit=501", 422),
    ("limit=1e9", 422),
    ("limit=-1", 422),
    ("limit=5&limit=6", 422),
    ("cursor=zzz", 422),
    ("cursor=W10", 422),
    ("sort=nothing", 422),
    ("filter=name", 422),
    ("filter=name:like:x", 422),
    ("filter=:eq:x", 422),
    ("filter=count:eq:x", 422),
    ("filter=since:gt:yesterday-ish", 422),
    ("offset=-1", 422),
    ("&".join(["filter=name:eq:x"] * 21), 422),
    ("filter=level:in:" + ",".join("a" * 300), 422),
    ("fields=name,__class__", 422),
    ("count=maybe", 422),
    ("deleted=true", 422),
    ("filter=name:eq:" + "x" * 5000, 422),
    ("search=" + "%25" * 100, 200),
    ("search=" + "_" * 50, 200),
    ("filter=name:contains:%27%3B--", 200),
    ("filter=name:eq:", 200),
    ("filter=above:eq:01939f6e-7b5a-7c3e-8d21-000000000000", 422),
    ("filter=count:between:,", 200),
    ("filter=count:between:1", 200),
    ("filter=name:eq:%00", 400),
    ("search=%00", 400),
    ("sort=items", 422),
    ("filter=name:eq:%ED%A0%80", 200),
    ("filter=facts:contains:x", 422),
)


def test_a_question_is_answered_or_refused_with_a_reason(site: Site) -> None:
    site.make("li", "desk.party", {"name": "甲"})
    for question, status in QUESTIONS:
        answer = site.ask("li", "GET", f"desk/party?{question}")
        assert answer.status_code == status, (question[:60], answer.text[:200])


ADDRESSES: tuple[tuple[str, str, int], ...] = (
    ("GET", "", 404),
    ("GET", "nothing", 404),
    ("GET", "desk/nothing", 404),
    ("GET", "desk/order_items", 404),
    ("PUT", "desk/party", 405),
    ("POST", "desk/party/1", 405),
    ("GET", "desk/party/bulk", 404),
    ("TRACE", "desk/party", 405),
    ("GET", "desk/party/' OR 1=1 --", 404),
    ("GET", "user/user", 404),
    ("GET", "files/../../etc/passwd", 404),
    ("GET", "files/nothing", 404),
    ("POST", "desk/party/files/name", 422),
    ("POST", "desk/party/files/papers", 415),
    ("DELETE", "openapi.json", 405),
    ("GET", "desk/party/%00", 404),
)


def test_every_address_answers_in_the_one_shape(site: Site) -> None:
    for method, address, status in ADDRESSES:
        answer = site.ask("li", method, address)
        assert answer.status_code == status or (address == "" and answer.status_code == 404), (method, address, answer.text[:200])
        if address:
            body: Any = answer.json
            assert body["problems"][0]["code"] and body["problems"][0]["message"], (method, address)
