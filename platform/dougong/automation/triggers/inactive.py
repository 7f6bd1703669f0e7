from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import TimeTrigger, triggers
from dougong.spec.app import Trigger


class Inactive(TimeTrigger):
    schema: Mapping[str, Any] = {
        "inactive": {"type": "string", "format": "form", "title": "哪个表单的记录无进展 | The form whose records stand still"},
        "since": {
            "type": "string", "format": "field", "scope": "inactive",
            "title": "从哪个时间字段算起，默认最近跟进 | The field to count from; by default when it was last touched",
        },
        "after": {
            "type": "string", "format": "duration",
            "title": "多久，如 72h；分级时写在每级里 | How long, such as 72h; with levels each says it",
        },
    }
    required = ("inactive",)
    form_in = "inactive"

    def since(self, trigger: Trigger) -> str:
        return str(trigger.options.get("since", "touched_at"))


triggers.register("inactive")(Inactive())
