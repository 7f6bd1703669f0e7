from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import EventTrigger, triggers


class Restored(EventTrigger):
    schema: Mapping[str, Any] = {
        "restored": {"type": "string", "format": "form", "title": "哪个表单恢复了记录 | The form in which a record came back"},
    }
    required = ("restored",)
    form_in = "restored"
    events = ("restored",)


triggers.register("restored")(Restored())
