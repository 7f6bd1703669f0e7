"""One record at a time: what is sent comes back, twice sent is stored once, nobody overwrites unseen."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from tests.api.conftest import Site, codes

UID = "01939f6e-7b5a-7c3e-8d21-5a6b7c8d9e0f"
FULL = {
    "name": "宁波骨科",
    "phone": "13800000000",
    "cost": "10.50",
    "price": "12.00",
    "level": "a",
    "since": "2026-03-01",
    "met_at": "2026-03-01T01:00:00.000Z",
    "share": "12.5%",
    "count": 3,
    "agreed": True,
    "tags": ["老", "新"],
    "facts": {"a": [1, 2.5]},
}


def test_what_is_sent_comes_back_and_can_be_sent_again(site: Site) -> None:
    made = site.ask("li", "POST", "desk/party", {"values": FULL})
    assert made.status_code == 201, made.text
    values = made.json["values"]
    assert {k: values[k] for k in FULL} == FULL
    assert values["margin"] == "1.50" and values["number"] == "P0001" and values["stage"] == "first"
    uid = made.json["uid"]
    again = site.ask("li", "PATCH", f"desk/party/{uid}", {"revision": 1, "values": {k: values[k] for k in FULL}})
    assert again.status_code == 200 and again.json["revision"] == 1
    assert site.ask("li", "GET", f"desk/party/{uid}").json == made.json


def test_a_create_sent_twice_is_stored_once_and_another_on_its_uid_is_refused(site: Site) -> None:
    body = {"uid": UID, "values": {"name": "甲", "count": 1.25e1 - 0.5}}
    first, second = site.ask("wang", "POST", "desk/party", body), site.ask("wang", "POST", "desk/party", body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json and first.json["uid"] == UID
    for who, other in (("wang", {"uid": UID, "values": {"name": "乙"}}), ("li", body), ("zhou", body)):
        refused = site.ask(who, "POST", "desk/party", other)
        assert (refused.status_code, refused.json["problems"]) == (
            409,
            [{"code": "id-in-use", "message": "This id is in use.", "form": "desk.party"}],
        )
    taken = site.make("li", "desk.party", {"name": "丙"})
    assert codes(site.ask("wang", "POST", "desk/party", {"uid": taken, "values": {"name": "丁"}})) == ["id-in-use"]
    assert site.ask("li", "GET", "desk/party?count=true").json["count"] == {"number": 2, "exact": True}


def test_a_repeated_create_is_answered_with_todays_rights(site: Site) -> None:
    body = {"uid": UID, "values": {"name": "甲"}}
    site.ask("wang", "POST", "desk/party", body)
    zhou = site.ask("li", "GET", "desk/party").json["records"][0]["values"]["owner"]
    other = site.make("zhou", "desk.party", {"name": "丁"})
    zhou = site.ask("li", "GET", f"desk/party/{other}").json["values"]["owner"]
    assert site.ask("li", "PATCH", f"desk/party/{UID}", {"values": {"owner": zhou}}).status_code == 200
    assert site.ask("wang", "POST", "desk/party", body).json == {"uid": UID, "revision": None, "values": {}}


def test_a_stale_update_shows_both_versions(site: Site) -> None:
    uid = site.make("li", "desk.party", {"name": "甲"})
    assert site.ask("li", "PATCH", f"desk/party/{uid}", {"revision": 1, "values": {"count": 5}}).json["revision"] == 2
    merged = site.ask("li", "PATCH", f"desk/party/{uid}", {"revision": 1, "values": {"price": "3.00"}})
    assert merged.status_code == 200 and merged.json["values"]["count"] == 5
    stale = site.ask("li", "PATCH", f"desk/party/{uid}", {"revision": 1, "values": {"count": 6}})
    assert stale.status_code == 409 and codes(stale) == ["stale"]
    assert stale.json["theirs"]["values"]["count"] == 5 and stale.json["yours"] == {"count": 6}


def test_delete_restore_and_move(site: Site) -> None:
    uid = site.make("li", "desk.party", {"name": "甲"})
    assert site.ask("li", "DELETE", f"desk/party/{uid}").json == {"uid": uid, "revision": 2}
    assert site.ask("li", "GET", f"desk/party/{uid}").status_code == 404
    assert site.ask("li", "POST", f"desk/party/{uid}/restore").json["values"]["name"] == "甲"
    assert site.ask("li", "POST", f"desk/party/{uid}/move", {"stage": "second"}).json["values"]["stage"] == "second"
    skipped = site.ask("li", "POST", f"desk/party/{uid}/move", {"stage": "first"})
    assert (skipped.status_code, codes(skipped)) == (422, ["comment-required"])


def test_lines_are_written_and_read_with_their_order(site: Site) -> None:
    party = site.make("li", "desk.party", {"name": "甲"})
    lines = [{"what": "螺钉", "qty": 2, "price": "1.50"}, {"what": "钢板", "price": "10"}]
    made = site.ask("li", "POST", "desk/order", {"values": {"number": "1", "party": party, "items": lines}})
    assert made.status_code == 201, made.text
    items = made.json["values"]["items"]
    assert [(i["what"], i["qty"], i["price"]) for i in items] == [("螺钉", 2, "1.50"), ("钢板", 1, "10.00")]
    assert made.json["values"]["total"] == "13.00" and made.json["values"]["party"] == party
    kept = [{**items[1], "qty": 3}]
    changed = site.ask("li", "PATCH", f"desk/order/{made.json['uid']}", {"values": {"items": kept}})
    assert [(i["uid"], i["qty"]) for i in changed.json["values"]["items"]] == [(items[1]["uid"], 3)] and changed.json["values"][
        "total"
    ] == "30.00"
    listed = site.ask("li", "GET", "desk/order?fields=number,items").json["records"][0]["values"]
    assert set(listed) == {"number", "items"} and len(listed["items"]) == 1


def test_a_file_is_sent_first_and_read_by_whoever_may_see_its_record(site: Site) -> None:
    sent = site.ask("wang", "POST", "desk/party/files/papers", data={"file": (BytesIO(b"plain words"), "a.txt")})
    assert sent.status_code == 201, sent.text
    uid = sent.json["uid"]
    assert site.ask("wang", "GET", f"files/{uid}").data == b"plain words"
    assert site.ask("li", "GET", f"files/{uid}").status_code == 404
    made = site.ask("wang", "POST", "desk/party", {"values": {"name": "甲", "papers": [uid]}})
    assert made.json["values"]["papers"] == [uid]
    assert site.ask("li", "GET", f"files/{uid}").data == b"plain words"
    assert site.ask("zhou", "GET", f"files/{uid}").status_code == 404


LISTS: tuple[tuple[str, Any], ...] = (
    ("filter=level:eq:a", "甲丙"),
    ("filter=count:ge:2&filter=level:ne:b", "丙"),
    ("filter=level:in:a,b", "甲乙丙"),
    ("filter=count:between:2,3", "乙丙"),
    ("filter=since:empty:", "乙丙"),
    ("filter=name:contains:甲", "甲"),
    ("search=丙", "丙"),
    ("sort=-count", "丙乙甲"),
    ("sort=name", "丙甲乙"),
    ("sort=-name", "乙甲丙"),
    ("sort=level,-count", "丙甲乙"),
)


def test_lists_are_filtered_sorted_searched_and_paged(site: Site) -> None:
    for name, level, count, since in (("甲", "a", 1, "2026-01-01"), ("乙", "b", 2, None), ("丙", "a", 3, None)):
        site.make("li", "desk.party", {"name": name, "level": level, "count": count, "since": since})
    for question, expected in LISTS:
        found = site.ask("li", "GET", f"desk/party?{question}")
        assert found.status_code == 200, (question, found.text)
        names = [r["values"]["name"] for r in found.json["records"]]
        assert sorted(names) == sorted(expected) and ("sort" not in question or names == list(expected)), (question, names)
    first = site.ask("li", "GET", "desk/party?sort=count&limit=2&fields=name").json
    rest = site.ask("li", "GET", f"desk/party?sort=count&limit=2&fields=name&cursor={first['next']}").json
    assert [r["values"] for r in first["records"] + rest["records"]] == [{"name": n} for n in "甲乙丙"] and rest["next"] == ""


def test_bulk_is_all_or_nothing_or_a_report_per_row(site: Site) -> None:
    uid = site.make("li", "desk.party", {"name": "甲"})
    rows = [
        {"do": "create", "values": {"name": "乙"}},
        {"do": "create", "values": {"name": "甲"}},
        {"do": "update", "uid": uid, "values": {"count": 7}},
        {"do": "delete", "uid": UID},
    ]
    refused = site.ask("li", "POST", "desk/party/bulk", {"rows": rows})
    assert [(p["code"], p["row"]) for p in refused.json["problems"]] == [("not-unique", 2), ("no-such-record", 4)]
    assert site.ask("li", "GET", "desk/party?count=true").json["count"]["number"] == 1
    done = site.ask("li", "POST", "desk/party/bulk", {"rows": rows, "all": False}).json["rows"]
    assert [row.get("status", 200) for row in done] == [200, 422, 200, 404]
    assert site.ask("li", "GET", "desk/party?count=true").json["count"]["number"] == 2


def test_bulk_takes_at_most_500_rows(site: Site) -> None:
    assert codes(site.ask("li", "POST", "desk/party/bulk", {"rows": [{"do": "delete", "uid": UID}] * 501})) == ["api-too-many"]
