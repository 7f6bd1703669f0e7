from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import EventTrigger, Happening, refusal, triggers
from dougong.problems import Problem
from dougong.spec.app import Trigger

_ANY = object()


class Changed(EventTrigger):
    """`{changed: form}`, `{changed: form, fields: [a, b]}`, `{changed: {field: {from: x, to: y}}, form: form}`."""

    schema: Mapping[str, Any] = {
        "changed": {
            "type": ["string", "object"], "format": "form",
            "propertyNames": {"format": "field"},
            "additionalProperties": {
                "type": "object",
                "properties": {"from": {"title": "原来的值 | The value before"}, "to": {"title": "新的值 | The value after"}},
                "additionalProperties": False,
            },
            "title": "哪个表单有改动；或 字段: {from: 原值, to: 新值} | The form that changed; or field: {from: before, to: after}",
        },
        "form": {"type": "string", "format": "form", "title": "表单，changed 写字段时用 | The form, where `changed` names fields"},
        "fields": {
            "type": "array", "items": {"type": "string", "format": "field"}, "minItems": 1,
            "title": "只看这些字段 | Only these fields count",
        },
        "from": {"title": "原来的值 | The value before"},
        "to": {"title": "新的值 | The value after"},
    }
    required = ("changed",)
    form_in = "form"
    old = True
    events = ("changed",)

    def refuses(self, trigger: Trigger, happening: Happening) -> Problem | None:
        meant = meant_fields(trigger)
        if not meant:
            return None
        reasons = [_refuses(field, limits, happening) for field, limits in meant.items()]
        return None if None in reasons else reasons[0]


def meant_fields(trigger: Trigger) -> dict[str, Mapping[str, Any]]:
    """Field → {from, to} where they are given; any one of them sets the rule off. {} means every field."""
    changed = trigger.options.get("changed")
    if isinstance(changed, Mapping):
        return {field: limits or {} for field, limits in changed.items()}
    limits = {k: trigger.options[k] for k in ("from", "to") if k in trigger.options}
    return dict.fromkeys(trigger.options.get("fields", ()), limits)


def _refuses(field: str, limits: Mapping[str, Any], happening: Happening) -> Problem | None:
    if field not in happening.changed:
        return refusal("why-field-unchanged", field=field)
    for side, image in (("from", happening.old), ("to", happening.new)):
        seen = (image or {}).get(field)
        if limits.get(side, _ANY) is not _ANY and seen != limits[side]:
            return refusal(f"why-{side}-differs", field=field, seen=seen, wanted=limits[side])
    return None


triggers.register("changed")(Changed())
