"""Imports (SEMANTICS 13): in bulk as one by one, resumed without doubles, silent unless ticked, with the importer's rights."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import func, select, text

from dougong.context import SYSTEM, Ctx
from dougong.events.outbox import event_table
from dougong.jobs import background
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.people import roles, users
from dougong.people.users import Person
from dougong.problems import Problems
from dougong.records import entry, history, importing, importing_job, recount, save, searching, sheets
from dougong.records.importing import ColumnMapping, Report
from dougong.records.query import Query, page
from dougong.runtime import Runtime
from dougong.settings import Settings

DESK = Path(__file__).parents[1] / "api" / "desk"
NAMES = {"名称": "name", "数量": "count", "级别": "level", "上级": "above", "标签": "tags", "售价": "price"}
PARTIES = ColumnMapping("desk.party", NAMES, "name")


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    made = Runtime(replace(Settings.read({}), home=tmp_path / "home", database_url=database_url))
    install(made, read_folder(DESK), who="test")
    with made.store.write() as connection:
        for login, role in {"li": "boss", "wang": "clerk"}.items():
            roles.give(connection, users.create(connection, Person(name=login, login=login)), "desk", role)
    yield made
    made.close()


def table(folder: Path, rows: list[Mapping[str, Any]], titles: tuple[str, ...] = tuple(NAMES)) -> Path:
    path = folder / "table.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, titles, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def bring(runtime: Runtime, path: Path, mapping: ColumnMapping = PARTIES, who: int | None = None) -> Report:
    report = Report()
    for batch in importing.batches(path):
        with runtime.transaction(SYSTEM if who is None else runtime.actor(who), "import") as ctx:
            importing.run(ctx, importing_checked(ctx, mapping, path), batch, report)
    return report


def importing_checked(ctx: Ctx, mapping: ColumnMapping, path: Path) -> ColumnMapping:
    importing.check(ctx, mapping, sheets.headers(path))
    return mapping


def parties(runtime: Runtime) -> list[dict[str, Any]]:
    with runtime.read(SYSTEM) as ctx:
        rows = page(ctx, Query("desk.party", limit=500)).rows
    return sorted(({k: v for k, v in row.items() if k not in ("id", "uid")} for row in rows), key=lambda row: row["name"])


ROWS: list[Mapping[str, Any]] = [
    {"名称": "甲", "数量": "3", "级别": "甲", "标签": "老、新", "售价": "1,200.50"},
    {"名称": "乙", "数量": "", "级别": "", "上级": ""},
    {"名称": "丙", "数量": "5", "级别": "b", "售价": "￥7"},
]


def test_rows_made_in_bulk_are_those_made_one_by_one(runtime: Runtime, tmp_path: Path) -> None:
    report = bring(runtime, table(tmp_path, ROWS))
    assert report.count() == {"rows": 3, "created": 3, "updated": 0, "unchanged": 0, "failed": 0}
    in_bulk = parties(runtime)
    with runtime.transaction(SYSTEM, "import") as ctx:
        form = ctx.workspace.forms["desk.party"]
        for row in ROWS:
            raw = {NAMES[title]: cell for title, cell in row.items() if cell}
            save.create(ctx, form.key, entry.parse(ctx, form, {**raw, "name": raw["name"] + "二"}))
    whole = parties(runtime)
    assert [r["name"] for r in whole] == sorted([*"甲乙丙", "甲二", "乙二", "丙二"])
    times = ("created_at", "touched_at", "modified_at", "stage_since", "number", "name")
    plain = [{k: v for k, v in row.items() if k not in times} for row in whole]
    by_name = dict(zip((r["name"] for r in whole), plain, strict=True))
    assert all(by_name[n] == by_name[n + "二"] for n in "甲乙丙") and len(in_bulk) == 3
    assert sorted(r["number"] for r in whole) == [f"P{n:04}" for n in range(1, 7)]
    with runtime.read(SYSTEM) as ctx:
        assert [history.broken_at(ctx, "desk.party", id) for id in range(1, 7)] == [None] * 6
        entries = [
            [(v["field"], v["new"]) for v in values if v["field"] not in times]
            for id in (1, 4)
            for _, values in history.entries(ctx, "desk.party", id)
        ]
        assert sorted(entries[0]) == sorted(entries[1])
        events = ctx.connection.execute(
            select(event_table.c.kind, event_table.c.origin, event_table.c.quiet).order_by(event_table.c.id)
        ).all()
        kinds = [tuple(e) for e in events]
        assert kinds == [("created", "import", True), ("stage_entered", "import", True)] * 6
        assert [r["name"] for r in page(ctx, Query("desk.party", search="甲")).rows] == ["甲二", "甲"]


def test_a_row_is_found_again_by_its_key_also_within_a_table(runtime: Runtime, tmp_path: Path) -> None:
    bring(runtime, table(tmp_path, ROWS))
    mapping = replace(PARTIES, columns={"名称": "name", "数量": "count", "上级": "above"})
    rows: list[Mapping[str, Any]] = [
        {"名称": "甲", "数量": "3"},
        {"名称": "甲", "数量": "4"},
        {"名称": "丁", "上级": "甲"},
        {"名称": "丁", "数量": "9", "上级": "甲"},
    ]
    report = bring(runtime, table(tmp_path, rows, ("名称", "数量", "上级")), mapping)
    assert report.count() == {"rows": 4, "created": 1, "updated": 2, "unchanged": 1, "failed": 0}
    found = {row["name"]: row for row in parties(runtime)}
    assert (found["甲"]["count"], found["丁"]["count"], found["甲"]["revision"]) == (4, 9, 2)


FAULTS: tuple[tuple[Mapping[str, Any], str], ...] = (
    ({"名称": "", "数量": "1"}, "required"),
    ({"名称": "a", "数量": "x"}, "not-a-number"),
    ({"名称": "b", "级别": "丙"}, "unknown-option"),
    ({"名称": "c", "上级": "没有"}, "reference-not-found"),
    ({"名称": "d" * 600}, "too-long"),
)


def test_only_its_own_faults_keep_a_row_out(runtime: Runtime, tmp_path: Path) -> None:
    report = bring(runtime, table(tmp_path, [*(row for row, _ in FAULTS), *ROWS]))
    assert report.created == 3
    assert sorted((row[0], problems[0].code) for row, problems in report.faults) == [(n, code) for n, (_, code) in enumerate(FAULTS, 2)]


def test_without_a_key_the_same_name_twice_is_refused_once(runtime: Runtime, tmp_path: Path) -> None:
    report = bring(runtime, table(tmp_path, [ROWS[0], ROWS[0], ROWS[1]]), replace(PARTIES, key=""))
    assert (report.created, [(row[0], problems[0].code) for row, problems in report.faults]) == (2, [(3, "not-unique")])


def test_parents_sums_are_kept_once_per_batch(runtime: Runtime, tmp_path: Path) -> None:
    bring(runtime, table(tmp_path, ROWS))
    with runtime.read(SYSTEM) as ctx:
        assert list(recount.differences(ctx, "desk.party")) == []


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def test_an_import_killed_half_way_goes_on_without_doubles(runtime: Runtime, tmp_path: Path) -> None:
    rows: list[Mapping[str, Any]] = [{"名称": f"单位{n}", "数量": "x" if n % 400 == 7 else str(n)} for n in range(1_300)]
    path = table(tmp_path, rows, ("名称", "数量"))
    mapping = ColumnMapping("desk.party", {"名称": "name", "数量": "count"})
    with runtime.transaction(runtime.actor(1), "import") as ctx, path.open("rb") as stream:
        uid = importing_job.submit(ctx, runtime.storage, stream, mapping, rehearse=False)
    handler, opened = runtime.handlers[importing_job.NAME], []

    def dying(open_: background.Open, job: background.Job) -> Any:
        def open_until() -> AbstractContextManager[Ctx]:
            opened.append(1)
            if len(opened) == 4:
                raise Killed
            return open_()

        return handler(open_until, job)

    runtime.handlers[importing_job.NAME] = dying
    with pytest.raises(Killed):
        runtime.work_jobs()
    assert 0 < len(names(runtime)) < 1_300
    runtime.handlers[importing_job.NAME] = handler
    with runtime.store.write() as connection:  # the lease runs out
        j = background.job_table
        connection.execute(j.update().values(lease_until=runtime.clock.now() - background.LEASE))
    runtime.work_jobs()
    with runtime.store.read() as connection:
        job = background.status(connection, uid)
        assert job is not None and job["state"] == "done", job
        assert {k: job["result"][k] for k in ("rows", "created", "failed")} == {"rows": 1_300, "created": 1_296, "failed": 4}
        assert [row for row, _, _ in importing_job.faults(connection, uid, 10)] == [9, 409, 809, 1209]
    found = names(runtime)
    assert len(found) == len(set(found)) == 1_296


def names(runtime: Runtime) -> list[str]:
    desk = runtime.workspace().tables["desk.party"]
    with runtime.store.read() as connection:
        return list(connection.execute(select(desk.c.name)).scalars())


def test_rules_hear_of_the_rows_only_where_that_is_ticked(runtime: Runtime, tmp_path: Path) -> None:
    bring(runtime, table(tmp_path, ROWS[:1]), replace(PARTIES, automations=True))
    bring(runtime, table(tmp_path, ROWS[1:]), PARTIES)
    with runtime.store.read() as connection:
        created = event_table.c.kind == "created"
        assert list(connection.execute(select(event_table.c.quiet).where(created).order_by(event_table.c.id)).scalars()) == [
            False,
            True,
            True,
        ]


def test_an_importer_has_no_more_rights_than_anybody(runtime: Runtime, tmp_path: Path) -> None:
    """THREATS S11, S12, S52: hidden, computed and stage columns are no targets; rows out of sight are neither found nor named."""
    bring(runtime, table(tmp_path, [{"名称": "别人的", "数量": "1"}]))
    for id in ("stage", "margin", "number", "creator", "secret_", "papers"):
        with pytest.raises(Problems):
            bring(runtime, table(tmp_path, ROWS), replace(PARTIES, columns={"名称": "name", "数量": id}), who=1)
    report = bring(runtime, table(tmp_path, [{"名称": "别人的", "数量": "2"}, {"名称": "自己的", "上级": "别人的"}]), who=2)
    assert sorted(problems[0].code for _, problems in report.faults) == ["not-unique-unseen", "reference-not-found"]
    hidden = bring(
        runtime, table(tmp_path, [{"名称": "新的", "数量": "7"}]), replace(PARTIES, columns={"名称": "name", "数量": "cost"}), who=2
    )
    assert [problems[0].code for _, problems in hidden.faults] == ["field-not-writable"]
    with runtime.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(runtime.workspace().tables["desk.party"])).scalar_one() == 1
    with pytest.raises(Problems, match="may not import"):
        bring(runtime, table(tmp_path, ROWS), ColumnMapping("desk.order", {"名称": "number"}), who=2)


def test_titles_are_guessed_and_tables_read_as_offices_write_them(runtime: Runtime, tmp_path: Path) -> None:
    form = runtime.workspace().forms["desk.party"]
    assert importing.guess(form, ["名称*", " 手机 ", "LEVEL", "编号", "名称", "别的"]) == {
        "名称*": "name",
        " 手机 ": "phone",
        "LEVEL": "level",
    }
    for encoding, separator in (("gb18030", ","), ("utf-8", ";"), ("utf-8-sig", "\t")):
        path = tmp_path / "t.csv"
        path.write_text("名称,数量\n宁波骨科,5\n\n,\n".replace(",", separator), encoding)
        assert list(sheets.rows(path)) == [{"名称": "宁波骨科", "数量": "5"}]
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet().add_table(
        0, 0, 1, 2, {"data": [["=1+1", 0.125, 13800000000.0]], "columns": [{"header": h} for h in ("名称", "份额", "手机")]}
    )
    book.close()
    path = tmp_path / "t.xlsx"
    path.write_bytes(out.getvalue())
    first = next(sheets.rows(path))
    assert first["份额"] == 0.125 and first["手机"] == 13800000000


BROKEN: tuple[tuple[bytes, str], ...] = (
    (b"", "sheet-empty"), (b"\n\n", "sheet-empty"), (b"\xff\x00\x81", "sheet-encoding"), (b"PK\x03\x04broken", "sheet-unreadable"),
    (b"a,a\n1,2\n", "sheet-double-title"), (",".join(f"c{n}" for n in range(300)).encode() + b"\n1\n", "sheet-too-wide"),
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_what_is_no_table_is_said(tmp_path: Path, number: int) -> None:
    body, code = BROKEN[number]
    path = tmp_path / "t.csv"
    path.write_bytes(body)
    with pytest.raises(Problems) as refused:
        sheets.headers(path)
    assert [p.code for p in refused.value] == [code]


def test_search_words_follow_and_the_page_can_say_how_many(runtime: Runtime, tmp_path: Path) -> None:
    """SEMANTICS 15."""
    rows: list[Mapping[str, Any]] = [{"名称": f"单位{n}"} for n in range(1_200)]
    path = table(tmp_path, rows, ("名称",))
    with runtime.transaction(runtime.actor(1), "import") as ctx, path.open("rb") as stream:
        mapping = ColumnMapping("desk.party", {"名称": "name"}, "name")
        importing_job.submit(ctx, runtime.storage, stream, mapping, rehearse=False)

    def found() -> tuple[int, int]:
        with runtime.read(SYSTEM) as ctx:
            hits = page(ctx, Query("desk.party", search="单位1199")).rows
            return searching.waiting(ctx, "desk.party"), len(hits)

    def open_() -> AbstractContextManager[Ctx]:
        return runtime.transaction(SYSTEM, "automation")

    background.work(open_, runtime.handlers, limit=1)
    assert found() == (1_200, 0)
    with runtime.transaction(SYSTEM) as ctx:  # one that somebody edits meanwhile is found at once, and stays as it is then
        (id,) = ctx.connection.execute(select(ctx.workspace.tables["desk.party"].c.id).where(text("name = '单位1199'"))).scalars()
        save.edit(ctx, "desk.party", id, {"name": "单位1199号"})
    assert found() == (1_200, 1)
    assert background.work(open_, runtime.handlers) == 1
    assert found() == (0, 1)
    with runtime.read(SYSTEM) as ctx:
        assert len(page(ctx, Query("desk.party", search="单位", limit=500)).rows) == 500
        assert [row["name"] for row in page(ctx, Query("desk.party", search="单位77", limit=50)).rows][-1] == "单位77"
