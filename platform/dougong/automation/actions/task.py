from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dougong.automation.actions.base import Action, actions
from dougong.automation.scene import Scene
from dougong.records import save
from dougong.spec.form import Field, Form


class Task(Action):
    """A record of the app's form for things to do, one for each person. What `set` leaves open goes by the form's own shape:
    the words into its first text field, the due time into its first date or time, the record into its first link to this form."""

    schema: Mapping[str, Any] = {
        "task": {"type": "string", "format": "template", "title": "要做什么 | What is to be done"},
        "form": {"type": "string", "format": "form", "title": "任务表单 | The form for tasks"},
        "owner": {"format": "people", "title": "谁来做 | Who does it"},
        "due": {"type": "string", "format": "duration", "title": "多久内完成 | Within what time"},
        "set": {"type": "object", "format": "values", "target": "form", "title": "字段: 值 | field: value"},
    }
    required = ("task", "form")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form = scene.ctx.workspace.forms[options["form"]]
        values = {**_by_shape(scene, form, options), **scene.values(options.get("set", {}))}
        people = scene.people(options["owner"]) if "owner" in options else ()
        owners: tuple[Mapping[str, Any], ...] = tuple({"owner": p} for p in people) or ({},)
        return {"form": form.key, "records": [save.create(scene.ctx, form.key, {**values, **owner}).id for owner in owners]}


def _by_shape(scene: Scene, form: Form, options: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if text := _first(form, lambda f: f.value.kind == "text"):
        values[text] = scene.text(options["task"])
    if "due" in options and (due := _first(form, lambda f: f.value.kind in ("date", "datetime"))):
        calendar = scene.ctx.workspace.calendar
        at = calendar.plus(scene.ctx.now, options["due"])
        values[due] = at if form.fields[due].value.kind == "datetime" else calendar.day_of(at)
    if scene.form and scene.row and (link := _first(form, lambda f: f.target == scene.form.key and not f.via)):  # type: ignore[union-attr]
        values[link] = scene.row["id"]
    return values


def _first(form: Form, fits: Callable[[Field], bool]) -> str:
    return next((f.id for f in form.fields.values() if not f.system and not f.computed and fits(f)), "")


actions.register("task")(Task())
