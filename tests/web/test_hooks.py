"""Webhooks from outside: only what is signed, fresh and new has an effect (THREATS S38, R26)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from dougong.clock import VirtualClock
from dougong.events.outbox import event_table
from dougong.notify import inbound
from dougong.notify.message import notification_table
from tests.web.conftest import Site, build, staff

URL = "/hooks/desk/shop"
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
BODY = {"order": {"title": "{{7*7}} 推车", "size": "1.50"}}


class Sender:
    """Signs by its own means, as the documentation in web/hooks.py says."""

    def __init__(self, site: Site, secret: str) -> None:
        self.http, self.secret = site.client().http, secret

    def send(
        self, body: Any = BODY, *, at: datetime = NOW, delivery: str = "", url: str = URL, mimetype: str = "application/json", **more: Any
    ) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        seconds = int(at.timestamp())
        digest = hmac.new(self.secret.encode(), f"{seconds}.".encode() + raw, hashlib.sha256).hexdigest()
        headers = {"X-Dougong-Signature": f"t={seconds},v1={digest}", **({"X-Dougong-Delivery": delivery} if delivery else {}), **more}
        return self.http.post(url, data=raw, content_type=mimetype, headers={k: v for k, v in headers.items() if v is not None})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    made = build(tmp_path, Path(__file__).parent / "outside")
    made.runtime.clock = VirtualClock(NOW)
    staff(made, "desk", {"li": ("李敏", "chief", "")})
    yield made
    made.runtime.close()


@pytest.fixture
def sender(desk: Site) -> Sender:
    with desk.runtime.store.write() as connection:
        return Sender(desk, inbound.renew(connection, "desk.shop"))


def notes(desk: Site) -> list[tuple[Any, Any]]:
    desk.runtime.work()
    table = desk.runtime.workspace().tables["desk.note"]
    with desk.runtime.store.read() as connection:
        return [(row.text, str(row.size)) for row in connection.execute(select(table).order_by(table.c.id))]


def events(desk: Site) -> int:
    with desk.runtime.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(event_table).where(event_table.c.kind == "received")).scalar_one())


def test_a_delivery_becomes_a_record_and_is_read_in_formulas_as_text(desk: Site, sender: Sender) -> None:
    assert sender.send().status_code == 202
    assert notes(desk) == [("{{7*7}} 推车", "1.50")]
    with desk.runtime.store.read() as connection:
        assert connection.execute(select(notification_table.c.body)).scalar_one() == "{{7*7}} 推车 / {{7*7}} 推车"


@pytest.mark.parametrize(
    "header", [None, "", "t=1,v1=00", "v1=00", "t=,v1=", "t=٣,v1=00", "t=99999999999999,v1=00", "x" * 5000, "t=1,v1=é"]
)
def test_without_a_right_signature_nothing_happens(desk: Site, sender: Sender, header: str | None) -> None:
    assert sender.send(**{"X-Dougong-Signature": header}).status_code == 401
    assert events(desk) == 0


def test_a_changed_body_another_secret_and_an_old_time_are_refused(desk: Site, sender: Sender) -> None:
    raw, seconds = json.dumps(BODY).encode(), int(NOW.timestamp())
    digest = hmac.new(sender.secret.encode(), f"{seconds}.".encode() + raw, hashlib.sha256).hexdigest()
    assert sender.send({"order": {}}, **{"X-Dougong-Signature": f"t={seconds},v1={digest}"}).status_code == 401
    assert sender.send(**{"X-Dougong-Signature": f"t={seconds + 1},v1={digest}"}).status_code == 401
    assert Sender(desk, "other").send().status_code == 401
    assert sender.send(at=NOW - timedelta(minutes=5, seconds=1)).status_code == 401
    assert sender.send(at=NOW + timedelta(minutes=5, seconds=1)).status_code == 401
    assert events(desk) == 0
    assert sender.send(at=NOW - timedelta(minutes=5)).status_code == 202


def test_a_repeated_delivery_is_answered_as_before_and_done_once(desk: Site, sender: Sender) -> None:
    answers = [sender.send(delivery="a1", at=NOW + timedelta(seconds=n)) for n in range(5)]
    assert {(a.status_code, a.text) for a in answers} == {(202, answers[0].text)}
    assert len(notes(desk)) == 1


def test_a_known_delivery_with_another_body_is_refused(desk: Site, sender: Sender) -> None:
    assert sender.send(delivery="a1").status_code == 202
    assert sender.send({"order": {"title": "别的"}}, delivery="a1").status_code == 409
    assert len(notes(desk)) == 1


def test_an_overheard_request_gains_nothing(desk: Site, sender: Sender) -> None:
    assert sender.send(delivery="a1").status_code == 202
    assert sender.send(delivery="a2").status_code == 409  # the same signature under another name
    assert sender.send(delivery="a1").status_code == 202
    assert sender.send().status_code == 409
    assert len(notes(desk)) == 1


def test_without_an_id_the_signature_is_the_delivery_s(desk: Site, sender: Sender) -> None:
    assert [sender.send().status_code, sender.send().status_code, sender.send(at=NOW + timedelta(seconds=1)).status_code] == [202, 202, 202]
    assert len(notes(desk)) == 2


@pytest.mark.parametrize("mimetype", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/xml"])
def test_other_kinds_of_content_are_refused(desk: Site, sender: Sender, mimetype: str) -> None:
    assert sender.send(mimetype=mimetype).status_code == 415
    assert events(desk) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"a": "' + b"x" * (256 << 10) + b'"}', 413),
        (b"[" * 100_000, 400),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", 413),
        (b"[1]", 400),
        (b"7", 400),
        (b"{", 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": "\\ud800"}', 400),
        (b'{"a": "\\u0000"}', 400),
        (b'{"a": ' + b"9" * 5000 + b"}", 400),
    ],
)
def test_what_is_too_large_too_deep_or_no_object_is_refused(desk: Site, sender: Sender, body: bytes, status: int) -> None:
    assert sender.send(body).status_code == status
    assert events(desk) == 0


def test_only_declared_webhooks_with_a_secret_are_there(desk: Site, sender: Sender) -> None:
    for url in ("/hooks/desk/other", "/hooks/other/shop", "/hooks/desk/note"):
        assert sender.send(url=url).status_code == 404
    assert sender.http.get(URL).status_code == 405
    with desk.runtime.store.write() as connection:
        inbound.close(connection, "desk.shop")
    assert sender.send().status_code == 404


def test_a_body_that_does_not_fit_the_form_ends_its_run_with_the_reason(desk: Site, sender: Sender) -> None:
    assert sender.send({"order": {"title": "", "size": "viel"}}).status_code == 202
    assert notes(desk) == []
    page = desk.client("admin").get("/runs").text
    assert "规模" in page or "失败" in page
