"""The values a condition saw, for the trace."""

from __future__ import annotations

from typing import Any

from dougong.automation.scene import Row, Scene
from dougong.expr.tree import Expr
from dougong.expr.values import encode
from dougong.spec.form import Form

MOST = 20


def condition_values(scene: Scene, condition: Expr | None) -> dict[str, Any]:
    """Path → value, JSON-ready; of many records their number."""
    if condition is None or scene.form is None or scene.row is None:
        return {}
    out: dict[str, Any] = {}
    for path in sorted(condition.reads)[:MOST]:
        form, row = scene.form, scene.row
        if path[0] == "old":
            out[".".join(path)] = _along(scene, form, scene.old, path[1:])
        elif path[0] in form.fields or path[0] == "id":
            out[".".join(path)] = _along(scene, form, row, path)
    return out


def _along(scene: Scene, form: Form, row: Row | None, path: tuple[str, ...]) -> Any:
    here: Form | None = form
    value: Any = None
    for index, name in enumerate(path):
        if here is None or row is None:
            return None
        field = here.fields.get(name)
        if field is None:
            return row.get(name)
        if field.via:
            return len(scene.source.children(field.target, field.via, row["id"]))
        value = encode(row.get(name), field.value)
        if index + 1 < len(path):
            here = scene.ctx.workspace.forms.get(field.value.form)
            link = row.get(name)
            row = scene.source.record(here.key, link) if here is not None and isinstance(link, int) else None
    return value
