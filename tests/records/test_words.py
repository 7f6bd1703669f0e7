"""What a person reads is in their language: titles, refusals, messages, with the options' names in it (SEMANTICS 11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from dougong.notify.message import notification_table
from dougong.problems import Problems
from dougong.records import save, titles
from tests.records.conftest import Make
from tests.records.ground import Ground, key

FORM = """\
form: job
name: 活
title: "{{ kind.name }}：{{ name }}"
fields:
  name: {name: 名称, type: text}
  kind: {name: 类型, type: choice, options: {near: 近处, far: 远处}}
  kept: {name: 存下, type: formula, stored: true, formula: "concat(kind.name, name)"}
reject_when: [{if: "kind == 'far' and name is empty", message: "{{ kind.name }}的要写名称", fields: [name]}]
"""
RULE = """\
automation: tell
name: 新活
on: {created: job}
do:
  - {notify: [user.li, user.wang], title: "{{ name }} 来了", text: "{{ concat(kind.name, '!') }} 有活"}
"""
TEXTS = """\
texts: en
form:
  job:
    title: "{{ kind.name }}: {{ name }}"
    fields: {kind: {name: Kind, options: {near: Nearby, far: Far away}}}
    reject_when: {name: {message: "what is {{ kind.name }} needs a name"}}
automation: {tell: {name: New job, do: {notify: {title: "{{ name }} is here", text: "{{ concat(kind.name, '!') }} there is work"}}}}
"""
ROLE = "role: clerk\nname: 文员\ncan: {job: {may: [see, add, edit]}}\n"
PEOPLE: dict[str, dict[str, Any]] = {"li": {"roles": ["clerk"], "language": "en"}, "wang": {"roles": ["clerk"], "language": "zh"}}


@pytest.fixture
def ground(workspace: Make) -> Ground:
    return workspace(FORM, RULE, TEXTS, ROLE, people=PEOPLE)


@pytest.mark.parametrize(("locale", "title"), [("zh-CN", "近处：甲"), ("en", "Nearby: 甲")])
def test_a_title_is_in_the_readers_language(ground: Ground, locale: str, title: str) -> None:
    id = ground.create("job", name="甲", kind="near").id
    with ground.runtime.read(ground.actor("wang")) as ctx:
        assert titles.titles(replace(ctx, locale=locale), key("job"), [id]) == {id: title}


def test_what_is_stored_stays_in_the_templates_language(ground: Ground) -> None:
    id = ground.create("job", name="甲", kind="near").id
    assert ground.values("job", id, "kept") == ("近处甲",)


@pytest.mark.parametrize(("locale", "words"), [("zh-CN", "远处的要写名称"), ("en-GB", "what is Far away needs a name")])
def test_a_refusal_speaks_to_who_is_refused(ground: Ground, locale: str, words: str) -> None:
    with pytest.raises(Problems) as refused, ground.transaction("wang") as ctx:
        save.create(replace(ctx, locale=locale), key("job"), {"kind": "far"})
    assert [p.sentence("zh") for p in refused.value.problems] == [words]


def test_each_reader_of_a_message_has_it_in_their_own_language(ground: Ground) -> None:
    ground.create("job", name="甲", kind="near")
    ground.runtime.work()
    n = notification_table.c
    with ground.runtime.store.read() as connection:
        found = {row.user: (row.title, row.body) for row in connection.execute(select(n.user, n.title, n.body))}
    assert found == {
        ground.people["li"]: ("甲 is here", "Nearby! there is work"),
        ground.people["wang"]: ("甲 来了", "近处! 有活"),
    }
