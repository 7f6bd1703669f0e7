from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.actions.base import TOUCH, Action, actions, refuse
from dougong.automation.scene import Scene
from dougong.records import save


class Set(Action):
    """On the record itself, or on the one that `on` leads to."""

    schema: Mapping[str, Any] = {
        "set": {"type": "object", "format": "values", "target": "on", "minProperties": 1, "title": "字段: 新值 | field: new value"},
        "on": {
            "type": "string", "format": "field", "holds": "record",
            "title": "改这个关联字段指向的记录 | Set it on the record that this link leads to",
        },
        "touch": TOUCH,
    }
    required = ("set",)

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form, row = scene.need_record()
        key, record = form.key, row["id"]
        if "on" in options:
            key, record = form.fields[options["on"]].target, row.get(options["on"])
            if record is None:
                raise refuse("action-nothing-linked", field=options["on"])
        saved = save.edit(scene.ctx, key, record, scene.values(options["set"]), touch=options.get("touch", False))
        return {"changed": list(saved.changed)}


actions.register("set")(Set())
