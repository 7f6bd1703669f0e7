"""Which step is next. Pure: a definition and the steps done so far in, one place out.

Steps in turn, `if / else`, `for_each`, `wait`, `stop`. What an `if` decided and which records a `for_each` goes through
is kept as that step's result, so a run that goes on later walks the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong.spec.app import Step

CLOSED = frozenset({"done", "skipped", "failed"})
FLOW = frozenset({"if", "for_each", "wait", "stop"})


@dataclass(frozen=True)
class Place:
    """(run, step, item) without the run: '2.else.1' and, inside for_each, the ids from the outside in."""

    step: str
    item: str = ""


@dataclass(frozen=True)
class Done:
    uid: str
    state: str
    result: Any


@dataclass(frozen=True)
class Next:
    """`on` is the (form, record) of the innermost for_each."""

    step: Step
    place: Place
    on: tuple[str, int] | None = None


def next_step(
    steps: Sequence[Step], done: Mapping[Place, Done], prefix: str = "", item: str = "", on: tuple[str, int] | None = None
) -> Next | None:
    """The first step not closed yet; None at the end."""
    for index, step in enumerate(steps):
        place = Place(f"{prefix}{index}", item)
        row = done.get(place)
        if row is None or row.state not in CLOSED:
            return Next(step, place, on)
        if row.state == "done" and (found := _inside(step, place, row.result, done, on)):
            return found
    return None


def _inside(step: Step, place: Place, result: Any, done: Mapping[Place, Done], on: tuple[str, int] | None) -> Next | None:
    if step.action == "if" and result["branch"]:
        branch = result["branch"]
        return next_step(step.options[branch], done, f"{place.step}.{branch}.", place.item, on)
    if step.action == "for_each":
        for id in result["ids"]:
            item = f"{place.item}/{id}".strip("/")
            if found := next_step(step.options["do"], done, f"{place.step}.do.", item, (result["form"], id)):
                return found
    return None
