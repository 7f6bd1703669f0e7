"""Changes too large for one transaction (SEMANTICS 10): in batches, seen at once, gone on with after a kill, read-only meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from dougong import pinyin, staging
from dougong.clock import VirtualClock
from dougong.context import SYSTEM
from dougong.lifecycle import carry_out, go_on, install, prepare, prepare_rollback
from dougong.problems import Problems
from dougong.records import recount, save, upkeep
from dougong.records.query import Query, page
from dougong.runtime import Runtime
from dougong.settings import Settings
from dougong.store import system
from tests.records.ground import MONDAY, codes

ROWS, AT_ONCE = 2_300, 500
APP = "app: desk\nname: 台账\nversion: '1'\n"
BEFORE = """\
form: firm
name: 单位
title: "{{ name }}"
fields:
  name: {name: 名称, type: text, required: true, search: true}
  deals: {name: 项目, type: related, of: deal.firm}
  notes: {name: 便签, type: related, of: note.firm}
  total: {name: 合计, type: formula, formula: "sum(deals.twice)", stored: true}
---
form: deal
name: 项目
title: "{{ name }}"
fields:
  name: {name: 名称, type: text, required: true}
  firm: {name: 单位, type: link, to: firm}
  size: {name: 规模, type: text, index: true}
  count: {name: 数量, type: integer}
  twice: {name: 加倍, type: formula, formula: "count * 2", stored: true, index: true}
  stale: {name: 旧的, type: formula, formula: "touched_at < now - days(7)", stored: true}
---
form: note
name: 便签
fields: {text: {name: 内容, type: text}, firm: {name: 单位, type: link, to: firm}}
---
form: memo
name: 备忘
fields: {text: {name: 内容, type: text}}
---
role: clerk
name: 文员
can: {deal: {may: [see, add, edit]}, firm: {may: [see, add, edit]}, note: {may: [see, add, edit]}, memo: {may: [see, add, edit]}}
"""
AFTER = (
    BEFORE.replace("size: {name: 规模, type: text", "size: {name: 规模, type: integer")
    .replace('"count * 2"', '"count * 3 + size"')
    .replace("  stale:", '  label: {name: 标签, type: formula, formula: "concat(name, \'*\')", stored: true}\n  stale:')
    .replace("now - days(7)", "now - days(9)")
    .replace("  total:", '  noted: {name: 便签数, type: formula, formula: "count(notes)", stored: true}\n  total:')
    .replace("form: note", 'form: fresh\nname: 新的\nfields: {x: {name: 某, type: text}}\n---\nform: note')
)  # fmt: skip


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    settings = replace(Settings.read({}), home=tmp_path / "home", database_url=database_url)
    made = Runtime(settings, VirtualClock(MONDAY))
    install(made, sources(BEFORE), who="test")
    with made.transaction(SYSTEM) as ctx:
        for number in range(3):
            save.create(ctx, "desk.firm", {"name": f"单位{number}"})
        table = ctx.workspace.tables["desk.deal"]
        ctx.connection.execute(insert(table), [
            {
                "uid": f"u{n}", "revision": 1, "name": f"项目{n}", "firm": n % 3 + 1, "size": "x" if n % 700 == 3 else str(n), "count": n,
                "touched_at": MONDAY, "deleted_at": MONDAY if n % 500 == 1 else None,
            }
            for n in range(1, ROWS + 1)
        ])  # fmt: skip
    for form in ("desk.deal", "desk.firm"):
        with made.transaction(SYSTEM, "upgrade") as ctx:
            ids = range(1, ROWS + 1) if form == "desk.deal" else range(1, 4)
            upkeep.recompute_many(ctx, form, dict.fromkeys(ids), origin="upgrade")
    yield made
    made.close()


MOMENTS = ("created_at", "modified_at", "touched_at", "revision")


def sources(forms: str) -> dict[str, str]:
    return {"app.yaml": APP, "forms.yaml": forms}


def seen(runtime: Runtime) -> dict[str, list[dict[str, Any]]]:
    """Everything that the present definition answers, moments aside."""
    out: dict[str, list[dict[str, Any]]] = {}
    with runtime.read(SYSTEM) as ctx:
        for form in ("desk.deal", "desk.firm"):
            query, rows = Query(form, limit=500), []
            while True:
                found = page(ctx, query)
                rows += [{k: v for k, v in row.items() if k not in MOMENTS} for row in found.rows]
                if not found.next:
                    break
                query = replace(query, cursor=found.next)
            out[form] = sorted(rows, key=lambda row: row["id"])
    return out


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def change(runtime: Runtime, forms: str, told: Any = lambda what, done, of: None, at_once: int = AT_ONCE) -> Any:
    ready = prepare(runtime, sources(forms))
    accept = [c.key for c in ready.plan.changes if c.loses]
    return carry_out(runtime, ready, who="test", accept=accept, told=told, at_once=at_once)


def test_a_large_change_is_made_in_batches_and_comes_out_as_a_small_one_does(runtime: Runtime) -> None:
    steps: list[tuple[str, int, int]] = []
    change(runtime, AFTER, lambda *step: steps.append(step))
    assert [step for step in steps if step[0] == "desk.deal"] == [("desk.deal", n, ROWS) for n in (1_000, 2_000, 2_300)]
    found = seen(runtime)
    deals = {row["id"]: row for row in found["desk.deal"]}
    assert [(deals[n]["size"], deals[n]["twice"], deals[n]["label"]) for n in (2, 3)] == [(2, 8, "项目2*"), (None, None, "项目3*")]
    assert len(deals) == ROWS - 5 and staging.under_way(runtime) is None
    assert prepare(runtime, sources(AFTER)).plan.changes == ()  # tables, columns and indexes are as they would be otherwise
    with runtime.read(SYSTEM) as ctx:
        table = ctx.workspace.tables["desk.deal"]
        assert set(ctx.connection.execute(select(table.c.flip_at).where(table.c.deleted_at.is_(None))).scalars()) == {MONDAY + timedelta(9)}
        assert [d for form in found for d in recount.differences(ctx, form)] == []
    back = prepare_rollback(runtime, "desk")
    carry_out(runtime, back, who="test", accept=[c.key for c in back.plan.changes if c.loses], at_once=AT_ONCE)
    assert {row["id"]: row["size"] for row in seen(runtime)["desk.deal"]}[3] == "x"


def test_killed_in_the_middle_nothing_is_half_visible_and_the_next_start_goes_on(runtime: Runtime) -> None:
    before = seen(runtime)

    def dying(what: str, done: int, of: int) -> None:
        if (what, done) == ("desk.deal", 2_000):
            raise Killed

    with pytest.raises(Killed):
        change(runtime, AFTER, dying)
    now = staging.under_way(runtime)
    assert now is not None and now.forms["desk.deal"].done == 2_000
    assert seen(runtime) == before and "label" not in runtime.workspace().forms["desk.deal"].fields
    steps: list[tuple[str, int, int]] = []
    go_on(runtime, lambda *step: steps.append(step))
    assert [step for step in steps if step[0] == "desk.deal"] == [("desk.deal", 2_300, ROWS)]
    after = seen(runtime)
    assert {row["id"]: row["twice"] for row in after["desk.deal"]}[1_000] == 4_000
    assert sum(row["twice"] or 0 for row in after["desk.deal"]) == sum(row["total"] for row in after["desk.firm"])
    assert go_on(runtime) is None and runtime.workspace().read_only == frozenset()


def test_meanwhile_the_form_and_what_sums_it_up_can_only_be_read_and_others_be_written(runtime: Runtime) -> None:
    refused: dict[str, list[tuple[str, str]]] = {}

    def trying(what: str, done: int, of: int) -> None:
        if what != "desk.deal" or refused:
            return
        tries = {
            "edit": lambda ctx: save.edit(ctx, "desk.deal", 5, {"count": 9}),
            "create": lambda ctx: save.create(ctx, "desk.deal", {"name": "新"}),
            "above": lambda ctx: save.edit(ctx, "desk.firm", 1, {"name": "别名"}),
            "below": lambda ctx: save.create(ctx, "desk.note", {"text": "a", "firm": 1}),
            "other": lambda ctx: save.create(ctx, "desk.memo", {"text": "写得进"}),
        }
        for name, work in tries.items():
            try:
                with runtime.transaction(SYSTEM) as ctx:
                    work(ctx)
                refused[name] = []
            except Problems as problems:
                refused[name] = codes(problems)

    change(runtime, AFTER, trying)
    assert refused == {name: [("", "form-read-only")] for name in ("edit", "create", "above", "below")} | {"other": []}
    with runtime.transaction(SYSTEM) as ctx:
        save.edit(ctx, "desk.deal", 5, {"count": 9})
        assert ctx.connection.execute(ctx.workspace.tables["desk.memo"].select()).one().text == "写得进"
    assert {row["id"]: row["twice"] for row in seen(runtime)["desk.deal"]}[5] == Decimal(9 * 3 + 5)


def test_a_change_below_the_number_is_made_at_once(runtime: Runtime) -> None:
    steps: list[str] = []
    change(runtime, AFTER, lambda what, done, of: steps.append(what), at_once=ROWS)
    assert staging.under_way(runtime) is None and steps[:2] == ["tables", "tables"]
    assert {row["id"]: row["twice"] for row in seen(runtime)["desk.deal"]}[1_000] == 4_000


def test_what_can_not_be_seen_through_any_more_is_as_if_it_had_never_begun(runtime: Runtime) -> None:
    before = seen(runtime)

    def dying(what: str, done: int, of: int) -> None:
        if what == "desk.deal":
            raise Killed

    with pytest.raises(Killed):
        change(runtime, AFTER, dying)
    with runtime.store.exclusive() as connection:  # a later version of the program no longer reads the template
        connection.execute(update(system.definition).values(body={"app.yaml": "app: desk\nname: [\n"}))
        system.bump_revision(connection)
    with pytest.raises(Problems):
        go_on(runtime)
    assert staging.under_way(runtime) is None and runtime.workspace().read_only == frozenset() and seen(runtime) == before


def test_a_large_form_is_given_what_a_new_one_line_text_sorts_by_in_batches(runtime: Runtime) -> None:
    long = BEFORE.replace("名称, type: text, required: true}\n  firm", "名称, type: long_text, required: true}\n  firm")
    change(runtime, long)
    assert "name__order" not in runtime.workspace().tables["desk.deal"].c
    steps: list[tuple[str, int, int]] = []
    change(runtime, BEFORE, lambda *step: steps.append(step))
    assert ("desk.deal", 2_000, ROWS) in steps and prepare(runtime, sources(BEFORE)).plan.changes == ()
    table = runtime.workspace().tables["desk.deal"]
    with runtime.read(SYSTEM) as ctx:
        found = ctx.connection.execute(select(table.c.name, table.c.name__order).order_by(table.c.id)).all()
    assert [order for _, order in found] == [pinyin.order(name) for name, _ in found] and len(found) == ROWS
