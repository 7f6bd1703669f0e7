from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import TriggerKind, triggers


class Repeated(TriggerKind):
    """Counts finished runs of another automation (automation/tally.py). The run stands on the record of the last one counted."""

    schema: Mapping[str, Any] = {
        "repeated": {
            "type": "object", "required": ["of", "times"], "additionalProperties": False,
            "title": "另一条规则重复执行了几次 | When another automation has run several times",
            "description": "如 {of: 规则, times: 3, in_a_row_per: owner, within: 30d} | "
            "Such as {of: automation, times: 3, in_a_row_per: owner, within: 30d}",
            "properties": {
                "of": {"type": "string", "format": "automation", "title": "数哪条规则 | Which automation is counted"},
                "level": {"type": "string", "format": "level", "title": "只数它的这一级 | Only this level of it"},
                "times": {"type": "integer", "minimum": 1, "title": "满几次 | How many times"},
                "in_a_row_per": {
                    "type": "string", "format": "field",
                    "title": "按哪个字段连续计数，默认按记录 | In a row per value of this field; by default per record",
                },
                "within": {"format": "duration", "title": "多久之内的才算 | Only runs within this time count"},
            },
        },
    }
    required = ("repeated",)


triggers.register("repeated")(Repeated())
