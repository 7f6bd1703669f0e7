"""The contract of a trigger: one file per word of YAML, plugged into `triggers`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dougong.expr.types import Calendar, Span
from dougong.problems import Problem
from dougong.registry import Registry
from dougong.spec.app import Level, Trigger


@dataclass(frozen=True)
class Happening:
    """An event with its images decoded to values. `name` is the button, webhook or stage."""

    kind: str
    form: str = ""
    name: str = ""
    old: Mapping[str, Any] | None = None
    new: Mapping[str, Any] | None = None
    changed: tuple[str, ...] = ()


class TriggerKind:
    """`form_in` is the option that names the form the automation stands on ('' where there is none, or a workflow tells it);
    `old` says that the condition may read `old` and `changed(f)`; `leveled` that there may be levels, some time `after` it.

    Schemas are JSON Schema properties of the mapping under `on:`. `format` says what a string is (the lang part
    compiles by it); `scope` names the option whose form (or whose field's target) the formulas below stand on.
    """

    schema: Mapping[str, Any] = {}
    required: tuple[str, ...] = ()
    form_in: str = ""
    old: bool = False
    leveled: bool = True


class EventTrigger(TriggerKind):
    """Fires when something happened."""

    events: tuple[str, ...] = ()

    def refuses(self, trigger: Trigger, happening: Happening) -> Problem | None:
        """Why an event of one of `events`, on this trigger's form, is not meant; None where it is."""
        return None


class TimeTrigger(TriggerKind):
    """Fires when a stored instant or date, moved by an offset, has come (SEMANTICS 4).

    `span` is the option that says how long where the automation has one `do:`; with levels each has its own `after`.
    """

    span: str = "after"

    def since(self, trigger: Trigger) -> str:
        """The field that is the rule's axis."""
        raise NotImplementedError

    def offset(self, trigger: Trigger, level: Level) -> Span:
        """due(x) = x + offset."""
        span = level.after or trigger.options[self.span]
        assert isinstance(span, Span)
        return span

    def stage(self, trigger: Trigger) -> str:
        """Where set: only records in this stage are meant."""
        return ""


class ScheduleTrigger(TriggerKind):
    """Fires at instants that no record decides."""

    leveled = False

    def following(self, trigger: Trigger, after: datetime, calendar: Calendar) -> datetime | None:
        """The first instant later than `after`; None where there is none any more."""
        raise NotImplementedError


triggers: Registry[TriggerKind] = Registry("trigger")


def refusal(code: str, **args: Any) -> Problem:
    return Problem(code, args)
