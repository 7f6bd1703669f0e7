"""`import_stage` (SEMANTICS 13): new records of an import may begin at a declared stage, what they lack is listed; existing ones never."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from dougong.context import SYSTEM
from dougong.events.outbox import event_table
from dougong.jobs import background
from dougong.problems import Problems
from dougong.records import entering, history, importing, importing_job
from dougong.records.importing import ColumnMapping
from dougong.workflow import service
from tests.records.conftest import Make
from tests.records.ground import MONDAY, Ground, codes, key

DEAL = """\
form: deal
name: 项目
title: "{{ name }}"
fields:
  name: {name: 名称, type: text, required: true, unique: true}
  proof: {name: 凭据, type: text}
  size: {name: 规模, type: integer}
  why: {name: 原因, type: text}
  probability: {name: 赢率, type: percent}
"""
FLOW = """\
workflow: deal_stages
name: 项目阶段
form: deal
stages:
  - {id: open, name: 新建, probability: {default: 10%, between: [5%, 15%]}, exit: {if: "size > 0", message: 请填规模}}
  - {id: shown, name: 已演示, probability: {default: 60%, between: [50%, 70%]}, entry: {fields: [proof], message: 请附凭据}}
  - {id: talk, name: 商谈}
  - {id: won, name: 成交, final: true, probability: {default: 100%}}
  - {id: lost, name: 关闭, final: true, from: any, entry: {fields: [why], message: 请写原因}}
moves: {forward: next, back: {by: [role.mover], comment: required}}
"""
ROLES = """\
role: mover
name: 搬家人
can: {deal: {may: [see, add, edit, import, import_stage]}}
---
role: clerk
name: 文员
can: {deal: {may: [see, add, edit, import]}}
"""
APP = (DEAL, FLOW, ROLES)
PEOPLE = {"ma": {"roles": ["mover"]}, "wen": {"roles": ["clerk"]}}
COLUMNS = {"名称": "name", "阶段": "stage", "凭据": "proof", "规模": "size", "原因": "why"}
ROWS = [
    {"名称": "齐", "阶段": "成交", "凭据": "有", "规模": "3"},
    {"名称": "缺", "阶段": "talk"},
    {"名称": "关", "阶段": "关闭"},
    {"名称": "新", "阶段": ""},
    {"名称": "错", "阶段": "没有"},
]
LACKS = {"齐": ([], []), "缺": (["proof"], ["请填规模"]), "关": (["why"], [])}


def bring(ground: Ground, rows: Sequence[Mapping[str, str]], who: str | None = "ma", rehearse: bool = False) -> dict[str, Any]:
    """The job's result, with the sentences of its faults and warnings by row."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [title for title in COLUMNS if any(title in row for row in rows)], restval="")
    writer.writeheader()
    writer.writerows(rows)
    mapping = ColumnMapping("desk.deal", {title: COLUMNS[title] for title in writer.fieldnames}, "name")
    actor = SYSTEM if who is None else ground.runtime.actor(ground.people[who])
    with ground.runtime.transaction(actor, "import") as ctx:
        uid = importing_job.submit(ctx, ground.runtime.storage, io.BytesIO(out.getvalue().encode()), mapping, rehearse=rehearse)
    ground.runtime.work_jobs()
    with ground.runtime.store.read() as connection:
        job = background.status(connection, uid)
        assert job is not None
        told = {row: (why["zh"], warning) for row, why, warning in importing_job.faults(connection, uid, 20)}
        return {**(job["result"] or {}), "state": job["state"], "problem": job["problem"], "told": told}


def test_new_records_begin_where_the_import_says_and_what_they_lack_is_listed(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    rehearsed = bring(ground, ROWS, rehearse=True)
    assert ground.rows("deal") == [] and (rehearsed["created"], rehearsed["failed"]) == (4, 1)
    done = bring(ground, ROWS)
    assert done["told"] == rehearsed["told"]
    assert {row: text for row, (text, warning) in done["told"].items() if warning} == {
        3: "导入后直接处于“商谈”，缺少：凭据、请填规模", 4: "导入后直接处于“关闭”，缺少：原因",
    }  # fmt: skip
    found = {row["name"]: row for row in ground.rows("deal")}
    assert {name: (row["stage"], row["stage_since"], row["probability"]) for name, row in found.items()} == {
        "齐": ("won", MONDAY, Decimal("1.00")), "缺": ("talk", MONDAY, None), "关": ("lost", MONDAY, None), "新": ("open", MONDAY, None),
    }  # fmt: skip
    with ground.runtime.read(SYSTEM) as ctx:
        for name, row in found.items():
            ((head, values),) = history.entries(ctx, key("deal"), row["id"])
            noted = [v["new"] for v in values if v["field"] == entering.NOTE]
            expected = [] if name == "新" else [(row["stage"], *LACKS[name])]
            assert [(n["stage"], n["fields"], [r["zh"] for r in n["reasons"]]) for n in noted] == expected
            assert head["origin"] == "import" and history.broken_at(ctx, key("deal"), row["id"]) is None
        entered = select(event_table.c.name, event_table.c.quiet).where(event_table.c.kind == "stage_entered").order_by(event_table.c.id)
        assert [tuple(e) for e in ctx.connection.execute(entered)] == [(s, True) for s in ("won", "talk", "lost", "open")]
    ground.write(lambda ctx: service.move(ctx, key("deal"), found["缺"]["id"], "won"), "ma")
    with ground.runtime.read(SYSTEM) as ctx:
        assert [t["stage"] for t in service.times(ctx, key("deal"), found["缺"]["id"])] == ["talk", "won"]


def test_the_stage_of_an_existing_record_is_never_written(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    bring(ground, [{"名称": "甲", "阶段": "商谈"}])
    again = bring(ground, [{"名称": "甲", "阶段": "成交", "规模": "5"}])
    assert (again["failed"], [text for text, _ in again["told"].values()]) == (1, ["阶段 不能直接修改，请用“推进”或“退回”。"])
    for stage in ("商谈", ""):
        assert bring(ground, [{"名称": "甲", "阶段": stage, "规模": str(len(stage))}])["updated"] == 1
    assert ground.values("deal", 1, "stage", "size") == ("talk", 0)


@pytest.mark.parametrize("rehearse", [True, False])
def test_without_the_right_the_column_is_refused(workspace: Make, rehearse: bool) -> None:
    ground = workspace(*APP, people=PEOPLE)
    refused = bring(ground, ROWS[:1], who="wen", rehearse=rehearse)
    assert (refused["state"], refused["problem"]["code"]) == ("dead", "import-stage-not-granted")
    assert ground.rows("deal") == [] and bring(ground, [{"名称": "甲"}], who="wen")["created"] == 1
    with ground.runtime.transaction(ground.runtime.actor(ground.people["wen"]), "import") as ctx:
        assert "stage" not in {f.id for f in importing.importable_by(ctx, ctx.workspace.forms["desk.deal"])}


def test_when_the_stage_began_is_not_the_importers_to_say(workspace: Make) -> None:
    ground = workspace(*APP, people=PEOPLE)
    with ground.runtime.transaction(ground.runtime.actor(ground.people["ma"]), "import") as ctx:
        with pytest.raises(Problems) as refused:
            importing.check(ctx, ColumnMapping("desk.deal", {"a": "stage_since", "b": "stage"}), ["a", "b"])
        assert codes(refused.value) == [("stage_since", "import-no-field")]
