"""What a person may not read is in no page, no part, no file; what may not be sent changes nothing (THREATS S6, S8, S9, S11, S24, S33)."""

from __future__ import annotations

import io
import re

import pytest

from tests.web.conftest import Site

SECRET, PHONE, MAIL, COST = "CANARY-geheim", "13812345678", "canary@example.com", "987654.32"
UNKNOWN = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def client(site: Site) -> str:
    uid = site.make("li", "deals.client", name="宁波骨科医院", phone=PHONE, mail=MAIL, cost=COST, secret=SECRET, grade="a")
    site.make("li", "deals.call", client=uid, kind="first")
    return uid


def addresses(uid: str) -> list[str]:
    here = f"/a/deals/client/{uid}"
    return [
        "/",
        "/a/deals/client",
        "/a/deals/client?q=宁波",
        f"/a/deals/client?q={PHONE}",
        "/a/deals/client?sort=-cost",
        "/a/deals/client?f.phone.is=" + PHONE,
        f"/a/deals/client?f.secret.has={SECRET}",
        "/a/deals/client/export.csv",
        f"{here}/edit",
        f"{here}/why/margin",
        f"{here}/why/pool",
        f"{here}/field/phone",
        f"{here}/field/secret",
        "/a/deals/client/new",
        f"/a/deals/call/new?client={uid}",
        "/pick/deals/client?q=宁波",
        "/pick/deals/client?recent=1",
        f"/pick/deals/client?q={PHONE}",
        "/search?q=宁波",
        f"/search?q={SECRET}",
        f"/runs?form=deals.client&record={uid}",
        "/runs",
        "/inbox",
        "/popups",
        "/me",
    ]


def test_hidden_and_masked_values_are_in_no_answer(site: Site, client: str) -> None:
    site.client("li").post(
        f"/a/deals/client/{client}/edit", {"name": "宁波骨科医院", "phone": PHONE, "mail": "b" + MAIL, "cost": COST, "secret": SECRET + "2"}
    )
    site.runtime.work()
    helper = site.client("he")
    seen = 0
    for address in addresses(client):
        answer = helper.get(address)
        seen += answer.status_code == 200
        for canary in (SECRET, PHONE, MAIL, COST, "987,654", "1,975,308", "1975308"):
            assert canary in address or canary not in answer.text, address  # what one asks for oneself stands in the search box again
    assert seen > 12
    assert "138****5678" in helper.get(f"/a/deals/client/{client}").text


def test_the_same_pages_show_them_to_who_may(site: Site, client: str) -> None:
    page = site.client("li").get(f"/a/deals/client/{client}").text
    assert SECRET in page and PHONE in page and "987,654" in page


def test_asking_by_a_masked_value_answers_nothing(site: Site, client: str) -> None:
    """The answer is the same whatever stands in the field."""
    helper = site.client("he")
    for question in (f"f.phone.is={PHONE}", "f.phone.is=13800000000", f"f.cost.ge={COST}", "f.cost.ge=1", "sort=phone", "sort=cost"):
        answer = helper.get(f"/a/deals/client?{question}")
        assert (answer.status_code, "宁波骨科医院" in answer.text) == (422, False), question
    for text in (PHONE, "1381234", SECRET, MAIL):
        assert helper.get(f"/pick/deals/client?q={text}").json == []


def test_unknown_and_unseen_records_look_the_same(site: Site, client: str) -> None:
    stranger = site.client("zhou")
    for part in ("", "/edit", "/why/pool", "/field/phone", "/move?to=x"):
        unseen, unknown = (stranger.get(f"/a/deals/client/{uid}{part}") for uid in (client, UNKNOWN))
        assert unseen.status_code == unknown.status_code == 404
        assert re.sub(r'token" content="[^"]+"', "", unseen.text) == re.sub(r'token" content="[^"]+"', "", unknown.text)
    for part in ("edit", "comments", "delete", "restore", "press", "field/name"):
        assert [stranger.post(f"/a/deals/client/{uid}/{part}", {"name": "x", "body": "x"}).status_code for uid in (client, UNKNOWN)] == [
            404,
            404,
        ], part


def test_guests_are_sent_to_the_door(site: Site, client: str) -> None:
    guest = site.client()
    for address in addresses(client):
        answer = guest.get(address)
        assert answer.status_code == 303 and answer.location.startswith("/sign-in"), address


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_nothing_changes_without_the_page_s_token(site: Site, client: str, headers: dict[str, str]) -> None:
    visitor = site.client("li")
    token = "" if not headers else visitor.token()
    for address in (
        "/a/deals/client/new",
        f"/a/deals/client/{client}/edit",
        f"/a/deals/client/{client}/delete",
        f"/a/deals/client/{client}/comments",
        "/inbox/read",
        "/files",
        f"/a/deals/client/{client}/press",
        f"/a/deals/client/{client}/field/name",
        "/runs/switch",
        "/apps/first/install",
    ):
        assert visitor.post(address, {"name": "x"}, token=token, headers=headers).status_code == 403, address
    assert "宁波骨科医院" in visitor.get(f"/a/deals/client/{client}").text


def test_what_a_form_does_not_offer_is_not_taken(site: Site, client: str) -> None:
    """Identity, machine fields, computed, hidden and read-only values sent along change nothing."""
    sly = {
        "id": "1",
        "uid": UNKNOWN,
        "creator": "1",
        "created_at": "2020-01-01",
        "pool": "green",
        "margin": "1",
        "revision": "1",
        "deleted_at": "1",
    }
    chief = site.client("li")
    assert chief.post(f"/a/deals/client/{client}/edit", {"name": "新名", "phone": PHONE, **sly}).status_code == 303
    page = chief.get(f"/a/deals/client/{client}").text
    assert "新名" in page and "1,975,308" in page
    seller = site.client("wang")
    answer = seller.post("/a/deals/client/new", {"name": "甲", "phone": "13900000000", "secret": "mine", "stage": "won", **sly})
    assert answer.status_code == 303
    with site.runtime.read(site.runtime.actor(site.people["li"])) as ctx:
        assert "mine" not in str(ctx.connection.exec_driver_sql("select * from deals__client").all())


def test_every_page_carries_the_headers_that_protect_it(site: Site, client: str) -> None:
    visitor = site.client("li")
    for address in [*addresses(client), "/nowhere", "/sign-in"]:
        headers = visitor.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_no_page_holds_a_script_or_a_style_of_its_own(site: Site, client: str) -> None:
    visitor = site.client("li")
    for address in addresses(client):
        page = visitor.get(address).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page), address


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7*7 }}", "</textarea><b>"])
def test_what_people_write_stays_text(site: Site, text: str) -> None:
    uid = site.make("wang", "deals.client", name=text, phone="13800000000", remark=text)
    visitor = site.client("wang")
    visitor.post(f"/a/deals/client/{uid}/comments", {"body": text})
    for address in addresses(uid):
        answer = visitor.get(address)
        page = answer.text if answer.mimetype == "text/html" else ""
        assert text not in page or "{{" in text, address
        assert "<script>alert" not in page and "<img src=x" not in page and "49" not in re.findall(r"<h1>(.*?)</h1>", page), address


def test_an_upload_is_its_uploader_s_until_a_record_has_it(site: Site, client: str) -> None:
    deal = site.make("wang", "deals.deal", name="单", client=site.make("wang", "deals.client", name="乙", phone="13800000001"))
    wang, zhou, li = site.client("wang"), site.client("zhou"), site.client("li")
    sent = {"form": "deals.deal", "field": "papers", "file": (io.BytesIO(b"%PDF-1.7\n1 0 obj\n"), "合同.pdf")}
    kept = wang.post("/files", sent, content_type="multipart/form-data")
    assert kept.status_code == 201 and kept.json
    url = kept.json["url"]
    assert [v.get(url).status_code for v in (wang, zhou, li)] == [200, 404, 404]
    assert wang.post(f"/a/deals/deal/{deal}/edit", {"name": "单", "papers": kept.json["uid"]}).status_code == 303
    answers = [v.get(url) for v in (wang, zhou, li)]
    assert [a.status_code for a in answers] == [200, 404, 200]
    assert answers[0].headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answers[0].headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("content", "field", "status"),
    [
        (b"", "papers", 422),
        (b"MZ\x90\x00program", "papers", 422),
        (b"%PDF-1.7", "name", 400),
        (b"%PDF-1.7", "nothing", 404),
        (b"%PDF-1.7", "stage", 400),
    ],
)
def test_what_is_no_file_for_the_field_is_refused(site: Site, content: bytes, field: str, status: int) -> None:
    sent = {"form": "deals.deal", "field": field, "file": (io.BytesIO(content), "a.pdf")}
    assert site.client("wang").post("/files", sent, content_type="multipart/form-data").status_code == status


def test_somebody_else_s_upload_can_not_be_taken(site: Site) -> None:
    wang, zhou = site.client("wang"), site.client("zhou")
    sent = {"form": "deals.deal", "field": "papers", "file": (io.BytesIO(b"%PDF-1.7\n1 0 obj\n"), "a.pdf")}
    uid = (wang.post("/files", sent, content_type="multipart/form-data").json or {})["uid"]
    theirs = site.make("zhou", "deals.client", name="丙", phone="13800000002")
    answer = zhou.post("/a/deals/deal/new", {"name": "单", "client": theirs, "papers": uid})
    assert answer.status_code == 422
    assert zhou.get(f"/files/{uid}").status_code == 404


def test_too_much_at_once_is_refused(site: Site) -> None:
    answer = site.client("wang").post("/a/deals/client/new", {"name": "x" * 6_000_000})
    assert answer.status_code == 413 and "Traceback" not in answer.text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/%09/evil"])
def test_no_form_leads_away_from_here(site: Site, target: str) -> None:
    visitor = site.client("wang")
    answer = visitor.post("/a/deals/client/new", {"name": "甲", "phone": "13800000000", "back": target})
    assert answer.status_code == 303 and answer.location.startswith("/") and not answer.location.startswith(("//", "/\\"))
