"""What is erased is nowhere any more: no table, no file (SEMANTICS 12, THREATS S57)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Text, cast, insert, select

from dougong.clock import VirtualClock
from dougong.context import SYSTEM, Actor
from dougong.erasing import erase
from dougong.events.outbox import Event, append
from dougong.files import attachments
from dougong.jobs.timers import timer_table
from dougong.lifecycle import install, prepare
from dougong.notify import message
from dougong.people import users
from dougong.people.users import Person
from dougong.problems import Problems
from dougong.records import comments, entry, history, importing_job, requests, save
from dougong.records.importing import ColumnMapping
from dougong.runtime import Runtime
from dougong.settings import Settings
from dougong.store.plan import accepted
from tests.files.samples import PDF
from tests.records.ground import MONDAY

CANARY, READ = "张三丰的秘密", "zhang san feng"
BIRTH = "1971-04-05"
HEAD = "app: desk\nname: 台账\nversion: '1'\n"
MAN = """\
form: man
name: 人
title: "{{ name }}"
fields:
  name: {name: 姓名, type: text, search: true, required: true}
  born: {name: 生日, type: date}
  paper: {name: 证件, type: file}
  note: {name: 备注, type: text}
  plan: {name: 计划, type: text}
  friends: {name: 朋友, type: links, to: man}
  parts: {name: 明细, type: lines, columns: {text: {name: 内容, type: text}}}
"""
ROLE = "role: clerk\nname: 文员\nfallback: true\ncan: {man: {may: [see, add, edit, delete]}}\n"
RULES = """\
automation: greet
name: 问候
on: {created: man}
if: "name != 'x'"
do: [{notify: owner, text: "新人 {{ name }}"}, {wait: 400d}]
---
automation: birthday
name: 生日
on: {after: man, field: born, by: 20d}
do: [{notify: owner, text: "{{ name }}"}]
---
automation: come
name: 来信
on: {received: door, form: man, map: {name: who}}
do: [{set: {plan: "{{ name }}"}}]
"""


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    with closing(Runtime(Settings(database_url, "", tmp_path / "home", "", frozenset(), ""), VirtualClock(MONDAY))) as runtime:
        is_now(runtime, MAN)
        yield runtime


def is_now(runtime: Runtime, form: str) -> None:
    sources = {"app.yaml": HEAD, "man.yaml": form, "role.yaml": ROLE, "rules.yaml": RULES}
    install(runtime, sources, who="test", accept=accepted(prepare(runtime, sources).plan))


def found(runtime: Runtime, canary: str) -> list[str]:
    """Every column of every table, and every file below the home folder."""
    out = []
    with runtime.store.read() as connection:
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.tables.values():
            if table.name.startswith("words$"):
                continue  # single characters and pairs, which SQLite lets nobody read back
            for column in table.c:
                seen = cast(column, Text) if column.type.python_type is not bytes else column
                if connection.execute(select(1).where(seen.contains(canary)).limit(1)).first():
                    out.append(f"{table.name}.{column.name}")
    home = runtime.settings.home
    return out + [str(p.relative_to(home)) for p in home.rglob("*") if p.is_file() and canary.encode() in p.read_bytes()]


def full_life(runtime: Runtime) -> tuple[str, str]:
    """(uid of the record, uid of one that came from outside) after everything that leaves copies."""
    with runtime.transaction(SYSTEM) as ctx:
        boss = users.create(ctx.connection, Person(name="王", login="wang"))
        received = attachments.receive(
            runtime.storage, io.BytesIO(PDF + CANARY.encode()), f"{CANARY}.pdf", attachments.Limits(), ctx.now
        )
        paper = attachments.keep(ctx.connection, received, None, ctx.now).uid
    me = runtime.actor(boss)
    with runtime.transaction(SYSTEM) as ctx:
        form = ctx.workspace.forms["desk.man"]
        values = {"name": CANARY, "born": BIRTH, "note": CANARY, "parts": [{"text": CANARY}], "plan": CANARY}
        given = {**entry.parse(ctx, form, values), "owner": boss}
        uid = "01890a5d-ac96-774b-bcce-b302099a8057"
        id = requests.once(ctx, form.key, uid, values, lambda: save.create(ctx, form.key, given))
        save.edit(ctx, form.key, id, {"paper": paper, "friends": (id,)})
        uid = str(ctx.connection.execute(select(ctx.workspace.tables[form.key].c.uid)).scalar_one())
        comments.add(ctx.as_(Actor(boss, "王", system=True)), form.key, uid, CANARY)
        append(ctx, Event("received", new={"who": CANARY}, name="desk.door", uid="d1"))
        importing_job.submit(
            ctx, runtime.storage, io.BytesIO(f"姓名\n{CANARY}\n".encode()), ColumnMapping(form.key, {"姓名": "name"}), rehearse=True
        )
    runtime.work()
    with runtime.transaction(SYSTEM) as ctx:
        for number in range(message.MANY + 2):  # the last ones are folded into a digest
            message.tell(ctx, message.Message(f"k{number}", boss, CANARY, CANARY, form.key, id))
        row = {"key": f"desk.birthday/@{id}@{BIRTH}", "kind": "rule", "owner": "desk.birthday/", "payload": {"at": BIRTH}, "attempts": 0}
        ctx.connection.execute(insert(timer_table).values(row))
        assert me.user == boss
        table = ctx.workspace.tables[form.key]
        outside = str(ctx.connection.execute(select(table.c.uid).where(table.c.id != id)).scalar_one())
    return uid, outside


def test_nothing_of_an_erased_record_is_left_in_any_table_or_file(runtime: Runtime) -> None:
    uid, outside = full_life(runtime)
    is_now(runtime, MAN.replace("note: {name: 备注, type: text}", "note: {name: 备注, type: integer}").replace("  friends", "  #"))
    is_now(runtime, MAN.replace("  note:", "  #").replace("  friends", "  #"))
    before = found(runtime, CANARY)
    assert "desk__man.name__order" in found(runtime, READ)
    assert {"dg_history_value.new", "dg_event.new", "dg_run.trace", "dg_notification.body", "dg_comment.body", "dg_file.name"} <= {*before}
    assert any(place.startswith("desk__man.x_") for place in before) and any(place.startswith("files/") for place in before)
    for one in (uid, outside):
        erase(runtime, SYSTEM, "desk.man", one)
    runtime.clock.move_to(MONDAY + timedelta(days=3))  # type: ignore[attr-defined]  # a virtual clock
    attachments.sweep(runtime.store, runtime.storage, runtime.clock.now())
    assert found(runtime, CANARY) == [] and found(runtime, READ) == []
    assert [place for place in found(runtime, BIRTH) if not place.startswith(("sqlite", "dougong.db"))] == []
    with runtime.read(SYSTEM) as ctx:
        for id in (1, 2):
            assert history.broken_at(ctx, "desk.man", id) is None and history.is_erased(ctx, "desk.man", id)
    runtime.work()
    assert found(runtime, CANARY) == []


def test_only_an_administrator_erases_and_only_what_is_there(runtime: Runtime) -> None:
    uid, _ = full_life(runtime)
    for actor, form, one, code in (
        (Actor(1, "王"), "desk.man", uid, "may-not-erase"),
        (SYSTEM, "desk.man", "none", "no-such-record"), (SYSTEM, "desk.x", uid, "no-such-record"),
    ):  # fmt: skip
        with pytest.raises(Problems) as refused:
            erase(runtime, actor, form, one)
        assert [p.code for p in refused.value] == [code]
    assert found(runtime, CANARY)


