"""What is over goes after its time; what somebody still needs stays (THREATS R31)."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from dougong.automation.tables import run_table, step_table, tally_table
from dougong.automation.why import why
from dougong.context import SYSTEM
from dougong.events.outbox import event_table
from dougong.jobs.background import job_table
from dougong.notify.message import notification_table
from dougong.pruning import BATCH, DEFAULT_DAYS, KEPT_DAYS, days, prune
from dougong.records import save
from dougong.records.history import history_table
from dougong.records.requests import request_table
from dougong.store import system
from tests.automation.test_renamed import NOTE, Desk, case, still
from tests.automation.world import MONDAY

CREATED = 'automation: made\nname: 新\non: {created: case}\ndo: [{create: note, set: {text: 新, of: "{{ title }}"}}]\n'
SLOW = 'automation: slow\nname: 慢\non: {created: case}\ndo:\n- {wait: 300d}\n- {create: note, set: {text: 慢, of: "{{ title }}"}}\n'


@pytest.fixture
def desk(database_url: str) -> Any:
    desk = Desk(database_url)
    with closing(desk.runtime):
        desk.is_now(case(), NOTE, still(), CREATED)
        yield desk


def count(desk: Desk, table: Any) -> int:
    with desk.runtime.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_what_is_over_goes_after_its_time_and_not_before(desk: Desk) -> None:
    desk.create("甲", moved_at=MONDAY)
    desk.wait(days=4)
    with desk.runtime.store.write() as connection:
        connection.execute(insert(request_table).values(uid="u", form="desk.case", record=1, digest="d", at=MONDAY))
        for number, read in enumerate((MONDAY, None)):
            told = {"uid": f"n{number}", "key": f"n{number}", "at": MONDAY, "show_from": MONDAY, "user": 1, "kind": "inbox"}
            empty = dict.fromkeys(("title", "body", "form", "run"), "")
            connection.execute(insert(notification_table).values(**told, **empty, urgent=False, read_at=read))
        done = {"name": "import", "args": {}, "state": "done", "progress": {}, "attempts": 1, "due": MONDAY, "created_at": MONDAY}
        connection.execute(insert(job_table).values(uid="j", finished_at=MONDAY, **done))
    tables = (run_table, step_table, event_table, request_table, notification_table, job_table)
    before = [count(desk, table) for table in tables]
    histories = count(desk, history_table)
    assert prune(desk.runtime.store, MONDAY + timedelta(days=89), 180) == 0 and [count(desk, t) for t in tables] == before
    prune(desk.runtime.store, MONDAY + timedelta(days=91), 180)
    assert [count(desk, t) for t in tables] == [*before[:3], 0, *before[4:]]  # requests are known for 90 days, whatever is set
    prune(desk.runtime.store, MONDAY + timedelta(days=185), 180)
    assert [count(desk, t) for t in tables] == [2, 0, 0, 0, 1, 0]  # two keys of the time rules' runs, one message nobody has read
    assert count(desk, history_table) == histories
    assert prune(desk.runtime.store, MONDAY + timedelta(days=185), 180) == 0


def test_a_run_that_waits_and_its_event_stay(desk: Desk) -> None:
    desk.is_now(case(), NOTE, SLOW)
    desk.create("甲")
    desk.wait(days=250)
    prune(desk.runtime.store, desk.clock.now(), 30)
    desk.wait(days=60)
    assert desk.notes() == ["甲 慢"]


def test_a_since_value_that_comes_back_does_not_fire_again_after_its_run_was_pruned(desk: Desk) -> None:
    id = desk.create("甲", moved_at=MONDAY)
    desk.wait(days=200)
    fired = [note for note in desk.notes() if note == "甲 48h"]
    for moved_at in (desk.clock.now(), MONDAY):
        prune(desk.runtime.store, desk.clock.now() + timedelta(days=1), 30)
        with desk.runtime.transaction(SYSTEM) as ctx:
            save.edit(ctx, "desk.case", id, {"moved_at": moved_at})
        desk.wait(hours=1)
    desk.wait(days=9)
    assert [note for note in desk.notes() if note == "甲 48h"] == fired and len(fired) == 1
    with desk.runtime.read(SYSTEM) as ctx:
        assert [p.code for p in why(desk.runtime, ctx, "desk.still", id)]


def test_counts_under_way_stay_and_ended_ones_go(desk: Desk) -> None:
    with desk.runtime.store.write() as connection:
        for number, open_ in enumerate((True, False)):
            connection.execute(insert(tally_table).values(counter="c", per="p", subject=f"s{number}", at=MONDAY, open=open_))
    prune(desk.runtime.store, MONDAY + timedelta(days=400), 180)
    with desk.runtime.store.read() as connection:
        assert connection.execute(select(tally_table.c.subject)).scalars().all() == ["s0"]


def test_many_rows_go_in_small_batches(desk: Desk) -> None:
    many = BATCH * 2 + 7
    row = {"form": "desk.case", "record": 1, "digest": "d", "at": MONDAY}
    with desk.runtime.store.write() as connection:
        connection.execute(insert(request_table), [{"uid": f"u{n:05}", **row} for n in range(many)])
    assert prune(desk.runtime.store, MONDAY + timedelta(days=91), 180) == many and count(desk, request_table) == 0


def test_the_worker_prunes_once_a_day_by_the_workspaces_own_time(desk: Desk) -> None:
    assert (days({}), days({KEPT_DAYS: 60}), days({KEPT_DAYS: 1})) == (DEFAULT_DAYS, 60, 30)
    with desk.runtime.store.exclusive() as connection:
        system.change_settings(connection, {KEPT_DAYS: 40})
    desk.create("甲", moved_at=MONDAY)
    desk.wait(days=39)
    desk.runtime.keep_house()
    assert count(desk, event_table) > 0
    desk.wait(days=5)
    desk.runtime.keep_house()
    assert count(desk, event_table) == 0
