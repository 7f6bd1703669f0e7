"""Files that a rule puts where they belong, and writes that count as attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from dougong.automation.tables import run_table
from dougong.clock import VirtualClock
from dougong.context import SYSTEM
from dougong.files import attachments
from dougong.files.attachments import Limits
from dougong.installed import compile_sources
from dougong.lifecycle import install
from dougong.records import save
from dougong.records.row import from_row
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.automation.conftest import Make
from tests.automation.world import MONDAY
from tests.files.samples import picture
from tests.records.ground import HEAD

FORMS = """\
form: client
name: 单位
fields:
  name: {name: 名称, type: text}
  papers: {name: 资料, type: file, many: true}
  logo: {name: 标志, type: image}
---
form: visit
name: 拜访
fields:
  client: {name: 单位, type: link, to: client}
  slides: {name: 演示稿, type: file}
  spare: {name: 备用, type: file}
  done: {name: 完成, type: yes_no}
"""
RULE = "automation: file\nname: 归档\non: {changed: {done: {to: true}}, form: visit}\ndo: [%s]\n"
PAPER = "<html><body><p>{{ client.name }} {{ done }}</p></body></html>"
TEXT = b"plain words, and enough of them\n" * 4


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Callable[[str], Runtime]]:
    made: list[Runtime] = []

    def begin(step: str) -> Runtime:
        made.append(Runtime(replace(Settings.read({}), database_url=database_url, home=tmp_path), VirtualClock(MONDAY)))
        sources = {"app.yaml": HEAD, "forms.yaml": FORMS, "rule.yaml": RULE % step, "documents/note.html": PAPER}
        install(made[-1], sources, who="test")
        return made[-1]

    yield begin
    for runtime in made:
        runtime.close()


def upload(runtime: Runtime, name: str = "演示.txt", body: bytes = TEXT) -> str:
    received = attachments.receive(runtime.storage, BytesIO(body), name, Limits(), MONDAY)
    with runtime.transaction(SYSTEM, "person") as ctx:
        return attachments.keep(ctx.connection, received, None, MONDAY).uid


def visited(runtime: Runtime, client: int, slides: str | None) -> int:
    """A visit that was done; its rule has run."""
    with runtime.transaction(SYSTEM, "person") as ctx:
        visit = save.create(ctx, "desk.visit", {"client": client, "slides": slides}).id
        save.edit(ctx, "desk.visit", visit, {"done": True})
    runtime.work()
    return visit


def create(runtime: Runtime) -> int:
    with runtime.transaction(SYSTEM, "person") as ctx:
        return save.create(ctx, "desk.client", {"name": "甲院"}).id


def names(runtime: Runtime, form: str, id: int, field: str) -> list[str]:
    table = runtime.workspace().tables[form]
    with runtime.store.read() as connection:
        row = from_row(runtime.workspace().forms[form], dict(connection.execute(table.select().where(table.c.id == id)).mappings().one()))
        value = row[field]
        uids = value if isinstance(value, tuple) else (value,) if value else ()
        known = attachments.named(connection, uids)
        assert all((known[u].form, known[u].record, known[u].field) == (form, id, field) for u in uids)
        return [known[u].name for u in uids]


def test_a_file_goes_to_the_linked_record_beside_those_it_has_and_once(start: Callable[[str], Runtime]) -> None:
    runtime = start("{attach: slides, on: client, field: papers}")
    client, first = create(runtime), upload(runtime)
    visit = visited(runtime, client, first)
    visited(runtime, client, upload(runtime, "另一份.txt", TEXT + b"!"))
    visited(runtime, client, upload(runtime, "同样的.txt"))
    assert names(runtime, "desk.client", client, "papers") == ["演示.txt", "另一份.txt"]
    assert names(runtime, "desk.visit", visit, "slides") == ["演示.txt"]


def test_the_copy_outlives_the_record_it_came_from(start: Callable[[str], Runtime]) -> None:
    runtime = start("{attach: slides, on: client, field: papers}")
    client = create(runtime)
    visit = visited(runtime, client, upload(runtime))
    with runtime.transaction(SYSTEM, "person") as ctx:
        attachments.forget(ctx.connection, "desk.visit", visit)
    attachments.sweep(runtime.store, runtime.storage, MONDAY + timedelta(days=9))
    with runtime.store.read() as connection:
        (copy,) = attachments.of_record(connection, "desk.client", client)
    with attachments.open_bytes(runtime.storage, copy) as stream:
        assert stream.read() == TEXT


def test_within_one_record_a_single_file_is_put_in_the_place_of_the_old_one(start: Callable[[str], Runtime]) -> None:
    runtime = start("{attach: slides, field: spare}")
    visit = visited(runtime, create(runtime), upload(runtime))
    assert names(runtime, "desk.visit", visit, "spare") == ["演示.txt"]


def test_nothing_to_attach_is_no_fault_but_a_wrong_kind_or_no_record_is(start: Callable[[str], Runtime]) -> None:
    runtime = start("{attach: slides, on: client, field: logo}")
    client = create(runtime)
    visited(runtime, client, None)
    visited(runtime, client, upload(runtime, "标志.png", picture()))
    visited(runtime, client, upload(runtime))
    with runtime.transaction(SYSTEM, "person") as ctx:
        alone = save.create(ctx, "desk.visit", {"slides": None}).id
        save.edit(ctx, "desk.visit", alone, {"done": True})
    runtime.work()
    assert outcomes(runtime) == [
        ("finished", None), ("finished", None), ("failed", "attach-wrong-kind"), ("failed", "action-nothing-linked"),
    ]
    assert names(runtime, "desk.client", client, "logo") == ["标志.png"]


def outcomes(runtime: Runtime) -> list[tuple[str, str | None]]:
    query = select(run_table.c.outcome, run_table.c.problem).order_by(run_table.c.id)
    with runtime.store.read() as connection:
        return [(outcome, problem["code"] if problem else None) for outcome, problem in connection.execute(query)]


def test_a_made_document_may_go_to_a_linked_record_whatever_the_order_of_the_words(start: Callable[[str], Runtime]) -> None:
    runtime = start('{attach: papers, on: client, name: "{{ client.name }}纪要", document: note}')
    client = create(runtime)
    visited(runtime, client, None)
    assert names(runtime, "desk.client", client, "papers") == ["甲院纪要.pdf"]


@pytest.mark.parametrize(("step", "code"), [
    ("{attach: slide, on: client, field: papers}", "unknown-field"),
    ("{attach: slides, on: client, field: paper}", "unknown-field"),
    ("{attach: slides, on: client}", "missing-key"),
    ("{attach: slides, on: client, field: name}", "field-holds-other"),
    ("{attach: done, field: spare}", "field-holds-other"),
    ("{document: note, attach: done}", "field-holds-other"),
])
def test_slips_are_told(step: str, code: str) -> None:
    sources = {"app.yaml": HEAD, "forms.yaml": FORMS, "rule.yaml": RULE % step, "documents/note.html": PAPER}
    assert [p.code for p in compile_sources(sources, tolerant=False).problems if not p.warning] == [code]


@pytest.mark.parametrize(("touch", "moved"), [("", 0), (", touch: true", 1), (", touch: false", 0)])
@pytest.mark.parametrize("step", ["set: {title: 乙}, on: case", "update_related: case.notes"])
def test_a_rule_may_say_that_its_write_counts_as_attention(make: Make, step: str, touch: str, moved: int) -> None:
    if step.startswith("set"):
        world = make(f"automation: r\nname: 记\non: {{created: note}}\ndo: [{{{step}{touch}}}]\n")
        case = world.create(title="甲")
        world.clock.move_to(MONDAY + timedelta(hours=moved or 1))
        world.create("note", case=case)
        form, id = "case", case
    else:
        do = f"[{{update_related: notes, set: {{done: true}}{touch}}}]"
        world = make(f"automation: r\nname: 记\non: {{changed: case, fields: [points]}}\ndo: {do}\n")
        case = world.create(title="甲")
        id, form = world.create("note", case=case), "note"
        world.clock.move_to(MONDAY + timedelta(hours=1))
        world.edit(case, points=3)
    world.work()
    assert world.outcomes() == ["finished"]
    assert world.row(id, form)["touched_at"] == MONDAY + timedelta(hours=moved)
