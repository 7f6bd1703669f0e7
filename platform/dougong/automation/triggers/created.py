from __future__ import annotations

from dougong.automation.triggers.base import EventTrigger, triggers


class Created(EventTrigger):
    schema = {"created": {"type": "string", "format": "form", "title": "哪个表单新建了记录 | The form in which a record was created"}}
    required = ("created",)
    form_in = "created"
    events = ("created",)


triggers.register("created")(Created())
