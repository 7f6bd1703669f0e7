from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import EventTrigger, triggers


class Deleted(EventTrigger):
    """The run stands on the record as it last was."""

    schema: Mapping[str, Any] = {
        "deleted": {"type": "string", "format": "form", "title": "哪个表单删除了记录 | The form in which a record was deleted"},
    }
    required = ("deleted",)
    form_in = "deleted"
    events = ("deleted",)


triggers.register("deleted")(Deleted())
