"""Runs finish on the definition they began with (SEMANTICS 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.automation.decide import plan
from dougong.automation.platform import Platform
from dougong.automation.runs import Run
from dougong.expr.tree import Expr, Template
from dougong.problems import Problem
from dougong.spec.app import Automation, Level, Step, Workspace

NAMES = frozenset({"id", "uid", "old", "received", "response", "this", "me"})
"""What formulas may read besides fields."""


def find(platform: Platform, workspace: Workspace, run: Run) -> Automation | None:
    """The workspace's own where it is still that one, else the kept version."""
    current = plan(workspace).all.get(run.automation)
    if current is not None and current.digest == run.digest:
        return current
    return platform.definition(run.automation, run.digest)


def level_of(automation: Automation, id: str) -> Level | None:
    return next((level for level in automation.levels if level.id == id), None)


def missing(automation: Automation, workspace: Workspace) -> Problem | None:
    """A form or field that an older definition reads and that is no more; None where all is there."""
    if plan(workspace).all.get(automation.key) is automation or not automation.on.form:
        return None
    form = workspace.forms.get(automation.on.form)
    if form is None:
        return Problem("run-form-gone", {"form": automation.on.form})
    steps = [step for level in automation.levels for step in level.do]
    read = {path[0] for formula in _formulas([automation.if_, steps]) for path in formula.reads}
    written = {name for step in steps if step.action == "set" and "on" not in step.options for name in step.options["set"]}
    gone = sorted((read | written) - set(form.fields) - NAMES)
    return Problem("run-field-gone", {"field": ", ".join(gone)}) if gone else None


def _formulas(value: Any) -> Iterator[Expr]:
    """Every formula inside, steps of branches included; those of a for_each stand on other records and are left out."""
    match value:
        case Expr():
            yield value
        case Template():
            yield from _formulas(list(value.parts))
        case Step():
            if value.action != "for_each":
                yield from _formulas(value.options)
        case Mapping():
            for item in value.values():
                yield from _formulas(item)
        case list() | tuple():
            for item in value:
                yield from _formulas(item)
