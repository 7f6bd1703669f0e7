"""Stages as triggers: entered, left, held longer than a level's `after`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import EventTrigger, Happening, TimeTrigger, refusal, triggers
from dougong.problems import Problem
from dougong.spec.app import Trigger

_OF = {"type": "string", "format": "workflow", "title": "哪个流程 | The workflow"}


def _schema(word: str, title: str) -> dict[str, Any]:
    return {word: {"type": "string", "format": "stage", "scope": "of", "title": title}, "of": _OF}


class _StageEvent(EventTrigger):
    word = ""

    def refuses(self, trigger: Trigger, happening: Happening) -> Problem | None:
        wanted = trigger.options[self.word]
        return None if happening.name == wanted else refusal("why-other-stage", seen=happening.name, wanted=wanted)


class Entered(_StageEvent):
    word = "entered"
    schema: Mapping[str, Any] = _schema("entered", "进入了哪个阶段 | The stage entered")
    required = ("entered", "of")
    events = ("stage_entered",)


class Left(_StageEvent):
    word = "left"
    schema: Mapping[str, Any] = _schema("left", "离开了哪个阶段 | The stage left")
    required = ("left", "of")
    events = ("stage_left",)


class Held(TimeTrigger):
    """The count begins anew each time the stage is entered."""

    schema: Mapping[str, Any] = {
        **_schema("held", "停留在哪个阶段 | The stage in which a record stays"),
        "after": {
            "type": "string", "format": "duration",
            "title": "多久，如 7d；分级时写在每级里 | How long, such as 7d; with levels each says it",
        },
    }
    required = ("held", "of")

    def since(self, trigger: Trigger) -> str:
        return "stage_since"

    def stage(self, trigger: Trigger) -> str:
        return str(trigger.options["held"])


triggers.register("entered")(Entered())
triggers.register("left")(Left())
triggers.register("held")(Held())
