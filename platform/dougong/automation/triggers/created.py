from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.triggers.base import EventTrigger, triggers


class Created(EventTrigger):
    schema: Mapping[str, Any] = {
        "created": {"type": "string", "format": "form", "title": "哪个表单新建了记录 | The form in which a record was created"},
    }
    required = ("created",)
    form_in = "created"
    events = ("created",)


triggers.register("created")(Created())
