"""Runs finish on the definition they began with (SEMANTICS 9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dougong.automation.decide import plan
from dougong.automation.platform import Platform
from dougong.automation.runs import Run
from dougong.context import Ctx
from dougong.expr.tree import Expr, Template
from dougong.problems import Problem
from dougong.spec.app import Automation, Level, Step, Workspace
from dougong.store import physical

NAMES = frozenset({"id", "uid", "old", "received", "response", "this", "me"})
"""What formulas may read besides fields."""


def find(platform: Platform, ctx: Ctx, run: Run) -> Automation | Problem | None:
    """The workspace's own where it is still that one, else the kept version; a Problem where that can't be carried out any more."""
    current = plan(ctx.workspace).all.get(run.automation)
    if current is not None and current.digest == run.digest:
        return current
    kept = platform.definition(run.automation, run.digest)
    lacking = missing(kept, ctx.workspace) if kept else None
    if kept is None or lacking is None:
        return kept
    return under_new_names(ctx, run, kept) or lacking


def level_of(automation: Automation, id: str) -> Level | None:
    return next((level for level in automation.levels if level.id == id), None)


def missing(automation: Automation, workspace: Workspace) -> Problem | None:
    """A form or field that an older definition reads and that is no more; None where all is there."""
    if plan(workspace).all.get(automation.key) is automation or not automation.on.form:
        return None
    form = workspace.forms.get(automation.on.form)
    if form is None:
        return Problem("run-form-gone", {"form": automation.on.form})
    gone = sorted(_names(automation) - set(form.fields))
    return Problem("run-field-gone", {"field": ", ".join(gone)}) if gone else None


def under_new_names(ctx: Ctx, run: Run, old: Automation) -> Automation | None:
    """The present definition, where everything that the run's own lacks is only called differently now (`was:`).

    A run that has begun goes over to it only where both have the same steps; its steps are known by their places.
    """
    current, form = plan(ctx.workspace).all.get(run.automation), ctx.workspace.forms.get(run.form)
    if current is None or form is None:
        return None
    levels = [level_of(automation, run.level) for automation in (old, current)]
    if None in levels or (run.started_at and len({_shape(level.do) for level in levels if level}) > 1):
        return None
    keys = [k for k in physical.read_keys(ctx.connection) if k.state == "live" and (k.app, k.form) == (form.app, form.id)]
    was_form = any(old.on.form == f"{k.app}.{name}" for k in keys if not k.field for name in k.names)
    was_fields = {name for k in keys for name in k.names if k.field}
    return current if was_form and _names(old) - set(form.fields) <= was_fields else None


def _names(automation: Automation) -> set[str]:
    """Fields of its own form that it reads or sets."""
    steps = [step for level in automation.levels for step in level.do]
    read = {path[0] for formula in _formulas([automation.if_, steps]) for path in formula.reads}
    written = {name for step in steps if step.action == "set" and "on" not in step.options for name in step.options["set"]}
    return (read | written) - NAMES


def _shape(steps: Iterable[Step]) -> tuple[Any, ...]:
    inner = ((s.action, [(name, _shape(o)) for name, o in sorted(s.options.items()) if _are_steps(o)]) for s in steps)
    return tuple((action, tuple(branches)) for action, branches in inner)


def _are_steps(option: Any) -> bool:
    return isinstance(option, tuple) and bool(option) and all(isinstance(item, Step) for item in option)


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
