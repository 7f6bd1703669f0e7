"""THREATS S8, S9, S11, S12, S17, S40: what a role may not know shows on no path, and what it may not write stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.people import roles, tokens, users
from dougong.problems import Problems
from dougong.records import exporting
from dougong.records.filters import Filter
from dougong.records.query import Query
from tests.api.conftest import DESK, Site, codes

SECRET, COST, PHONE, OTHER = "内情金丝雀", "98765.43", "13912345678", "隐身单位"
HIDDEN = {"secret": SECRET, "cost": COST, "price": "98766.43", "phone": PHONE}
CANARIES = (SECRET, COST, PHONE, OTHER)
PATHS = (
    "desk/party",
    "desk/party?count=true",
    "desk/party?count_by=name",
    "desk/party?count_by=secret",
    "desk/party?count_by=phone",
    "desk/order?count_by=party",
    "desk/party?fields=name,phone",
    "desk/party?fields=secret",
    "desk/party?fields=cost",
    "desk/party?fields=margin",
    f"desk/party?filter=secret:eq:{SECRET}",
    f"desk/party?filter=secret:contains:{SECRET[:2]}",
    "desk/party?filter=secret:empty:",
    f"desk/party?filter=cost:eq:{COST}",
    "desk/party?filter=cost:gt:1",
    f"desk/party?filter=phone:eq:{PHONE}",
    "desk/party?filter=phone:contains:1391",
    "desk/party?sort=secret",
    "desk/party?sort=secret__order",
    "desk/party?sort=-cost",
    "desk/party?sort=phone",
    f"desk/party?search={SECRET}",
    f"desk/party?search={PHONE}",
    f"desk/party?search={OTHER}",
    f"desk/party?filter=name:eq:{OTHER}",
    "desk/party/{mine}",
    "desk/party/{theirs}",
    "desk/order",
    "desk/order/{order}",
    "desk/vault",
    "openapi.json",
)
"""Every way of asking that a hidden field or row could answer."""


@pytest.fixture
def planted(site: Site) -> dict[str, str]:
    """The clerk's own record with values he may not see, and a colleague's whole record."""
    mine = site.make("wang", "desk.party", {"name": "自己的", "price": "98766.43"})
    site.ask("li", "PATCH", f"desk/party/{mine}", {"values": HIDDEN})
    theirs = site.make("zhou", "desk.party", {"name": OTHER})
    order = site.make("li", "desk.order", {"number": "7", "party": theirs, "items": [{"what": OTHER}]})
    return {"mine": mine, "theirs": theirs, "order": order}


def answers(site: Site, planted: dict[str, str]) -> Iterator[tuple[str, int, list[str], str]]:
    for path in PATHS:
        answer = site.ask("wang", "GET", path.format(**planted))
        yield path, answer.status_code, [r["uid"] for r in answer.json.get("records", ())], answer.text


def test_no_path_shows_a_hidden_value_or_row(site: Site, planted: dict[str, str]) -> None:
    asked = {path for path, *_ in answers(site, planted)}
    assert asked == set(PATHS)
    for path, status, _, text in answers(site, planted):
        written = path.format(**planted)
        assert not [c for c in CANARIES if c in text and c not in written], (path, text)
        assert status in (200, 404, 422), (path, text)


def test_no_path_answers_otherwise_where_hidden_values_differ(site: Site, planted: dict[str, str]) -> None:
    before = [(path, status, found) for path, status, found, _ in answers(site, planted)]
    site.ask("li", "PATCH", f"desk/party/{planted['mine']}", {"values": {"secret": "别的", "cost": "1.00", "phone": "13700000001"}})
    assert [(path, status, found) for path, status, found, _ in answers(site, planted)] == before


def test_what_the_clerk_reads_is_there_and_the_rest_is_missing_or_masked(site: Site, planted: dict[str, str]) -> None:
    values = site.ask("wang", "GET", f"desk/party/{planted['mine']}").json["values"]
    assert values["name"] == "自己的" and values["phone"] == "139****5678"
    assert not {"secret", "cost", "margin"} & set(values)
    assert site.ask("wang", "GET", "desk/party?count=true").json["count"]["number"] == 1
    described = site.ask("wang", "GET", "openapi.json").json["components"]["schemas"]
    assert "secret" not in described["desk_party"]["properties"]["values"]["properties"] and "desk_vault" not in described


FORBIDDEN_VALUES = {
    "id": 77,
    "uid": "x",
    "revision": 9,
    "deleted_at": "2026-01-01T00:00:00Z",
    "creator": "01939f6e-7b5a-7c3e-8d21-000000000000",
    "created_at": "2020-01-01T00:00:00Z",
    "modified_at": "2020-01-01T00:00:00Z",
    "touched_at": "2020-01-01T00:00:00Z",
    "stage": "done",
    "stage_since": "2020-01-01T00:00:00Z",
    "margin": "1",
    "number": "P9",
    "cost": "1",
    "secret": "x",
    "flip_at": "2020-01-01T00:00:00Z",
    "parent": 1,
    "nothing": 1,
    "__class__": 1,
    "above": {"uid": 5},
}


def test_a_value_that_is_not_the_clerks_to_write_is_refused_and_the_row_unchanged(site: Site) -> None:
    uid = site.make("wang", "desk.party", {"name": "自己的"})
    table = site.runtime.workspace().tables["desk.party"]

    def rows() -> list[object]:
        with site.runtime.store.read() as connection:
            return list(connection.execute(select(table).order_by(table.c.id)))

    before = rows()
    for name, value in FORBIDDEN_VALUES.items():
        changes = {"count": 5, name: value}
        ways = (
            ("PATCH", f"desk/party/{uid}", {"values": changes}),
            ("POST", "desk/party", {"values": {"name": "新的", **changes}}),
            ("POST", "desk/party/bulk", {"rows": [{"do": "update", "uid": uid, "values": changes}]}),
        )
        for method, address, body in ways:
            answer = site.ask("wang", method, address, body)
            assert answer.status_code in (403, 422), (name, method, answer.text)
        assert rows() == before, name


def test_a_masked_value_is_entered_with_a_new_record_but_not_overwritten_unseen(site: Site, planted: dict[str, str]) -> None:
    made = site.ask("wang", "POST", "desk/party", {"values": {"name": "新的", "phone": "13700000002"}})
    assert made.status_code == 201 and made.json["values"]["phone"] == "137****0002"
    refused = site.ask("wang", "PATCH", f"desk/party/{planted['mine']}", {"values": {"phone": "13700000003"}})
    assert codes(refused) == ["field-not-writable"]
    assert site.ask("li", "GET", f"desk/party/{planted['mine']}").json["values"]["phone"] == PHONE


WRITES = (
    ("PATCH", "desk/party/{theirs}", {"values": {"count": 1}}),
    ("DELETE", "desk/party/{theirs}", None),
    ("POST", "desk/party/{theirs}/restore", None),
    ("POST", "desk/party/{theirs}/move", {"stage": "second"}),
    ("PATCH", "desk/order/{order}", {"values": {"number": "8"}}),
)


def test_a_row_out_of_sight_is_as_unknown_as_one_that_never_was(site: Site, planted: dict[str, str]) -> None:
    never = {name: "01939f6e-7b5a-7c3e-8d21-000000000000" for name in planted}
    for method, address, body in WRITES:
        seen, unknown = (site.ask("wang", method, address.format(**names), body) for names in (planted, never))
        assert (seen.status_code, seen.json) == (unknown.status_code, unknown.json), address
        assert seen.status_code == 404
    linked = site.ask("wang", "POST", "desk/order", {"values": {"number": "1", "party": planted["theirs"]}})
    assert codes(linked) == ["reference-not-found"]


def test_a_clash_with_a_row_out_of_sight_names_no_record(site: Site, planted: dict[str, str]) -> None:
    clash = site.ask("wang", "POST", "desk/party", {"values": {"name": OTHER}})
    assert codes(clash) == ["not-unique-unseen"] and OTHER not in clash.text


def test_one_refused_row_of_a_bulk_leaves_the_others_undone(site: Site, planted: dict[str, str]) -> None:
    rows = [
        {"do": "update", "uid": planted["mine"], "values": {"count": 9}},
        {"do": "update", "uid": planted["theirs"], "values": {"count": 9}},
    ]
    assert site.ask("wang", "POST", "desk/party/bulk", {"rows": rows}).status_code == 404
    assert site.ask("wang", "GET", f"desk/party/{planted['mine']}").json["values"]["count"] is None


def test_an_export_holds_what_its_reader_may_see(site: Site, planted: dict[str, str]) -> None:
    def taken(who: str, asked: Query) -> str:
        with site.runtime.read(site.runtime.actor(site.people[who]), "zh") as ctx:
            form = ctx.workspace.forms["desk.party"]
            return "".join(exporting.as_csv(ctx, form, exporting.fields(ctx, form), asked))

    clerk = taken("wang", Query("desk.party"))
    assert "自己的" in clerk and "139****5678" in clerk and not [c for c in CANARIES if c in clerk]
    assert all(c in taken("li", Query("desk.party")) for c in CANARIES)
    with pytest.raises(Problems, match="no field"):
        taken("wang", Query("desk.party", (Filter("secret", "==", SECRET),)))


def test_whoever_has_no_role_finds_nothing(site: Site, planted: dict[str, str]) -> None:
    for path in PATHS[:-1]:
        assert site.ask("none", "GET", path.format(**planted)).status_code == 404
    assert site.ask("none", "GET", "openapi.json").json["components"]["schemas"].keys() == {"problems"}


def test_a_token_ends_with_its_person_its_role_and_itself(site: Site) -> None:
    site.make("wang", "desk.party", {"name": "自己的"})
    assert site.ask("wang", "GET", "desk/party").status_code == 200
    with site.runtime.store.write() as connection:
        roles.take(connection, site.people["wang"], "desk", "clerk")
    assert site.ask("wang", "GET", "desk/party").status_code == 404
    with site.runtime.store.write() as connection:
        tokens.revoke(connection, site.people["zhou"], tokens.of(connection, site.people["zhou"])[0].id)
        users.deactivate(connection, site.people["wang"])
    assert [site.ask(who, "GET", "desk/party").status_code for who in ("zhou", "wang")] == [401, 401]
    with site.runtime.store.write() as connection:
        site.tokens["li"] = tokens.create(
            connection, site.people["li"], "old", site.runtime.clock.now() - timedelta(days=2), timedelta(days=1)
        )
    assert site.ask("li", "GET", "desk/party").status_code == 401


def test_what_a_role_may_is_asked_anew_with_every_request(site: Site) -> None:
    """Nothing that was worked out for a role outlives its change, nor does a person's own standing (S17)."""
    uid = site.make("wang", "desk.party", {"name": "自己的"})

    def seen() -> set[str]:
        return set(site.ask("wang", "GET", f"desk/party/{uid}").json["values"])

    assert {"cost", "secret", "margin"} & seen() == set()
    opened = {path: text.replace("hide: [cost, secret]", "hide: [secret]") for path, text in read_folder(DESK).items()}
    install(site.runtime, opened, who="test")
    assert {"cost", "secret", "margin"} & seen() == {"cost", "margin"}
    with site.runtime.store.write() as connection:
        roles.give(connection, site.people["wang"], "desk", "boss")
    assert {"cost", "secret", "margin"} & seen() == {"cost", "secret", "margin"}
    with site.runtime.store.write() as connection:
        roles.take(connection, site.people["wang"], "desk", "boss")
    install(site.runtime, read_folder(DESK), who="test")
    assert {"cost", "secret", "margin"} & seen() == set()


def test_a_cookie_proves_nothing_and_wrong_tokens_are_counted(site: Site) -> None:
    client = site.app.test_client()
    client.set_cookie("dougong", site.tokens["li"])
    answer = client.get("/api/v1/desk/party")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer" and "problems" in answer.json
    seen = {client.get("/api/v1/desk/party", headers={"Authorization": "Bearer dg_guess"}).status_code for _ in range(102)}
    assert seen == {401, 429}
    assert site.ask("li", "GET", "desk/party").status_code == 200
