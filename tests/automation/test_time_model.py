"""The random model of SEMANTICS 4: backdating, late commits, offline entries, edits, deletions, longer and shorter durations,
edited calendars, switching off and on, downtime. The engine walks along an axis with a mark; the model knows no mark, only:
a since value fires the first time somebody looks when its time is up, if the condition holds then, and never again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from dougong.automation import runs, service
from dougong.expr.types import Calendar, Span
from tests.automation.conftest import Make
from tests.automation.world import World

HOUR = timedelta(hours=1)
DURATIONS = {
    "90m": Span(5_400_000), "6h": Span(6 * 3_600_000), "30h": Span(30 * 3_600_000), "2d": Span(days=2), "2 workdays": Span(workdays=2),
}
RULE = """\
automation: still
name: 没有动作
on: {{inactive: case, since: moved_at}}
if: "colour != 'red'"
levels:
  - {{id: first, after: {first}, do: [{{create: note, set: {{text: first}}}}]}}
  - {{id: second, after: {second}, do: [{{create: note, set: {{text: second}}}}]}}
"""
Firing = tuple[str, int, datetime]


@dataclass
class Case:
    since: datetime | None
    red: bool
    live: bool = True
    seen: set[tuple[str, datetime]] = field(default_factory=set)
    """(level, since value) whose time was up while the condition did not hold."""


@dataclass
class Model:
    spans: dict[str, Span]
    calendar: Calendar
    on: bool = True
    cases: dict[int, Case] = field(default_factory=dict)
    fired: set[Firing] = field(default_factory=set)

    def due(self, level: str, since: datetime, now: datetime) -> bool:
        return self.calendar.plus(since, self.spans[level]) <= now

    def look(self, now: datetime) -> None:
        for id, case in self.cases.items():
            for level in self.spans if case.live and case.since and self.on else ():
                assert case.since
                if not self.due(level, case.since, now) or (level, case.since) in case.seen:
                    continue
                if case.red:
                    case.seen.add((level, case.since))
                else:
                    self.fired.add((level, id, case.since))

    def pass_over(self, now: datetime, only: int | None = None) -> None:
        """What is past now stays past: switched on again, or imported."""
        for id, case in self.cases.items():
            for level in self.spans if case.since and only in (None, id) else ():
                if case.since and self.due(level, case.since, now):
                    case.seen.add((level, case.since))


class Walk:
    """One random history, done to the engine and to the model alike."""

    def __init__(self, make: Make, seed: int) -> None:
        self.random = random.Random(seed)
        self.durations = {"first": "30h", "second": "2d"}
        self.world: World = make(self.rule())
        self.model = Model(self.spans(), self.world.space.calendar)

    def rule(self) -> str:
        return RULE.format(**self.durations)

    def spans(self) -> dict[str, Span]:
        return {level: DURATIONS[name] for level, name in self.durations.items()}

    def instant(self) -> datetime | None:
        """Mostly the past, sometimes the future, sometimes none, often a round hour so that values meet again."""
        if self.random.random() < 0.08:
            return None
        hours = self.random.choice([-200, -72, -49, -48, -47, -30, -29, -7, -6, -5, -2, -1, 0, 0, 0, 3, 30])
        return self.world.clock.now().replace(minute=0) + hours * HOUR

    def any_case(self, live: bool = True) -> int | None:
        known = [id for id, case in self.model.cases.items() if case.live == live]
        return self.random.choice(known) if known else None

    def create(self) -> None:
        since, red = self.instant(), self.random.random() < 0.3
        origin = self.random.choice(["person", "device", "api"])
        id = self.world.create(origin=origin, moved_at=since, colour="red" if red else "green")  # type: ignore[arg-type]
        self.model.cases[id] = Case(since, red)

    def bring_in(self) -> None:
        """An import: what is past stays past, what is not yet counts like all others."""
        self.quiet()
        since = self.instant()
        id = self.world.create(origin="import", moved_at=since, colour="green")
        self.model.cases[id] = Case(since, False)
        if self.model.on:  # a rule that is off skips nothing: it looks when it is on again
            self.model.pass_over(self.world.clock.now(), only=id)
        self.quiet()

    def act(self) -> None:
        if (id := self.any_case()) is not None:
            case, since = self.model.cases[id], self.instant()
            if self.random.random() < 0.3 and case.seen:
                since = self.random.choice(sorted(case.seen))[1]  # a value that comes back
            if since != case.since:
                case.seen = {pair for pair in case.seen if pair[1] != since}
            self.world.edit(id, moved_at=since)
            case.since = since

    def paint(self) -> None:
        if (id := self.any_case()) is not None:
            case = self.model.cases[id]
            case.red = not case.red
            self.world.edit(id, colour="red" if case.red else "green")

    def drop(self) -> None:
        if (id := self.any_case()) is not None:
            self.world.delete(id)
            self.model.cases[id].live = False

    def bring_back(self) -> None:
        if (id := self.any_case(live=False)) is not None:
            self.world.restore(id)
            case = self.model.cases[id]
            case.live = True
            case.seen = {pair for pair in case.seen if pair[1] != case.since}

    def other_duration(self) -> None:
        self.set_duration(self.random.choice(["first", "second"]), self.random.choice(sorted(DURATIONS)))

    def set_duration(self, level: str, name: str) -> None:
        self.quiet()
        self.durations[level] = name
        self.world.rules(self.rule(), calendar=self.world.space.calendar)
        self.model.spans = self.spans()

    def stretch(self) -> None:
        """A longer duration leaves the mark ahead of time; what is written behind it then needs timers, and these move again."""
        level = self.random.choice(["first", "second"])
        self.set_duration(level, "90m")
        self.set_duration(level, self.random.choice(["30h", "2d", "2 workdays"]))
        for _ in range(3):
            self.random.choice([self.create, self.act])()
        self.quiet()
        if self.random.random() < 0.5:
            self.set_duration(level, "6h")
            self.quiet()

    def other_calendar(self) -> None:
        self.quiet()
        day = self.world.clock.now().date() + timedelta(days=self.random.randint(-3, 3))
        calendar = replace(self.world.space.calendar, holidays=self.world.space.calendar.holidays ^ {day})
        self.world.rules(self.rule(), calendar=calendar)
        self.model.calendar = calendar

    def flip_switch(self) -> None:
        self.quiet()
        self.model.on = not self.model.on
        with self.world.as_system() as ctx:
            runs.switch(ctx, "desk.still", self.model.on)
            service.install(ctx)
        if self.model.on:  # begins anew where time is: what is not past by today's duration counts again, what fired does not
            for case in self.model.cases.values():
                case.seen.clear()
            self.model.pass_over(self.world.clock.now())

    def downtime(self) -> None:
        self.world.jump(hours=self.random.choice([1, 5, 26, 80]))

    def pass_time(self) -> None:
        self.world.jump(minutes=self.random.choice([20, 60, 180]))
        self.quiet()

    def quiet(self) -> None:
        if self.random.random() < 0.5:
            service.tick(self.world)  # the tick may come before the dispatcher
        self.world.work()
        self.model.look(self.world.clock.now())

    def engine(self) -> list[Firing]:
        out = []
        for run in self.world.runs("still"):
            assert run.outcome in ("finished", "withdrawn", "no_longer_due"), (run.outcome, run.problem)
            out.append((run.level, run.record, datetime.fromisoformat(run.subject["since"])))
        return out

    def go(self, steps: int) -> None:
        common: list[Callable[[], None]] = [self.create, self.act, self.act, self.paint, self.pass_time, self.pass_time, self.quiet]
        rare = [
            self.drop, self.bring_back, self.other_duration, self.stretch, self.other_calendar, self.downtime, self.bring_in,
            self.flip_switch,
        ]
        for _ in range(steps):
            self.random.choice(common if self.random.random() < 0.75 else rare)()
            if not self.model.on and self.random.random() < 0.2:
                self.flip_switch()
        if not self.model.on:
            self.flip_switch()
        self.world.jump(hours=300)
        self.quiet()


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_missed_and_nothing_doubled(make: Make, seed: int) -> None:
    walk = Walk(make, seed)
    walk.go(110)
    engine = walk.engine()
    assert len(engine) == len(set(engine)), "doubled"
    assert sorted(walk.model.fired - set(engine)) == [], "missed"
    assert sorted(set(engine) - walk.model.fired) == [], "too many"
    assert len(engine) > 10  # or the walk tried nothing
