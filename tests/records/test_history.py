"""The chain of who changed what: whole, or found not to be (SEMANTICS 12, THREATS R33)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Executable, delete, select, update

from dougong.context import SYSTEM
from dougong.events.outbox import event_table
from dougong.lifecycle import install
from dougong.problems import Problems
from dougong.records import anchor, comments, history, save
from dougong.records.erase import erase
from dougong.records.history import history_table as h
from dougong.records.history import value_table as v
from dougong.records.query import Query, count
from tests.records.conftest import Make
from tests.records.ground import Ground, clerk, codes, key, sources

PAPER = """\
form: paper
name: 文书
title: "{{ title }}"
fields:
  title: {name: 标题, type: text, required: true, search: true}
  words: {name: 字数, type: integer}
  tags: {name: 标签, type: links, to: tag}
  parts:
    name: 段落
    type: lines
    columns:
      text: {name: 内容, type: text}
  size: {name: 段数, type: formula, stored: true, formula: "count(parts)"}
"""
TAG = "form: tag\nname: 标签\nfields:\n  name: {name: 名称, type: text}\n"
APP = (PAPER, TAG, clerk("paper", "tag"))


def story(ground: Ground) -> int:
    """A record's life: five entries, one for each thing that happened."""
    tag = ground.create("tag", name="急", who="wang").id
    id = ground.create("paper", title="合同", words=3, parts=[{"text": "甲"}], who="wang").id
    ground.edit("paper", id, words=4, tags=(tag,), who="li")
    ground.edit("paper", id, parts=[], who="wang")
    ground.delete("paper", id, who="li")
    ground.restore("paper", id, who="li")
    return id


def told(ground: Ground, id: int, form: str = "paper") -> list[tuple[Any, ...]]:
    found = ground.read(lambda ctx: history.entries(ctx, key(form), id))
    return [
        (head["kind"], head["actor_name"], head["origin"], {x["field"]: (x["old"], x["new"]) for x in values})
        for head, values in reversed(found)
    ]


def broken(ground: Ground, id: int, form: str = "paper") -> int | None:
    return ground.read(lambda ctx: history.broken_at(ctx, key(form), id))


def test_every_change_has_one_entry_with_who_how_before_and_after(workspace: Make) -> None:
    ground = workspace(*APP)
    id = story(ground)
    entries = told(ground, id)
    assert [e[:3] for e in entries] == [
        ("create", "wang", "person"), ("edit", "li", "person"), ("edit", "wang", "person"),
        ("delete", "li", "person"), ("restore", "li", "restore"),
    ]  # fmt: skip
    created, edited, emptied = entries[0][3], entries[1][3], entries[2][3]
    assert (created["title"], created["words"]) == ((None, "合同"), (None, 3))
    assert (edited["words"], edited["tags"]) == ((3, 4), ([], [1]))
    line = created["parts"][1][0]
    assert (created["parts"], emptied["parts"], emptied["size"]) == (([], [line]), ([line], []), (1, 0))
    assert [e[:2] for e in told(ground, 1, "paper_parts")] == [("create", "wang"), ("delete", "wang")]
    assert broken(ground, id) is None and broken(ground, 1, "paper_parts") is None


TAMPERING: dict[str, Callable[[int], Executable]] = {
    "an entry's origin": lambda first: update(h).where(h.c.id == first).values(origin="import"),
    "an entry's author": lambda first: update(h).where(h.c.id == first).values(actor_name="somebody"),
    "a value before": lambda first: update(v).where(v.c.history == first + 1, v.c.field == "words").values(old=30),
    "a value after": lambda first: update(v).where(v.c.history == first, v.c.field == "words").values(new=30),
    "a salt": lambda first: update(v).where(v.c.history == first, v.c.field == "words").values(salt="0"),
    "a value taken out": lambda first: delete(v).where(v.c.history == first, v.c.field == "words"),
    "all values taken out": lambda first: delete(v).where(v.c.history == first),
}


def test_whatever_is_tampered_with_is_found(workspace: Make) -> None:
    ground = workspace(*APP)
    id = ground.create("paper", title="合同", words=3, who="wang").id
    ground.edit("paper", id, words=4, who="li")
    first = ground.read(lambda ctx: ctx.connection.execute(select(h.c.id).where(h.c.form == key("paper"))).scalars().first()) or 0
    for what, tamper in TAMPERING.items():
        with pytest.raises(ZeroDivisionError), ground.transaction() as ctx:
            assert history.broken_at(ctx, key("paper"), id) is None
            ctx.connection.execute(tamper(first))
            assert history.broken_at(ctx, key("paper"), id) is not None, what
            raise ZeroDivisionError  # takes it back


def test_an_entry_taken_out_of_the_middle_is_found(workspace: Make) -> None:
    ground = workspace(*APP)
    id = story(ground)
    with ground.transaction() as ctx:
        middle = ctx.connection.execute(select(h.c.id).where(h.c.form == key("paper")).order_by(h.c.id)).scalars().all()[1]
        ctx.connection.execute(delete(v).where(v.c.history == middle))
        ctx.connection.execute(delete(h).where(h.c.id == middle))
    assert broken(ground, id) is not None


def test_a_tail_cut_off_shows_against_the_anchor_of_its_hour(workspace: Make) -> None:
    ground = workspace(*APP)
    id = story(ground)
    made = []
    for minutes in (1, 15, 20, 90, 40):
        ground.clock.move_to(ground.clock.now() + timedelta(minutes=minutes))
        made.append(ground.write(anchor.anchor))
        if minutes == 20:
            ground.edit("paper", id, words=9, who="wang")
    assert made == [False, True, False, True, False]  # too fresh, made, within the hour, made, nothing new
    assert ground.read(anchor.broken_since) is None
    with ground.transaction() as ctx:
        last = ctx.connection.execute(select(h.c.id).where(h.c.form == key("paper")).order_by(h.c.id.desc())).scalars().first()
        ctx.connection.execute(delete(v).where(v.c.history == last))
        ctx.connection.execute(delete(h).where(h.c.id == last))
    assert broken(ground, id) is None  # the chain itself can't know
    found = ground.read(anchor.broken_since)
    assert found is not None and found[0] is not None and found[0] < found[1]


def test_what_is_erased_is_gone_everywhere_and_the_chain_says_so(workspace: Make) -> None:
    ground = workspace(*APP)
    id = story(ground)
    ground.edit("paper", id, title="张三的身份证", parts=[{"text": "机密"}], who="wang")
    uid = ground.row("paper", id)["uid"]
    ground.write(lambda ctx: comments.add(ctx, key("paper"), uid, "机密"), "wang")
    with pytest.raises(Problems) as refused:
        ground.write(lambda ctx: erase(ctx, key("paper"), id), "wang")
    assert codes(refused.value) == [("", "may-not-erase")]
    ground.write(lambda ctx: erase(ctx, key("paper"), id))
    assert ground.values("paper", id, "title", "words") == (None, None)
    assert broken(ground, id) is None and ground.read(lambda ctx: history.is_erased(ctx, key("paper"), id))
    assert all(values == {} for *_, values in told(ground, id))
    images = ground.read(
        lambda ctx: ctx.connection.execute(select(event_table.c.old, event_table.c.new).where(event_table.c.form.like("desk.paper%"))).all()
    )
    assert images and all(old is None and new is None for old, new in images)
    assert ground.read(lambda ctx: comments.of(ctx, key("paper"), uid), "wang") == []
    assert ground.read(lambda ctx: count(ctx, Query(key("paper"), search="身份证"))).number == 0
    assert [line["text"] for line in ground.rows("paper_parts")] == [None]
    ground.edit("paper", id, title="新的", who="wang")
    assert broken(ground, id) is None
    with ground.transaction() as ctx:
        newest = ctx.connection.execute(select(h.c.id).order_by(h.c.id.desc())).scalars().first()
        ctx.connection.execute(delete(v).where(v.c.history == newest))
    assert broken(ground, id) == newest  # written after the erasing: its values may not be missing


RENAMED = PAPER
for _old, _new in (
    ("  words: {name", "  length: {was: words, name"), ("    name: 段落", "    was: parts\n    name: 段落"),
    ("  parts:\n", "  chapters:\n"), ("count(parts)", "count(chapters)"),
):  # fmt: skip
    RENAMED = RENAMED.replace(_old, _new)


def test_a_renamed_field_keeps_its_history_under_its_new_name(workspace: Make) -> None:
    ground = workspace(*APP)
    id = story(ground)
    before = told(ground, id)
    install(ground.runtime, sources((RENAMED, *APP[1:])), who="test")
    was = {"length": "words", "chapters": "parts"}
    now = [{was.get(name, name): pair for name, pair in values.items()} for *_, values in told(ground, id)]
    assert now == [values for *_, values in before] and broken(ground, id) is None
    ground.edit("paper", id, length=9, chapters=[{"text": "乙"}], who="wang")
    assert told(ground, id)[-1][3]["length"] == (4, 9) and {"length", "chapters"} <= set(told(ground, id)[-1][3])
    with pytest.raises(Problems) as stale:
        ground.edit("paper", id, length=10, who="li", revision=1)
    assert codes(stale.value) == [("length", "stale")]
    install(ground.runtime, sources((RENAMED.replace("  tags:", "  words: {name: 新字数, type: integer}\n  tags:"), *APP[1:])), who="test")
    ground.edit("paper", id, words=1, who="wang")
    assert [(v.get("length"), v.get("words")) for *_, v in told(ground, id) if "length" in v or "words" in v] == [
        ((None, 3), None), ((3, 4), None), ((4, 9), None), (None, (None, 1)),
    ]  # fmt: skip
    assert broken(ground, id) is None


def test_a_field_that_gets_its_old_name_back_has_all_its_history(workspace: Make) -> None:
    ground = workspace(*APP)
    id = story(ground)
    before = told(ground, id)
    install(ground.runtime, sources((RENAMED, *APP[1:])), who="test")
    ground.edit("paper", id, length=9, who="wang")
    install(ground.runtime, sources(APP), who="test")
    assert told(ground, id)[:-1] == before and told(ground, id)[-1][3]["words"] == (4, 9)


def test_a_save_that_fails_leaves_no_entry(workspace: Make) -> None:
    ground = workspace(*APP)
    before = ground.count(h)
    with pytest.raises(Problems):
        ground.create("paper", words=3, who="wang")
    with pytest.raises(ZeroDivisionError), ground.transaction() as ctx:
        save.create(ctx, key("paper"), {"title": "甲"})
        raise ZeroDivisionError
    assert ground.count(h) == before and SYSTEM.system
