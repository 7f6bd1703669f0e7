"""Whether a record may move to a stage, and what is missing if not. Pure: facts in, decision out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dougong.expr.tree import Expr
from dougong.spec.app import Guard, Stage, Workflow
from dougong.spec.label import Label

Direction = Literal["forward", "back", "same"]


@dataclass(frozen=True)
class Facts:
    """What the machine must know. `holds` answers a guard's formula, `filled` whether a field has a value."""

    stage: str
    holds: Callable[[Expr], bool]
    filled: Callable[[str], bool]
    may_push_back: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Missing:
    """One thing in the way: a field to fill, or a reason in words (a problem code, or the guard's own message)."""

    code: str = ""
    field: str = ""
    message: Label = Label()
    stage: str = ""


@dataclass(frozen=True)
class Decision:
    to: str
    direction: Direction
    missing: tuple[Missing, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.missing


def decide(workflow: Workflow, to: str, facts: Facts) -> Decision:
    """Forward one stage at a time through both guards; back only for those who may, with a word why."""
    order = [s.id for s in workflow.stages]
    if to not in order:
        return Decision(to, "same", (Missing("no-such-stage"),))
    if to == facts.stage:
        return Decision(to, "same")
    here, there = _stage(workflow, facts.stage), _stage(workflow, to)
    if here is not None and here.final:
        return _back(workflow, to, facts)
    assert there is not None
    if there.from_any or facts.stage in there.from_:
        return Decision(to, "forward", _guard(there.entry, facts))
    at = order.index(facts.stage) if facts.stage in order else -1
    if order.index(to) < at:
        return _back(workflow, to, facts)
    if order.index(to) > at + 1 or there.from_:
        return Decision(to, "forward", (Missing("stage-skipped", stage=order[at + 1]),))
    leaving = _guard(here.exit, facts) if here is not None else ()
    return Decision(to, "forward", (*leaving, *_guard(there.entry, facts)))


def reachable(workflow: Workflow, facts: Facts) -> tuple[Decision, ...]:
    """A decision for every other stage: what the stage bar and the board show before anything is dropped."""
    return tuple(decide(workflow, s.id, facts) for s in workflow.stages if s.id != facts.stage)


def following(workflow: Workflow, stage: str) -> Stage | None:
    """The next stage in order, None at the end."""
    order = [s.id for s in workflow.stages]
    here = _stage(workflow, stage)
    if here is None or here.final or order.index(stage) + 1 >= len(order):
        return None
    return workflow.stages[order.index(stage) + 1]


def _back(workflow: Workflow, to: str, facts: Facts) -> Decision:
    missing = []
    if not facts.may_push_back:
        missing.append(Missing("may-not-push-back"))
    elif workflow.back_comment and not facts.comment.strip():
        missing.append(Missing("comment-required"))
    return Decision(to, "back", tuple(missing))


def _guard(guard: Guard | None, facts: Facts) -> tuple[Missing, ...]:
    if guard is None:
        return ()
    fields = tuple(Missing(field=f, message=guard.message) for f in guard.fields if not facts.filled(f))
    if guard.if_ is not None and not facts.holds(guard.if_):
        return (*fields, Missing("stage-condition", message=guard.message))
    return fields


def _stage(workflow: Workflow, id: str) -> Stage | None:
    return next((s for s in workflow.stages if s.id == id), None)
