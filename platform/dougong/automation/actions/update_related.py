from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.actions.base import TOUCH, Action, actions
from dougong.automation.scene import Scene
from dougong.records import save


class UpdateRelated(Action):
    """`if` and the formulas in `set` stand on the related record."""

    schema: Mapping[str, Any] = {
        "update_related": {"type": "string", "format": "field", "holds": "records", "title": "哪些相关记录 | The related records"},
        "if": {"type": "string", "format": "condition", "scope": "update_related", "title": "只改符合条件的 | Only where this holds"},
        "set": {
            "type": "object", "format": "values", "target": "update_related", "scope": "update_related", "minProperties": 1,
            "title": "字段: 新值 | field: new value",
        },
        "touch": TOUCH,
    }
    required = ("update_related", "set")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form, row = scene.need_record()
        field = form.fields[options["update_related"]]
        rows = (
            scene.source.children(field.target, field.via, row["id"]) if field.via
            else scene.source.linked(form.key, field.id, row["id"])
        )
        target = scene.ctx.workspace.forms[field.target]
        changed = []
        for related in rows:
            there = scene.on(target, related)
            if there.holds(options.get("if")):
                save.edit(scene.ctx, field.target, related["id"], there.values(options["set"]), touch=options.get("touch", False))
                changed.append(related["id"])
        return {"form": field.target, "records": changed}


actions.register("update_related")(UpdateRelated())
