"""A time rule that begins or is switched on: what is past already is counted, left by default, and taken up by a yes (SEMANTICS 4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dougong.automation.tables import run_table
from dougong.cli.apply import apply
from dougong.cli.plan import plan
from dougong.context import SYSTEM
from dougong.lang.load import read_folder
from dougong.lifecycle import carry_out, install, prepare
from tests.cli.conftest import Run, home, run
from tests.web.conftest import Site, build, staff
from tests.web.test_record import said
from tests.web.test_rooms import followed

__all__ = ["home", "run"]
APP = "app: desk\nversion: 1.0.0\nname: 服务台\nmenu: [case]\n"
FORM = """form: case
name: 单子
title: "{{ text }}"
fields:
  text: {name: 内容, type: text, required: true}
  last: {name: 最近, type: datetime}
---
role: chief
name: 主管
fallback: true
can: {case: {may: [see, add, edit]}}
"""
RULE = """---
automation: still
name: 停着
on: {inactive: case, since: last, after: 48h}
do: [{notify: owner, text: 动一动}]
"""
KEY = "desk.still"
FIRST = Path(__file__).parents[2] / "examples" / "first"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "desk"
    made.mkdir()
    (made / "app.yaml").write_text(APP, "utf-8")
    (made / "parts.yaml").write_text(FORM, "utf-8")
    return made


@pytest.fixture
def desk(folder: Path, home: Path, database_url: str) -> Iterator[Site]:
    """Two records that have stood still for long; the rule is not there yet, but stands in the folder."""
    made = build(home, folder, database_url)
    staff(made, "desk", {"li": ("李敏", "chief", "")})
    for text, last in (("甲", "2026-01-01 09:00"), ("乙", "2026-01-02 09:00"), ("丙", "2099-01-02 09:00")):
        made.make("li", "desk.case", text=text, last=last)
    made.runtime.work()
    (folder / "parts.yaml").write_text(FORM + RULE, "utf-8")
    yield made
    made.runtime.close()


def fired(site: Site) -> int:
    site.runtime.work()
    with site.runtime.read(SYSTEM) as ctx:
        return len(ctx.connection.execute(run_table.select().where(run_table.c.automation == KEY)).all())


def test_the_plan_counts_what_is_past_and_apply_takes_it_up_only_when_told(desk: Site, folder: Path, run: Run) -> None:
    said_ = run(plan, str(folder))
    assert "2 records are past already" in said_ and f"--take-up {KEY}" in said_
    assert "no records are past under desk.other" in run(apply, str(folder), "--take-up", "desk.other", code=2)
    run(apply, str(folder), "--take-up", KEY)
    assert fired(desk) == 2
    assert "past already" not in run(plan, str(folder))


def test_by_default_it_is_left_and_switching_on_offers_it_again(desk: Site, folder: Path) -> None:
    carry_out(desk.runtime, prepare(desk.runtime, read_folder(folder)), who="test")
    assert fired(desk) == 0
    admin = desk.client("admin")
    assert "过了时间" not in said(admin.get("/runs").text)
    for given, expected in (({}, 0), ({"take_up": "1"}, 2)):
        admin.post("/runs/switch", {"rule": KEY, "on": "0"})
        assert fired(desk) == 0
        assert "已有 2 条记录过了时间：现在就处理" in said(admin.get("/runs").text)
        admin.post("/runs/switch", {"rule": KEY, "on": "1", **given})
        assert fired(desk) == expected, given


def test_the_gallery_s_plan_offers_it_too(site: Site) -> None:
    whole = read_folder(FIRST)
    install(site.runtime, {path: text for path, text in whole.items() if not path.startswith(("automations/", "texts/"))}, who="test")
    staff(site, "first", {"sun": ("孙", "salesperson", "")})
    site.make("sun", "first.customer", name="甲", phone="13800000009")
    site.runtime.work()
    table = site.runtime.workspace().tables["first.customer"]
    with site.runtime.store.write() as connection:
        connection.execute(table.update().values(last_action_at=datetime(2026, 1, 1, tzinfo=UTC)))
    admin = site.client("admin")
    page = admin.get("/apps/first/plan").text
    assert 'name="take_up" value="first.stalled_customer"' in page and "现在就处理已过了时间的记录：客户两级预警（1 条）" in page
    assert "已更新" in followed(admin, admin.post("/apps/first/install", {"take_up": "first.stalled_customer"}))
    site.runtime.work()
    with site.runtime.read(SYSTEM) as ctx:
        assert ctx.connection.execute(run_table.select().where(run_table.c.automation == "first.stalled_customer")).first() is not None
