from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.actions.base import Action, actions
from dougong.automation.scene import Scene
from dougong.records import save


class Create(Action):
    schema: Mapping[str, Any] = {
        "create": {"type": "string", "format": "form", "title": "在哪个表单新建 | The form of the new record"},
        "set": {"type": "object", "format": "values", "target": "create", "title": "字段: 值 | field: value"},
    }
    required = ("create",)

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        saved = save.create(scene.ctx, options["create"], scene.values(options.get("set", {})))
        return {"form": options["create"], "record": saved.id}


actions.register("create")(Create())
