"""Which automations are meant. Pure: definitions and images in, answers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dougong.automation.deadlines import deadlines
from dougong.automation.triggers.base import EventTrigger, Happening, ScheduleTrigger, TimeTrigger, triggers
from dougong.events.images import decode_row
from dougong.events.outbox import Event
from dougong.expr.types import Span
from dougong.problems import Problem
from dougong.spec.app import Automation, Level, Workspace
from dougong.spec.form import Form


@dataclass(frozen=True)
class TimeRule:
    """One level of a time automation: due(x) = x + offset, x in the form's `since` field."""

    automation: Automation
    level: Level
    form: Form
    since: str
    offset: Span
    stage: str
    before: bool  # looks ahead of a date: once the date itself is past, it is missed

    @property
    def key(self) -> str:
        return rule_key(self.automation, self.level)


@dataclass(frozen=True)
class Plan:
    """A workspace's automations by what sets them off; broken ones are only in `all`."""

    all: Mapping[str, Automation]
    on_event: Mapping[tuple[str, str], tuple[Automation, ...]]
    timed: Mapping[str, tuple[TimeRule, ...]]  # by automation, levels in their order
    by_form: Mapping[str, tuple[TimeRule, ...]]
    scheduled: tuple[Automation, ...]


def rule_key(automation: Automation, level: Level) -> str:
    return f"{automation.key}/{level.id}"


@lru_cache(maxsize=8)
def plan(workspace: Workspace) -> Plan:
    """Worked out once per workspace revision."""
    known = [a for app in workspace.apps.values() for a in (*app.automations.values(), *deadlines(app))]
    on_event: dict[tuple[str, str], list[Automation]] = {}
    timed: dict[str, tuple[TimeRule, ...]] = {}
    scheduled = []
    for automation in known:
        kind = triggers.get(automation.on.kind)
        if kind is None or automation.broken or not automation.enabled:
            continue
        if isinstance(kind, EventTrigger):
            for event in kind.events:
                form = "" if event == "received" else automation.on.form
                on_event.setdefault((event, form), []).append(automation)
        elif isinstance(kind, ScheduleTrigger):
            scheduled.append(automation)
        elif isinstance(kind, TimeTrigger) and automation.on.form in workspace.forms:
            timed[automation.key] = _time_rules(automation, kind, workspace.forms[automation.on.form])
    rules = [rule for of_one in timed.values() for rule in of_one]
    by_form = {form: tuple(r for r in rules if r.form.key == form) for form in {r.form.key for r in rules}}
    return Plan(
        {a.key: a for a in known}, {k: tuple(v) for k, v in on_event.items()}, timed, by_form, tuple(scheduled)
    )


def refusal(automation: Automation, happening: Happening) -> Problem | None:
    """Why the event doesn't set it off; None where it does."""
    kind = triggers[automation.on.kind]
    if not isinstance(kind, EventTrigger) or happening.kind not in kind.events:
        return Problem("why-other-event", {"seen": happening.kind})
    if happening.kind == "received":
        app = happening.name.rpartition(".")[0]  # 'app.webhook'
        if app not in ("", automation.app):
            return Problem("why-other-webhook", {"seen": happening.name, "wanted": f"{automation.app}.{automation.on.options['received']}"})
    elif happening.form != automation.on.form:
        return Problem("why-other-form", {"seen": happening.form})
    return kind.refuses(automation.on, happening)


def happening(event: Event, forms: Mapping[str, Form]) -> Happening:
    form = forms.get(event.form)
    if form is None:
        return Happening(event.kind, event.form, event.name, event.old, event.new, tuple(event.changed))
    old, new = (decode_row(form, image) if image is not None else None for image in (event.old, event.new))
    return Happening(event.kind, event.form, event.name, old, new, tuple(event.changed))


def direct_levels(automation: Automation) -> tuple[Level, ...]:
    """Those that the trigger itself sets off; the others count what these did."""
    return tuple(level for level in automation.levels if not level.repeated)


def _time_rules(automation: Automation, kind: TimeTrigger, form: Form) -> tuple[TimeRule, ...]:
    on = automation.on
    return tuple(
        TimeRule(automation, level, form, kind.since(on), kind.offset(on, level), kind.stage(on), on.kind == "before")
        for level in direct_levels(automation)
    )
