"""The contract of an action: one file per word of YAML, plugged into `actions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong.automation.scene import Scene
from dougong.problems import Problem, Problems
from dougong.registry import Registry

TOUCH: Mapping[str, Any] = {
    "type": "boolean", "title": "算作跟进：无进展的计时重新开始 | Counts as attention: the time without progress begins anew",
}
"""An automation's writes don't move `touched_at` (SEMANTICS 3); this lets one do so."""


class Action:
    """Schemas are those of triggers/base.py; besides, `target` names the option whose form the keys of `values` belong to.

    `run` writes through `scene.ctx` only: its effect and the step's completion are one transaction, so it is exactly once.
    It returns what the trace keeps (JSON). Raises Problems.
    """

    schema: Mapping[str, Any] = {}
    required: tuple[str, ...] = ()

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Call:
    """One call to the outside, fixed before it is made. `uid` stays the same when it is repeated; the receiver may know it by that.

    `repeat`: what to do when a crash leaves open whether it arrived: send it again, or ask a person. `body` is JSON.
    What `hidden` holds is taken out of the answer: the other side may repeat what it was sent.
    """

    uid: str
    url: str
    method: str
    body: Any
    headers: Mapping[str, str]
    repeat: Literal["safe", "ask"]
    secret: str = ""
    hidden: tuple[str, ...] = ()


class OutsideAction(Action):
    """Made with no transaction open: `sending` is committed first, the result after (SEMANTICS 9)."""

    def prepare(self, scene: Scene, options: Mapping[str, Any], uid: str) -> Call:
        raise NotImplementedError


actions: Registry[Action] = Registry("action")


def refuse(code: str, **args: Any) -> Problems:
    return Problems([Problem(code, args)])
