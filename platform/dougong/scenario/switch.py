"""Switching one declared part of an app off, to see whether some scenario notices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dougong.problems import Problem, Problems, suggest
from dougong.spec.app import App, Scenario, Stage, Workflow, Workspace
from dougong.spec.form import Form

WORD = re.compile(r"[\u4e00-\u9fff]{2,}|[a-z][a-z0-9_]{3,}")
SIDES = ("entry", "exit")


def parts(app: App) -> tuple[str, ...]:
    """The ids that `without` knows: automations, their levels, rules of forms and fields, guards, deadlines, second persons."""
    return tuple(_parts(app))


def without(app: App, ids: Collection[str]) -> App:
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


def switched(workspace: Workspace, app: str, ids: Collection[str]) -> Workspace:
    """The installed app with those parts off: its tables stay as they are. Raises Problems `no-such-part`."""
    changed = without(workspace.apps[app], ids)
    forms = {form.key: form for form in changed.forms.values()}
    return replace(workspace, apps={**workspace.apps, app: changed}, forms={**workspace.forms, **forms})


def likely(app: App, part: str, scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Those that share the rarest words with the part first: they will notice it soonest."""
    words = {scenario.name: set(WORD.findall(f"{scenario.name} {scenario.steps}")) for scenario in scenarios}
    common = Counter(word for of_one in words.values() for word in of_one)
    about = set(WORD.findall(f"{part} {_parts(app)[part]}"))
    return sorted(scenarios, key=lambda s: -sum(1 / common[word] for word in words[s.name] & about))


def _parts(app: App) -> Mapping[str, Any]:
    return dict(_each(app))


def _each(app: App) -> Iterator[tuple[str, Any]]:
    for id, automation in app.automations.items():
        yield id, automation
        if len(automation.levels) > 1:
            yield from ((f"{id}.{level.id}", level) for level in automation.levels)
    for form in app.forms.values():
        rules: tuple[Any, ...] = (*form.duplicates, *form.rejects, *form.ask_later)
        yield from ((f"{form.id}.{rule.id}", (form.id, rule)) for rule in rules)
        for field in form.fields.values():
            if field.required_when:
                yield f"{form.id}.{field.id}.required_when", (form.id, field.name, field.required_when)
    for id, workflow in app.workflows.items():
        for stage in workflow.stages:
            yield from ((f"{id}.{stage.id}.{side}", (id, stage.id, getattr(stage, side))) for side in SIDES if getattr(stage, side))
            yield from ((f"{id}.{stage.id}.{deadline.id}", (stage.id, deadline)) for deadline in stage.deadlines)
    yield from ((f"edit_needs.{n.id}", (n, "needs-second-person")) for n in app.edit_needs)


def _form(form: Form, off: set[str]) -> Form:
    return replace(
        form,
        duplicates=tuple(d for d in form.duplicates if f"{form.id}.{d.id}" not in off),
        rejects=tuple(r for r in form.rejects if f"{form.id}.{r.id}" not in off),
        ask_later=tuple(a for a in form.ask_later if f"{form.id}.{a.id}" not in off),
        fields={id: replace(f, required_when=None) if f"{form.id}.{id}.required_when" in off else f for id, f in form.fields.items()},
    )


def _workflow(workflow: Workflow, off: set[str]) -> Workflow:
    def open(stage: Stage) -> Stage:
        sides: dict[str, Any] = {side: None for side in SIDES if f"{workflow.id}.{stage.id}.{side}" in off}
        left = tuple(d for d in stage.deadlines if f"{workflow.id}.{stage.id}.{d.id}" not in off)
        return replace(stage, deadlines=left, **sides)

    return replace(workflow, stages=tuple(open(s) for s in workflow.stages))
