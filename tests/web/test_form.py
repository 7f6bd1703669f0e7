"""The generated form: what it offers, what it refuses and how it comes back."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from uuid6 import uuid7

from dougong.records import query
from tests.web.conftest import Site


@pytest.fixture
def client(site: Site) -> str:
    return site.make("wang", "deals.client", name="宁波骨科医院", phone="13800000000", grade="a")


def row(site: Site, form: str, uid: str, who: str = "li") -> dict[str, Any]:
    with site.runtime.read(site.runtime.actor(site.people[who])) as ctx:
        return query.get(ctx, form, uid=uid)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def fault(page: str, field: str) -> str:
    found = re.search(rf'id="e-{field}"[^>]*><span>(.*?)</span>', page)
    return html.unescape(found[1]) if found else ""


def test_a_record_is_made_and_shown(site: Site) -> None:
    visitor = site.client("wang")
    answer = visitor.post("/a/deals/client/new", {"name": "宁波骨科医院", "phone": "138 0000 0000", "grade": "b", "doubtful": ["0", "1"]})
    assert answer.status_code == 303
    page = visitor.get(answer.location).text
    assert "宁波骨科医院" in page and "红色池" in page and "已记下这条客户" in page


def test_faults_stand_at_their_fields_and_what_was_typed_stays(site: Site) -> None:
    answer = site.client("wang").post("/a/deals/client/new", {"name": "", "phone": "12", "cost": "abc", "remark": "写了很多"})
    assert answer.status_code == 422
    assert "请填写" in fault(answer.text, "name") or "手机" not in fault(answer.text, "name")
    assert "电话" in fault(answer.text, "phone") and "数字" in fault(answer.text, "cost")
    assert 'value="12"' in answer.text and "写了很多" in answer.text and "data-refused" in answer.text


def test_sent_twice_stored_once(site: Site) -> None:
    visitor = site.client("wang")
    given = {"name": "宁波骨科医院", "phone": "13800000000", "uid": hidden(visitor.get("/a/deals/client/new").text, "uid")}
    first, second = (visitor.post("/a/deals/client/new", given) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location) == (303, first.location)


def test_an_id_that_somebody_else_used_is_refused(site: Site, client: str) -> None:
    assert site.client("zhou").post("/a/deals/client/new", {"name": "甲", "phone": "13900000000", "uid": client}).status_code == 409


def test_a_child_begins_with_its_parent(site: Site, client: str) -> None:
    page = site.client("wang").get(f"/a/deals/call/new?client={client}&back=/a/deals/client/{client}").text
    assert hidden(page, "client") == client and "自动" in page
    assert hidden(page, "back") == f"/a/deals/client/{client}"


def test_a_parent_that_is_not_seen_is_not_filled_in(site: Site, client: str) -> None:
    page = site.client("zhou").get(f"/a/deals/call/new?client={client}").text
    assert hidden(page, "client") == "" and "宁波骨科医院" not in page


def test_the_last_entry_is_copied_where_the_field_says_so(site: Site, client: str) -> None:
    site.make("wang", "deals.call", client=client, kind="first", place="门诊楼三层")
    page = site.client("wang").get("/a/deals/call/new").text
    assert 'value="门诊楼三层"' in page and "沿用上次" in page
    assert "门诊楼三层" not in site.client("zhou").get("/a/deals/call/new").text


def test_conditions_go_to_the_browser_as_trees(site: Site) -> None:
    page = site.client("wang").get("/a/deals/call/new").text
    found = re.search(r"data-rules='([^']*)'", page)
    assert found
    rules = json.loads(html.unescape(found[1]))
    assert rules["fields"]["slides"]["visible_when"]["op"] and rules["fields"]["client"]["required"]


def test_a_condition_is_asked_again_by_the_server(site: Site, client: str) -> None:
    visitor = site.client("wang")
    answer = visitor.post("/a/deals/call/new", {"client": client, "kind": "demo"})
    assert answer.status_code == 422 and "演示稿" in fault(answer.text, "slides")
    assert visitor.post("/a/deals/call/new", {"client": client, "kind": "first"}).status_code == 303


def test_lines_are_saved_with_their_record_and_their_faults_name_the_row(site: Site, client: str) -> None:
    product = site.make("li", "deals.product", name="推车", price="1200")
    visitor = site.client("wang")
    given = {"name": "单", "client": client, "items-shown": "1", "items-0-product": product, "items-0-qty": "2", "items-0-price": "1200"}
    wrong = visitor.post("/a/deals/deal/new", given | {"items-1-product": "", "items-1-qty": "x"})
    assert wrong.status_code == 422 and "第 2 行" in fault(wrong.text, "items") and product in wrong.text
    made = visitor.post("/a/deals/deal/new", given)
    assert made.status_code == 303
    assert "¥2,400" in visitor.get(made.location).text
    edited = visitor.get(made.location + "/edit").text
    line = hidden(edited, "items-0-uid")
    changed = visitor.post(
        made.location + "/edit",
        {"name": "单", "items-shown": "1", "items-0-uid": line, "items-0-product": product, "items-0-qty": "3", "items-0-price": "1000"},
    )
    assert changed.status_code == 303 and "¥3,000" in visitor.get(made.location).text


def test_two_edits_of_different_fields_are_merged(site: Site, client: str) -> None:
    wang, li = site.client("wang"), site.client("li")
    page = wang.get(f"/a/deals/client/{client}/edit").text
    seen = {"seen": hidden(page, "seen"), "revision": hidden(page, "revision")}
    assert li.post(f"/a/deals/client/{client}/field/grade", {"grade": "c"}).status_code == 200
    assert wang.post(f"/a/deals/client/{client}/edit", {**seen, "name": "新名", "phone": "13800000000", "grade": "a"}).status_code == 303
    assert (row(site, "deals.client", client)["name"], row(site, "deals.client", client)["grade"]) == ("新名", "c")


def test_two_edits_of_one_field_are_put_side_by_side(site: Site, client: str) -> None:
    wang, li = site.client("wang"), site.client("li")
    page = wang.get(f"/a/deals/client/{client}/edit").text
    given = {"seen": hidden(page, "seen"), "revision": hidden(page, "revision"), "name": "王强改的", "phone": "13800000000", "grade": "a"}
    assert li.post(f"/a/deals/client/{client}/field/name", {"name": "李敏改的"}).status_code == 200
    conflict = wang.post(f"/a/deals/client/{client}/edit", given)
    assert conflict.status_code == 409
    assert "王强改的" in conflict.text and "李敏改的" in conflict.text and 'name="keep.name"' in conflict.text
    again = {"seen": hidden(conflict.text, "seen"), "revision": hidden(conflict.text, "revision")}
    assert wang.post(f"/a/deals/client/{client}/edit", {**given, **again, "keep.name": "theirs"}).status_code == 303
    assert row(site, "deals.client", client)["name"] == "李敏改的"
    assert wang.post(f"/a/deals/client/{client}/edit", {**given, **again, "keep.name": "mine"}).status_code == 303
    assert row(site, "deals.client", client)["name"] == "王强改的"


def test_one_field_is_edited_where_it_stands(site: Site, client: str) -> None:
    visitor = site.client("wang")
    assert 'name="mail"' in visitor.get(f"/a/deals/client/{client}/field/mail").text
    wrong = visitor.post(f"/a/deals/client/{client}/field/mail", {"mail": "nonsense"})
    assert wrong.status_code == 422 and "nonsense" in wrong.text and fault(wrong.text, "mail")
    right = visitor.post(f"/a/deals/client/{client}/field/mail", {"mail": "a@example.com"})
    assert right.status_code == 200 and "mailto:a@example.com" in right.text


def test_a_similar_name_is_said_after_saving(site: Site, client: str) -> None:
    visitor = site.client("wang")
    answer = visitor.post("/a/deals/client/new", {"name": "宁波骨科医院.", "phone": "13900000001"})
    assert answer.status_code == 303 and "已有相似的记录" in visitor.get(answer.location).text


def test_the_form_speaks_the_reader_s_language(site: Site) -> None:
    assert "新建客户" in site.client("wang").get("/a/deals/client/new").text
    guest = site.client(locale="en")
    assert "Sign in" in guest.get("/sign-in").text


@pytest.mark.parametrize("uid", ["nonsense", "", str(uuid7())])
def test_a_strange_uid_breaks_nothing(site: Site, uid: str) -> None:
    assert site.client("wang").post("/a/deals/client/new", {"name": "甲", "phone": "13800000009", "uid": uid}).status_code in (303, 422)
