"""Plays an app's scenarios and tells, step by step, what held and what did not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import delete, select

from dougong.automation import service
from dougong.automation.runs import from_json
from dougong.automation.tables import mark_table, run_table
from dougong.clock import VirtualClock
from dougong.context import SYSTEM
from dougong.problems import NOWHERE, Mark, Problem, Problems
from dougong.scenario import bench
from dougong.scenario.steps import perform
from dougong.scenario.switch import likely, parts, switched
from dougong.scenario.world import Machine, World
from dougong.spec.app import App, Scenario, Workspace

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""When the app is installed: before anything a scenario may want to happen."""


class Setup(Protocol):
    """What the doors give: how to set up and open a runtime on a throw-away database."""

    def set_up(self, url: str, clock: VirtualClock) -> Workspace:
        """Installs the app (without sample data) and closes everything again."""

    def open(self, url: str, clock: VirtualClock, workspace: Workspace) -> Machine: ...


@dataclass(frozen=True)
class Ran:
    """One run of a rule: when and on what, how it ended (a Problem without a place), why it failed, what its condition saw."""

    what: str
    end: Problem
    why: Problem | None
    saw: Mapping[str, object]


@dataclass(frozen=True)
class Outcome:
    """`step` counts from 1; `trace` are the runs of the rules as they stood when the step failed."""

    scenario: Scenario
    step: int = 0
    problems: tuple[Problem, ...] = ()
    trace: tuple[Ran, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems

    @property
    def mark(self) -> Mark:
        """Where the failing step stands."""
        return self.scenario.marks.get(("steps", self.step - 1), self.scenario.mark) if self.step else NOWHERE


def play(
    app: App, scenarios: Sequence[Scenario], setup: Setup, url: str, told: Callable[[Outcome], None] = lambda outcome: None
) -> list[Outcome]:
    """Every scenario on its own copy of a database of the kind that `url` names; `told` hears of each as it ends."""
    outcomes: list[Outcome] = []
    with bench.bench(url) as place:
        workspace = setup.set_up(place.base(), VirtualClock(BEGINNING))
        for outcome in _each(app, scenarios, setup, place, workspace):
            told(outcome)
            outcomes.append(outcome)
    return outcomes


def unnoticed(app: App, setup: Setup, url: str, told: Callable[[str, Outcome | None], None] = lambda part, by: None) -> list[str]:
    """The declared parts without which every scenario still passes: of these the scenarios prove nothing.

    `told` hears of each part with the first scenario that noticed, None where none did. Stops looking there.
    """
    out: list[str] = []
    with bench.bench(url) as place:
        workspace = setup.set_up(place.base(), VirtualClock(BEGINNING))
        for part in parts(app):
            off = switched(workspace, app.id, {part})
            with closing(_each(off.apps[app.id], likely(app, part, app.scenarios), setup, place, off)) as outcomes:
                noticed = next((outcome for outcome in outcomes if not outcome.passed), None)
            told(part, noticed)
            out += [] if noticed else [part]
    return out


def _each(
    app: App, scenarios: Sequence[Scenario], setup: Setup, place: bench.Bench, workspace: Workspace
) -> Generator[Outcome, None, None]:
    for scenario in scenarios:
        with place.copy() as address:
            clock = VirtualClock(datetime.fromisoformat(scenario.at))
            machine = setup.open(address, clock, workspace)
            try:
                yield _one(World(machine, app, clock), scenario)
            finally:
                machine.close()


def _one(world: World, scenario: Scenario) -> Outcome:
    number = 0
    try:
        world.enter(scenario)
        _start_rules(world)
        for number, step in enumerate(scenario.steps, 1):  # noqa: B007 - the failing one is told
            perform(world, step)
    except Problems as failed:
        return Outcome(scenario, number, failed.problems, _trace(world))
    return Outcome(scenario)


def _start_rules(world: World) -> None:
    """The app's rules begin with the scenario, as if just installed: what a schedule missed since BEGINNING is not its affair."""
    with world.machine.transaction(SYSTEM, "clock") as ctx:
        ctx.connection.execute(delete(mark_table))
        service.install(ctx)


def _trace(world: World) -> tuple[Ran, ...]:
    r = run_table.c
    with world.machine.read(SYSTEM) as ctx:
        query = select(r.created_at, r.automation, r.level, r.form, r.record, r.outcome, r.problem, r.trace).order_by(r.id)
        zone = ctx.workspace.calendar.zone
        return tuple(
            Ran(
                what=f"{at.astimezone(zone):%m-%d %H:%M} {rule}{'.' + level if level else ''} {form} {record}",
                end=Problem(f"outcome-{end or 'open'}"),
                why=from_json(problem) if end == "failed" else None,
                saw=next((line["values"] for line in trace if line["what"] == "condition"), {}),
            )
            for at, rule, level, form, record, end, problem, trace in ctx.connection.execute(query)
        )
