from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dougong.automation.actions.base import Action, actions
from dougong.automation.scene import Scene
from dougong.records import save


class Score(Action):
    """Adds points; `between` keeps the sum inside two bounds. An empty field counts as 0."""

    schema: Mapping[str, Any] = {
        "score": {"type": "string", "format": "field", "holds": "number", "title": "哪个分数字段 | The field with the points"},
        "add": {"type": ["string", "number"], "format": "formula", "title": "加多少，负数为减 | How many to add; negative takes away"},
        "between": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2, "title": "上下限 | Lowest and highest"},
    }
    required = ("score", "add")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form, row = scene.need_record()
        field = options["score"]
        before, add = row.get(field) or 0, scene.value(options["add"])
        if add is None:
            return {"added": 0}
        scale = form.fields[field].value.scale
        after = Decimal(str(before)) + Decimal(str(add))
        if "between" in options:
            low, high = (Decimal(str(bound)) for bound in options["between"])
            after = min(max(after, low), high)
        value = after.quantize(Decimal(1).scaleb(-scale)) if scale else int(after)
        save.edit(scene.ctx, form.key, row["id"], {field: value})
        return {"before": str(before), "after": str(value)}


actions.register("score")(Score())
