"""What comes from outside or from a person's hand: webhooks, public forms, buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import EventTrigger, Happening, refusal, triggers
from dougong.problems import Problem
from dougong.spec.app import Trigger


class Received(EventTrigger):
    """`map` makes a record of `form` out of the body: field → path in the JSON ('data.mobile'). Without a form the
    body is only `received` in formulas. The door checks the signature before the event exists (S38)."""

    schema: Mapping[str, Any] = {
        "received": {"type": "string", "format": "id", "title": "接收地址的代号 | The id of the webhook address"},
        "form": {"type": "string", "format": "form", "title": "生成哪个表单的记录 | The form to make a record of"},
        "map": {
            "type": "object", "propertyNames": {"format": "field"}, "additionalProperties": {"type": "string"}, "scope": "form",
            "title": "字段: 数据里的位置，如 phone: data.mobile | field: place in the data, such as phone: data.mobile",
        },
    }
    required = ("received",)
    form_in = "form"
    events = ("received",)

    def refuses(self, trigger: Trigger, happening: Happening) -> Problem | None:
        wanted = trigger.options["received"]
        return None if happening.name.rpartition(".")[2] == wanted else refusal("why-other-webhook", seen=happening.name, wanted=wanted)


class Submitted(EventTrigger):
    schema: Mapping[str, Any] = {
        "submitted": {"type": "string", "format": "form", "title": "哪个公开表单提交了 | The public form that was sent"},
    }
    required = ("submitted",)
    form_in = "submitted"
    events = ("submitted",)


class Pressed(EventTrigger):
    """A button on the record's page. `me` is who pressed it."""

    schema: Mapping[str, Any] = {
        "pressed": {"type": "string", "format": "form", "title": "哪个表单上的按钮 | The form that has the button"},
        "name": {"type": "string", "title": "按钮文字 | The words on the button"},
        "bulk": {"type": "boolean", "title": "列表里选中多条时也能按 | Also for many ticked records of a list"},
    }
    required = ("pressed", "name")
    form_in = "pressed"
    events = ("pressed",)

    def refuses(self, trigger: Trigger, happening: Happening) -> Problem | None:
        wanted = trigger.options["name"]
        return None if happening.name == wanted else refusal("why-other-button", seen=happening.name, wanted=wanted)


triggers.register("received")(Received())
triggers.register("submitted")(Submitted())
triggers.register("pressed")(Pressed())
