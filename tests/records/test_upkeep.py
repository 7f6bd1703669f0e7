"""Stored aggregates and values that move with the clock: always what a fresh count gives, at a cost that does not grow (SEMANTICS 5, 6)."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from dougong.context import SYSTEM
from dougong.problems import Problems
from dougong.records import clockwork
from dougong.records.history import history_table
from dougong.records.recount import Difference, differences
from tests.records.conftest import Make
from tests.records.ground import Ground

AREA = """\
form: area
name: 片区
title: "{{ name }}"
fields:
  name: {name: 名称, type: text}
  houses: {name: 房子, type: related, of: house.area}
  house_count: {name: 房数, type: formula, stored: true, formula: "count(houses)"}
  worth: {name: 总值, type: formula, stored: true, formula: "sum(houses.total)"}
  highest: {name: 最高, type: formula, stored: true, formula: "max(houses.total)"}
"""
HOUSE = """\
form: house
name: 房子
title: "{{ name }}"
fields:
  name: {name: 名称, type: text}
  area: {name: 片区, type: link, to: area}
  rate: {name: 系数, type: integer, default: 1}
  checks: {name: 检查, type: related, of: check.house}
  rooms:
    name: 房间
    type: lines
    columns:
      kind: {name: 类型, type: choice, options: {big: 大, small: 小}}
      price: {name: 价格, type: money}
      qty: {name: 数量, type: integer, default: 1}
      amount: {name: 金额, type: formula, stored: true, formula: "price * qty"}
  total: {name: 合计, type: formula, stored: true, formula: "sum(rooms.amount)"}
  big: {name: 大房, type: formula, stored: true, formula: "sum(rooms, qty, kind == 'big')"}
  double: {name: 加倍, type: formula, stored: true, formula: "total * rate + count(rooms)"}
  bad: {name: 坏的, type: formula, stored: true, formula: "count(checks, not ok)"}
  last_at: {name: 最近, type: formula, stored: true, formula: "latest(max(checks.at), created_at)"}
  first_on: {name: 最早, type: formula, stored: true, formula: "min(checks.due_on)"}
  kinds: {name: 种类, type: formula, stored: true, formula: "count_distinct(checks.kind)"}
  mean: {name: 平均, type: formula, stored: true, formula: "avg(checks.score)"}
  recent: {name: 近三日, type: formula, stored: true, formula: "count(checks, at > now - days(3))"}
  late: {name: 逾期, type: formula, stored: true, formula: "count(checks, due_on < today)"}
  streak: {name: 连续, type: formula, stored: true, formula: "count(last(checks, 2), not ok) == 2"}
  newest: {name: 末次分, type: formula, stored: true, formula: "last(checks, at).score"}
  state:
    name: 状态
    type: choice
    options: {cold: 冷, warm: 温, hot: 热}
    stored: true
    cases:
      - {if: "last_at < now - days(5)", then: cold}
      - {if: "recent > 1 or late > 0", then: hot}
      - {else: warm}
on_delete: {check: delete}
"""
CHECK = """\
form: check
name: 检查
title: "{{ kind }}"
fields:
  house: {name: 房子, type: link, to: house}
  kind: {name: 种类, type: choice, options: {a: 甲, b: 乙, c: 丙}}
  ok: {name: 合格, type: yes_no}
  score: {name: 分数, type: integer}
  at: {name: 时间, type: datetime}
  due_on: {name: 期限, type: date}
"""
Act = Callable[["Walk"], None]


class Walk:
    """Random people at work on three levels; each step leaves the books right."""

    def __init__(self, ground: Ground, seed: int) -> None:
        self.ground, self.random = ground, random.Random(seed)
        self.areas = [ground.create("area", name=n).id for n in "南北"]
        self.live: dict[str, list[int]] = {"house": [], "check": []}
        self.gone: dict[str, list[int]] = {"house": [], "check": []}

    def pick(self, items: list[Any]) -> Any:
        return self.random.choice([*items, None]) if items else None

    def house(self) -> dict[str, Any]:
        return {"area": self.pick(self.areas), "rate": self.random.randint(1, 3), "rooms": self.rooms([])}

    def rooms(self, kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Some of the present lines, changed, and some new ones, in a new order."""
        lines = [{"uid": r["uid"], "price": self.random.randint(0, 9)} for r in kept if self.random.random() < 0.7]
        lines += [
            {"kind": self.random.choice(["big", "small"]), "price": str(self.random.randint(0, 500)), "qty": self.random.randint(1, 3)}
            for _ in range(self.random.randint(0, 3))
        ]
        self.random.shuffle(lines)
        return lines

    def check(self) -> dict[str, Any]:
        now = self.ground.clock.now()
        return {
            "house": self.pick(self.live["house"]),
            "kind": self.pick(["a", "b", "c"]),
            "ok": self.random.random() < 0.5,
            "score": self.pick([1, 2, 30]),
            "at": self.random.choice([None, now, now - timedelta(days=self.random.randint(0, 4), hours=self.random.randint(-9, 9))]),
            "due_on": self.random.choice([None, (now + timedelta(days=self.random.randint(-2, 3))).date()]),
        }

    def step(self) -> None:
        self.random.choice([self.create, self.create, self.edit, self.edit, self.move_line, self.remove, self.bring_back, self.wait])()

    def create(self) -> None:
        form = self.random.choice(["house", "check", "check"])
        self.live[form].append(self.ground.create(form, getattr(self, form)()).id)

    def edit(self) -> None:
        form = self.random.choice(["house", "check"])
        if id := self.pick(self.live[form]):
            given = getattr(self, form)()
            if form == "house":
                given["rooms"] = self.rooms([r for r in self.ground.rows("house_rooms") if r["parent"] == id])
            chosen = self.random.sample(sorted(given), self.random.randint(1, len(given)))
            self.ground.edit(form, id, {name: given[name] for name in chosen if given[name] is not None or form == "check"})

    def move_line(self) -> None:
        """A line edited by itself, now and then into another parent."""
        lines = self.ground.rows("house_rooms")
        if lines and len(self.live["house"]) > 1:
            line = self.random.choice(lines)
            self.ground.edit("house_rooms", line["id"], price=self.random.randint(0, 99), parent=self.random.choice(self.live["house"]))

    def remove(self) -> None:
        form = self.random.choice(["house", "check"])
        if id := self.pick(self.live[form]):
            before = {r["id"] for r in self.ground.rows("check")}
            self.ground.delete(form, id)
            self.live[form].remove(id)
            self.gone[form].append(id)
            left = {r["id"] for r in self.ground.rows("check")}
            self.live["check"] = [c for c in self.live["check"] if c in left]
            self.gone["check"] += [c for c in before - left if c not in self.gone["check"]]

    def bring_back(self) -> None:
        form = self.random.choice(["house", "check"])
        if id := self.pick(self.gone[form]):
            self.ground.restore(form, id)
            self.gone[form].remove(id)
            self.live[form].append(id)
            there = [r["id"] for r in self.ground.rows("check")]
            self.live["check"], self.gone["check"] = there, [c for c in self.gone["check"] if c not in there]

    def wait(self) -> None:
        self.ground.clock.move_to(
            self.ground.clock.now() + timedelta(hours=self.random.choice([1, 7, 30, 80]), milliseconds=self.random.randint(0, 1))
        )
        tick(self.ground)


def tick(ground: Ground) -> int:
    return clockwork.tick(lambda: ground.runtime.transaction(SYSTEM, "clock"), ground.workspace)


def wrong(ground: Ground) -> list[Difference]:
    return ground.read(lambda ctx: [d for form in ctx.workspace.forms for d in differences(ctx, form)])


@pytest.mark.parametrize("seed", range(2))
def test_whatever_people_do_every_stored_value_is_what_a_fresh_count_gives(workspace: Make, seed: int) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    walk = Walk(ground, seed)
    for _ in range(9):
        walk.create()
    for number in range(50):
        walk.step()
        assert wrong(ground) == [], (seed, number)
    assert len(walk.live["check"]) + len(walk.gone["check"]) > 5 and ground.rows("house_rooms")


def test_a_wrong_stored_value_is_found(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    house = ground.create("house", rooms=[{"price": "7"}])
    table = ground.workspace.tables["desk.house"]
    with ground.transaction() as ctx:
        ctx.connection.execute(update(table).where(table.c.id == house.id).values(total=8))
    assert [(d.form, d.uid, d.field, d.stored, d.fresh) for d in wrong(ground)] == [("desk.house", house.uid, "total", 8, 7)]


CHANGES: dict[str, Callable[[Ground, int, int], Any]] = {
    "a new child": lambda g, house, check: g.create(
        "check", house=house, ok=False, kind="b", score=3, at=g.clock.now(), due_on="2026-03-09"
    ),
    "a child edited": lambda g, house, check: g.edit("check", check, ok=True, at=g.clock.now(), due_on="2026-03-08"),
    "a child deleted": lambda g, house, check: g.delete("check", check),
    "a line edited": lambda g, house, check: g.edit("house_rooms", 3, price=8),
    "the parent edited": lambda g, house, check: g.edit("house", house, name="新名"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_cost_of_a_change_does_not_grow_with_the_number_of_children(workspace: Make, change: str) -> None:
    """Rows that the program reads; what the database walks through is measured below where an index can serve."""
    ground = workspace(AREA, HOUSE, CHECK)
    rows = {}
    for size in (5, 60):
        house = ground.create("house", area=None, rooms=[{"price": "1"} for _ in range(size)]).id
        checks = [
            ground.create("check", house=house, ok=False, at=ground.clock.now() - timedelta(hours=n), due_on="2026-03-05").id
            for n in range(size)
        ]
        rows[size] = _rows_read(ground, lambda: CHANGES[change](ground, house, checks[size // 2]))  # noqa: B023
    assert rows[60] <= rows[5] + 2
    assert wrong(ground) == []


def _rows_read(ground: Ground, work: Callable[[], Any]) -> int:
    """How many rows of children reached us."""
    read = 0
    engine = ground.runtime.store._writer

    def count(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal read
        if statement.startswith("SELECT") and (
            "desk__check" in statement.split("WHERE")[0] or "desk__house_rooms" in statement.split("WHERE")[0]
        ):
            read += 1
            asked.append((statement, _[0]))

    asked: list[Any] = []
    event.listen(engine, "after_cursor_execute", count)
    try:
        work()
    finally:
        event.remove(engine, "after_cursor_execute", count)
    with ground.runtime.store.read() as connection:
        for statement, parameters in asked:
            if " FOR " not in statement and "count(" not in statement.split("FROM")[0]:
                read += len(connection.exec_driver_sql(statement, parameters).all())
    return read


def test_what_is_sought_among_children_has_its_index(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    indexed = {tuple(c.name for c in index.columns) for index in ground.workspace.tables["desk.check"].indexes}
    assert {("house", "at", "id"), ("house", "due_on", "id")} <= indexed
    assert ("area", "total", "id") in {tuple(c.name for c in index.columns) for index in ground.workspace.tables["desk.house"].indexes}


def test_a_new_parent_takes_the_child_from_the_old_one_and_both_climb(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    north, south = (ground.create("area", name=n).id for n in "北南")
    house = ground.create("house", area=north, rooms=[{"price": "100", "qty": 2}]).id
    assert ground.values("area", north, "house_count", "worth", "highest") == (1, 200, 200)
    ground.edit("house", house, area=south)
    assert ground.values("area", north, "house_count", "worth", "highest") == (0, 0, None)
    assert ground.values("area", south, "house_count", "worth", "highest") == (1, 200, 200)
    line = ground.rows("house_rooms")[0]["id"]
    ground.edit("house_rooms", line, qty=3)
    assert ground.values("house", house, "total") + ground.values("area", south, "worth") == (300, 300)
    assert wrong(ground) == []


def test_many_who_write_children_of_one_parent_at_once_lose_nothing(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    house = ground.create("house", area=ground.create("area", name="北").id).id
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for score in range(5):
                check = ground.create("check", house=house, ok=False, score=score, at=ground.clock.now()).id
                ground.edit("check", check, ok=score % 2 == 0)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and ground.values("house", house, "bad", "recent") == (8, 20)
    assert wrong(ground) == []


def test_a_computed_change_is_no_edit_but_is_told_with_the_child_as_its_cause(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    house = ground.create("house").id
    before = ground.row("house", house)
    ground.clock.move_to(ground.clock.now() + timedelta(hours=1))
    ground.create("check", house=house, ok=False)
    after = ground.row("house", house)
    assert (before["bad"], after["bad"]) == (0, 1)
    same = ("revision", "modified_at", "touched_at")
    assert [after[n] for n in same] == [before[n] for n in same]
    cause = ground.events("check")[-1]
    told = ground.events("house")[-1]
    assert (told.kind, told.cause, told.origin, told.changed) == ("changed", cause.id, "aggregate", ["bad"])
    written = ground.read(
        lambda ctx: ctx.connection.execute(
            select(history_table.c.origin, history_table.c.changed).order_by(history_table.c.id.desc())
        ).first()
    )
    assert tuple(written or ()) == ("aggregate", ["bad"])


def test_lines_and_their_parent_are_written_once_not_once_per_line(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    house = ground.create("house", rooms=[{"price": str(n)} for n in range(9)]).id
    ground.edit("house", house, rooms=[{"uid": r["uid"], "price": "5"} for r in ground.rows("house_rooms")])
    assert [e.kind for e in ground.events("house")] == ["created", "changed"]
    assert ground.values("house", house, "total", "revision") == (45, 2)


def test_a_value_turns_by_itself_once_and_nobody_wrote(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    house = ground.create("house").id
    start, before = ground.clock.now(), ground.row("house", house)
    ground.clock.move_to(start + timedelta(days=5))
    tick(ground)
    assert ground.values("house", house, "state") == ("warm",)
    ground.clock.move_to(start + timedelta(days=61))
    assert tick(ground) > 0
    after = ground.row("house", house)
    assert (after["state"], after["revision"], after["modified_at"], after["touched_at"]) == (
        "cold",
        before["revision"],
        before["modified_at"],
        before["touched_at"],
    )
    told = [e for e in ground.events("house") if "state" in (e.changed or ()) and e.kind == "changed"]
    assert [(e.old["state"], e.new["state"], e.origin) for e in told] == [("warm", "cold", "clock")]
    ground.clock.move_to(start + timedelta(days=200))
    tick(ground)
    assert len([e for e in ground.events("house") if e.kind == "changed"]) == 1


def test_a_windowed_count_falls_as_each_child_leaves_the_window(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    house, now = ground.create("house").id, ground.clock.now()
    for hours in (0, 0, 10, 30):
        ground.create("check", house=house, at=now - timedelta(hours=hours))
    seen = []
    while (due := ground.read(clockwork.next_due)) is not None and due < now + timedelta(days=4):
        ground.clock.move_to(due)
        tick(ground)
        seen.append(((due - now).total_seconds() / 3600, ground.values("house", house, "recent")[0]))
        assert wrong(ground) == []
    counts = [count for hours, count in seen]
    assert [counts[n] for n in range(len(counts)) if n == 0 or counts[n] != counts[n - 1]] in ([3, 2, 0], [4, 3, 2, 0])
    assert [round(min(h for h, c in seen if c == left)) for left in (3, 2, 0)] == [42, 62, 72]


def test_today_turns_at_midnight_of_the_workspace(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    house = ground.create("house").id
    ground.create("check", house=house, due_on="2026-03-02")
    midnight = ground.clock.now().replace(hour=16)  # in Shanghai
    ground.clock.move_to(midnight - timedelta(milliseconds=1))
    tick(ground)
    assert ground.values("house", house, "late") == (0,)
    ground.clock.move_to(midnight)
    tick(ground)
    assert ground.values("house", house, "late", "state") == (1, "hot")


@pytest.mark.parametrize("seed", range(2))
def test_at_any_instant_the_clock_has_left_nothing_behind(workspace: Make, seed: int) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    walk = Walk(ground, 100 + seed)
    for _ in range(14):
        walk.create()
    for _ in range(15):
        ground.clock.move_to(
            ground.clock.now() + timedelta(seconds=walk.random.choice([1, 3600, 40000, 90000]), milliseconds=walk.random.randint(0, 999))
        )
        tick(ground)
        assert wrong(ground) == []
        due = ground.read(clockwork.next_due)
        assert due is None or due > ground.clock.now()


def test_a_number_too_large_is_said_at_its_field(workspace: Make) -> None:
    ground = workspace(AREA, HOUSE, CHECK)
    with pytest.raises(Problems) as refused:
        ground.create("house", rooms=[{"price": "900000000000", "qty": 1}, {"price": "900000000000", "qty": 1}])
    assert ("total", "too-large") in [(p.field, p.code) for p in refused.value.problems]
    assert ground.rows("house") == []
