from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.actions.base import Action, actions
from dougong.automation.scene import Scene


class Move(Action):
    """Through the workflow's own rules: entry, exit, no skipping. What they refuse, fails the step."""

    schema: Mapping[str, Any] = {
        "move": {"type": "string", "format": "stage", "title": "移到哪个阶段 | The stage to move to"},
        "comment": {"type": "string", "format": "template", "title": "说明 | Comment"},
    }
    required = ("move",)

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form, row = scene.need_record()
        scene.platform.move(scene.ctx, form.key, row["id"], options["move"], scene.text(options.get("comment")))
        return {"stage": options["move"]}


actions.register("move")(Move())
