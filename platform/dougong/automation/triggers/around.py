"""Before and after a date that stands in the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import TimeTrigger, triggers
from dougong.expr.types import Span
from dougong.spec.app import Level, Trigger


def _schema(word: str, form: str, by: str) -> dict[str, Any]:
    return {
        word: {"type": "string", "format": "form", "title": form},
        "field": {"type": "string", "format": "field", "scope": word, "title": "哪个日期字段 | The date or time in the record"},
        "by": {"type": "string", "format": "duration", "title": by},
    }


class Before(TimeTrigger):
    """A date that has passed by the time it is looked at is skipped and listed as missed (SEMANTICS 4)."""

    schema: Mapping[str, Any] = _schema("before", "哪个表单 | The form", "提前多久，如 15m | How long before, such as 15m")
    required = ("before", "field", "by")
    form_in = "before"
    leveled = False

    def since(self, trigger: Trigger) -> str:
        return str(trigger.options["field"])

    def offset(self, trigger: Trigger, level: Level) -> Span:
        by = trigger.options["by"]
        assert isinstance(by, Span)
        return -by


class After(TimeTrigger):
    schema: Mapping[str, Any] = _schema(
        "after", "哪个表单 | The form", "之后多久，如 2h；分级时写在每级里 | How long after, such as 2h; with levels each says it"
    )
    required = ("after", "field")
    form_in = "after"
    span = "by"

    def since(self, trigger: Trigger) -> str:
        return str(trigger.options["field"])


triggers.register("before")(Before())
triggers.register("after")(After())
