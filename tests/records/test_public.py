"""A record added from outside: what the visitor may do, and how many come in, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from dougong.context import Actor
from dougong.problems import Problems
from dougong.records import access, entry, public, query, save
from tests.records.conftest import Make
from tests.records.ground import Ground, clerk, codes, told

WISH = (
    "form: wish\nname: 需求\nfields:\n  name: {name: 公司, type: text, required: true, unique: true, search: true}\n"
    "  hidden: {name: 内部, type: text, visible_when: \"name == 'show'\"}\n  inner: {name: 备注, type: text, default: 空}\n"
    "  boss: {name: 主管, type: user, default: '{{ me.manager }}'}\n"
    "public: {title: 联系我们, fields: [name, hidden], at_most_per_day: 3}\n"
)
NOTE = "form: note\nname: 笔记\nfields: {name: {name: 名, type: text}}\n"


@pytest.fixture
def ground(workspace: Make) -> Ground:
    return workspace(WISH, NOTE, clerk("wish", "note"))


def submit(ground: Ground, raw: dict[str, Any], nonce: str = "", form: str = "wish") -> None:
    found = ground.workspace.forms[f"desk.{form}"]

    def work(ctx: Any) -> None:
        public.submit(ctx, found, entry.parse(ctx, found, raw), nonce)

    ground.runtime.write(public.visitor(found), work, "public")


def names(ground: Ground) -> list[str]:
    return sorted(row["name"] for row in ground.rows("wish"))


def test_a_visitor_adds_with_declared_fields_and_sees_nothing(ground: Ground) -> None:
    ground.create("wish", name="别家", who="wang")
    submit(ground, {"name": "甲"})
    assert names(ground) == ["别家", "甲"] and ground.rows("wish")[1]["inner"] == "空"
    visitor = Actor(public="desk.wish")
    with ground.runtime.read(visitor) as ctx:
        for form in ("desk.wish", "desk.note", "user", "team"):
            allowed = access.access(ctx, form)
            assert [verb for verb in ("see", "add", "edit", "delete", "import", "export") if allowed.may(verb)] == (
                ["add"] if form == "desk.wish" else []
            )
            with pytest.raises(Problems):
                query.page(ctx, query.Query(form))
        own = access.access(ctx, "desk.wish")
        assert [f for f in ground.workspace.forms["desk.wish"].fields if not own.hidden(f)] == ["name", "hidden"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"name": "甲", "inner": "x"}, "field-not-writable"),
        ({"name": "甲", "hidden": "x"}, "field-not-writable"),
        ({"name": "甲", "owner": "li"}, "reference-not-found"),
        ({"name": "甲", "touched_at": "2026-01-01 00:00"}, "field-not-writable"),
        ({}, "required"),
    ],
)
def test_everything_else_is_refused(ground: Ground, raw: dict[str, Any], code: str) -> None:
    with pytest.raises(Problems) as refused:
        submit(ground, raw)
    assert [found for _, found in codes(refused.value)] == [code] and not names(ground)


def test_a_visitor_writes_no_other_form_and_changes_no_record(ground: Ground) -> None:
    made = ground.create("wish", name="别家", who="wang")
    visitor = Actor(public="desk.wish")
    for work in (
        lambda ctx: save.create(ctx, "desk.note", {"name": "x"}),
        lambda ctx: save.edit(ctx, "desk.wish", made.id, {"name": "x"}),
        lambda ctx: save.delete(ctx, "desk.wish", made.id),
    ):
        with pytest.raises(Problems):
            ground.runtime.write(visitor, work, "public")
    with pytest.raises(Problems) as refused:
        submit(ground, {"name": "x"}, form="note")
    assert told(refused.value).code == "no-such-form"
    assert names(ground) == ["别家"] and not ground.rows("note")


def test_a_clash_names_no_record(ground: Ground) -> None:
    ground.create("wish", name="别家", who="wang")
    with pytest.raises(Problems) as refused:
        submit(ground, {"name": "别家"})
    assert told(refused.value).code == "not-unique-unseen"


def test_a_refused_entry_takes_no_place_of_the_day(ground: Ground) -> None:
    for _ in range(5):
        with pytest.raises(Problems):
            submit(ground, {})
    for n in range(3):
        submit(ground, {"name": f"{n}"})
    with pytest.raises(Problems) as refused:
        submit(ground, {"name": "3"})
    assert told(refused.value).code == "public-form-full"
    ground.clock.move_to(ground.clock.now() + timedelta(days=1))
    submit(ground, {"name": "3"})


def test_side_by_side_a_nonce_makes_one_record_and_a_day_takes_no_more_than_it_may(ground: Ground) -> None:
    outcomes: list[str] = []

    def one(n: int) -> None:
        try:
            submit(ground, {"name": f"{n}"}, "one" if n < 4 else f"{n}")
            outcomes.append("made")
        except Problems as refused:
            outcomes.append(refused.problems[0].code)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("made") == 3 and set(outcomes) <= {"made", "public-form-sent", "public-form-full"}
    assert len([name for name in names(ground) if int(name) < 4]) <= 1


def test_a_nonce_is_for_its_form_its_day_and_nobody_can_make_one(ground: Ground) -> None:
    key, now = ground.workspace.key, ground.clock.now()
    made = public.nonce(key, "desk.wish", now)
    assert public.genuine(key, "desk.wish", made, now) and public.genuine(key, "desk.wish", made, now + timedelta(hours=24))
    assert not public.genuine(key, "desk.wish", made, now + timedelta(hours=24, milliseconds=1))
    assert not public.genuine(key, "desk.wish", made, now - timedelta(milliseconds=1))
    assert not public.genuine(key, "desk.note", made, now) and not public.genuine(b"x", "desk.wish", made, now)
    assert len({public.nonce(key, "desk.wish", now) for _ in range(100)}) == 100 and len(made.split(".")[0]) >= 22
