"""Switching one declared part of an app off, to see whether some scenario notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dougong.problems import Problem, Problems, suggest
from dougong.spec.app import App, Stage, Workflow
from dougong.spec.form import Form


def parts(app: App) -> tuple[str, ...]:
    """The ids that `without` knows: automations, their levels, rules of forms, guards, deadlines, second persons."""
    return tuple(_parts(app))


def without(app: App, ids: Iterable[str]) -> App:
    """The app with those parts off. Raises Problems `no-such-part`."""
    wanted, known = set(ids), parts(app)
    if unknown := sorted(wanted - set(known)):
        raise Problems(Problem("no-such-part", {"part": id}, suggestion=suggest(id, known)) for id in unknown)
    return replace(
        app,
        automations={
            id: replace(a, enabled=a.enabled and id not in wanted, levels=tuple(lv for lv in a.levels if f"{id}.{lv.id}" not in wanted))
            for id, a in app.automations.items()
        },
        forms={id: _form(form, wanted) for id, form in app.forms.items()},
        workflows={id: _workflow(w, wanted) for id, w in app.workflows.items()},
        edit_needs=tuple(n for n in app.edit_needs if f"edit_needs.{n.id}" not in wanted),
    )


def _parts(app: App) -> Iterator[str]:
    for id, automation in app.automations.items():
        yield id
        if len(automation.levels) > 1:
            yield from (f"{id}.{level.id}" for level in automation.levels)
    for form in app.forms.values():
        yield from (f"{form.id}.{id}" for id in [*(d.id for d in form.duplicates), *(r.id for r in form.rejects), *(a.id for a in form.ask_later)])
    for id, workflow in app.workflows.items():
        for stage in workflow.stages:
            yield from (f"{id}.{stage.id}.{side}" for side in ("entry", "exit") if getattr(stage, side))
    yield from (f"edit_needs.{n.id}" for n in app.edit_needs)


def _form(form: Form, off: set[str]) -> Form:
    return replace(
        form,
        duplicates=tuple(d for d in form.duplicates if f"{form.id}.{d.id}" not in off),
        rejects=tuple(r for r in form.rejects if f"{form.id}.{r.id}" not in off),
        ask_later=tuple(a for a in form.ask_later if f"{form.id}.{a.id}" not in off),
    )


def _workflow(workflow: Workflow, off: set[str]) -> Workflow:
    def open(stage: Stage) -> Stage:
        sides = {side: None for side in ("entry", "exit") if f"{workflow.id}.{stage.id}.{side}" in off}
        return replace(stage, **sides)  # type: ignore[arg-type]

    return replace(workflow, stages=tuple(open(s) for s in workflow.stages))
