"""A change of names under rules at work: nothing due is skipped, nothing fires twice (SEMANTICS 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dougong.automation import service
from dougong.automation.tables import run_table
from dougong.clock import VirtualClock
from dougong.context import SYSTEM
from dougong.lifecycle import install, prepare
from dougong.records import save
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.automation.world import MONDAY

HEAD = "app: desk\nname: 台账\nversion: '1'\n"
NOTE = 'form: note\nname: 便条\ntitle: "{{ text }}"\nfields: {text: {name: 内容, type: text}, of: {name: 谁, type: text}}\n'


def case(id: str = "case", since: str = "moved_at", *, was: str = "", field_was: str = "") -> str:
    renamed, moved = (f"was: {was}\n" if was else ""), (f", was: {field_was}" if field_was else "")
    return f"""\
form: {id}
name: 案件
{renamed}title: "{{{{ title }}}}"
fields:
  title: {{name: 标题, type: text}}
  {since}: {{name: 动作时间, type: datetime{moved}}}
  seen: {{name: 已看, type: text}}
ask_later:
  - {{id: look, since: {since}, within: 60h, fields: [seen], message: 请看}}
"""


def still(id: str = "case", since: str = "moved_at", after: str = "48h") -> str:
    do = f"do: [{{create: note, set: {{text: '{after}', of: '{{{{ title }}}}'}}}}]"
    return f"automation: still\nname: 停\non: {{inactive: {id}, since: {since}}}\nlevels: [{{id: ask, after: {after}, {do}}}]\n"


class Desk:
    """The app on a database, changed as people change it, its clock in hand."""

    def __init__(self, url: str) -> None:
        self.clock = VirtualClock(MONDAY)
        self.runtime = Runtime(Settings(url, "", Path("/nonexistent"), "", frozenset(), ""), self.clock)

    def is_now(self, *files: str) -> None:
        install(self.runtime, {"app.yaml": HEAD, **{f"f{n}.yaml": text for n, text in enumerate(files)}}, who="test")

    def create(self, title: str, form: str = "case", **values: Any) -> int:
        with self.runtime.transaction(SYSTEM) as ctx:
            return save.create(ctx, f"desk.{form}", {"title": title, **values}).id

    def wait(self, **span: float) -> None:
        """To each next instant, working until quiet, as the virtual clock walks."""
        end = self.clock.now() + timedelta(**span)
        self.runtime.work()
        while (due := self.runtime.next_due()) is not None and due <= end:
            assert due > self.clock.now()
            self.clock.move_to(due)
            self.runtime.work()
        self.clock.move_to(end)
        self.runtime.work()

    def jump(self, **span: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(**span))

    def notes(self) -> list[str]:
        table = self.runtime.workspace().tables["desk.note"]
        with self.runtime.store.read() as connection:
            return [f"{row.of} {row.text}" for row in connection.execute(select(table).order_by(table.c.id))]

    def runs(self, automation: str) -> list[tuple[str, datetime]]:
        r = run_table.c
        with self.runtime.store.read() as connection:
            found = connection.execute(select(r.outcome, r.created_at).where(r.automation == f"desk.{automation}").order_by(r.id))
            return [(row.outcome or "", row.created_at) for row in found]


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    with closing(desk.runtime):
        yield desk


AFTER: Mapping[str, tuple[str, str]] = {
    "the form": (case("matter", was="case"), still("matter")),
    "the field": (case(since="acted_at", field_was="moved_at"), still(since="acted_at")),
    "both": (case("matter", "acted_at", was="case", field_was="moved_at"), still("matter", "acted_at")),
}


@pytest.mark.parametrize("renamed", AFTER)
def test_a_renamed_form_or_field_keeps_the_marks_of_its_rules(desk: Desk, renamed: str) -> None:
    form, rule = AFTER[renamed]
    desk.is_now(case(), NOTE, still())
    desk.create("甲", moved_at=MONDAY)
    desk.wait(hours=47)
    desk.create("乙", moved_at=MONDAY)
    desk.jump(hours=3)  # a downtime in which 甲 and 乙 become due
    desk.is_now(form, NOTE, rule)
    desk.wait(hours=1)
    assert sorted(desk.notes()) == ["乙 48h", "甲 48h"]
    desk.wait(hours=20)
    assert [outcome for outcome, _ in desk.runs("case.ask_later.look")] == ["finished", "finished"]
    desk.is_now(case(), NOTE, still())  # and back, as a rollback does
    desk.wait(days=30)
    assert sorted(desk.notes()) == ["乙 48h", "甲 48h"] and len(desk.runs("still")) == 2 and len(desk.runs("case.ask_later.look")) == 2


def test_a_timer_behind_the_mark_rings_under_the_new_name(desk: Desk) -> None:
    desk.is_now(case(), NOTE, still())
    desk.create("甲", moved_at=MONDAY)
    desk.wait(hours=49)
    desk.is_now(case(), NOTE, still(after="72h"))
    desk.create("乙", moved_at=MONDAY - timedelta(hours=11))  # behind the mark, due in 12 hours
    desk.wait(hours=1)
    desk.is_now(*AFTER["both"][:1], NOTE, still("matter", "acted_at", "72h"))
    desk.wait(hours=10)
    assert desk.notes() == ["甲 48h"]
    desk.wait(hours=2)
    assert desk.notes() == ["甲 48h", "乙 72h"]
    desk.wait(days=9)
    assert desk.notes() == ["甲 48h", "乙 72h"]


def test_a_run_that_was_enlisted_before_the_names_changed_is_not_lost(desk: Desk) -> None:
    desk.is_now(case(), NOTE, still())
    desk.create("甲", moved_at=MONDAY)
    desk.jump(hours=50)
    service.tick(desk.runtime)
    assert desk.runs("still")[0][0] == ""
    desk.is_now(*AFTER["both"][:1], NOTE, AFTER["both"][1])
    desk.runtime.work()
    assert desk.notes() == ["甲 48h"] and [outcome for outcome, _ in desk.runs("still")] == ["finished"]


SLOW = """\
automation: slow
name: 慢
on: {created: %s}
do:
  - {create: note, set: {text: 一, of: "{{ %s }}"}}
  - {wait: 2d}
  - {create: note, set: {text: 二, of: "{{ %s }}"}}
"""


@pytest.mark.parametrize(("extra", "outcome"), [("", "finished"), ("  - {stop: 完}\n", "definition_outdated")])
def test_a_run_that_waits_goes_on_under_the_new_names_where_the_steps_are_the_same(desk: Desk, extra: str, outcome: str) -> None:
    desk.is_now(case(), NOTE, SLOW % ("case", "title", "title"))
    desk.create("甲", moved_at=MONDAY)
    desk.wait(hours=1)
    renamed = case("matter", was="case").replace("{{ title }}", "{{ label }}")
    renamed = renamed.replace("title: {name: 标题", "label: {was: title, name: 标题")
    desk.is_now(renamed, NOTE, SLOW % ("matter", "label", "label") + extra)
    desk.wait(days=3)
    assert [run[0] for run in desk.runs("slow")] == [outcome]
    assert desk.notes() == ["甲 一", "甲 二"][: 2 if outcome == "finished" else 1]


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        (still(after="50h"), True),
        (still().replace("停", "另一个名字"), True),
        (still().replace("levels:", "if: \"title != '丙'\"\nlevels:"), True),
        (still().replace("text: '48h'", "text: 别的"), True),
        (still(since="created_at"), False),
    ],
)
def test_what_fired_fires_no_more_when_the_rule_is_changed(desk: Desk, after: str, kept: bool) -> None:
    """Changing condition, actions, name or duration keeps the mark; another since column begins a new count."""
    desk.is_now(case(), NOTE, still())
    desk.create("甲", moved_at=MONDAY)
    desk.wait(hours=49)
    desk.create("乙", moved_at=desk.clock.now())
    desk.is_now(case(), NOTE, after)
    desk.wait(days=5)
    assert len([note for note in desk.notes() if note.startswith("甲")]) == 1
    assert len([note for note in desk.notes() if note.startswith("乙")]) == 1
    assert kept or len(desk.runs("still")) == 2


DAILY = "automation: daily\nname: 每天\non: {every: day, at: '10:00'}\ndo: [{create: note, set: {text: 早}}]\n"


def test_a_schedule_taken_out_and_brought_back_does_not_fire_for_the_days_between(desk: Desk) -> None:
    desk.is_now(case(), NOTE, DAILY)
    desk.wait(days=2)
    assert len(desk.runs("daily")) == 2
    desk.is_now(case(), NOTE)
    desk.wait(days=10)
    desk.is_now(case(), NOTE, DAILY)
    desk.wait(hours=23)
    assert len(desk.runs("daily")) == 2 + 1
    desk.wait(days=1)
    assert len(desk.runs("daily")) == 2 + 2


def test_a_plan_says_which_rules_it_touches_and_how_many_wait(desk: Desk) -> None:
    def lines(*files: str) -> list[str]:
        ready = prepare(desk.runtime, {"app.yaml": HEAD, **{f"f{n}.yaml": text for n, text in enumerate(files)}})
        return [line for line in ready.lines("en") if "ule “" in line]

    desk.is_now(case(), NOTE, still(), SLOW % ("case", "title", "title"))
    for title in ("甲", "乙"):
        desk.create(title, moved_at=MONDAY)
    desk.wait(hours=1)
    assert lines(case(), NOTE, still(), SLOW % ("case", "title", "title")) == []
    assert lines(case(), NOTE, still(after="72h"), DAILY) == [
        "~ Rule “慢” goes. Records no longer timed: 0. Cases under way: 2; those that have begun finish.",
        "~ Rule “停” changes. Records being timed go on under the new one: 2. Cases under way finish under the old one: 0.",
        "~ New rule “每天”: it counts from the moment it is applied; what was due before that is left.",
    ]


def test_a_new_rule_of_a_renamed_form_counts_the_rows_that_break_it(desk: Desk) -> None:
    desk.is_now(case(), NOTE)
    for title in ("甲", "乙"):
        desk.create(title)
    strict = case("matter", was="case") + "reject_when:\n  - {id: one, if: \"title == '甲'\", message: 不可以叫甲}\n"
    ready = prepare(desk.runtime, {"app.yaml": HEAD, "case.yaml": strict, "note.yaml": NOTE})
    assert "~ “案件”, new rule (不可以叫甲): broken by 1 record." in ready.lines("en")
