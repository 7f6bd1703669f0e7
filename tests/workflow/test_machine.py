"""The pure machine: facts in, decision out."""

from __future__ import annotations

import pytest

from dougong.spec.app import Guard, Stage, Workflow
from dougong.spec.label import Label
from dougong.workflow.machine import Facts, decide, following, reachable

FLOW = Workflow(
    "flow", "desk", "desk.deal", Label("流程"),
    (
        Stage("a", Label("甲")),
        Stage("b", Label("乙"), entry=Guard(fields=("proof",))),
        Stage("c", Label("丙")),
        Stage("won", Label("成"), final=True),
        Stage("aside", Label("旁"), from_=("b",)),
        Stage("lost", Label("败"), final=True, from_any=True),
    ),
)  # fmt: skip


def facts(stage: str, *, back: bool = False, comment: str = "", filled: bool = True) -> Facts:
    return Facts(stage, holds=lambda formula: True, filled=lambda name: filled, may_push_back=back, comment=comment)


CASES = [
    ("a", "b", {}, "forward", []),
    ("a", "b", {"filled": False}, "forward", [""]),
    ("a", "c", {}, "forward", ["stage-skipped"]),
    ("a", "won", {}, "forward", ["stage-skipped"]),
    ("c", "won", {}, "forward", []),
    ("a", "lost", {}, "forward", []),
    ("b", "aside", {}, "forward", []),
    ("c", "aside", {}, "forward", ["stage-skipped"]),
    ("b", "a", {}, "back", ["may-not-push-back"]),
    ("b", "a", {"back": True}, "back", ["comment-required"]),
    ("b", "a", {"back": True, "comment": "因"}, "back", []),
    ("won", "lost", {}, "back", ["may-not-push-back"]),
    ("lost", "a", {"back": True, "comment": "因"}, "back", []),
    ("a", "a", {}, "same", []),
    ("a", "none", {}, "same", ["no-such-stage"]),
    ("gone", "a", {}, "forward", []),
]


@pytest.mark.parametrize(("at", "to", "given", "direction", "missing"), CASES, ids=[f"{a}-{t}-{n}" for n, (a, t, *_) in enumerate(CASES)])
def test_a_move(at: str, to: str, given: dict[str, bool | str], direction: str, missing: list[str]) -> None:
    decision = decide(FLOW, to, facts(at, **given))  # type: ignore[arg-type]
    assert (decision.direction, [m.code for m in decision.missing], decision.allowed) == (direction, missing, not missing)


def test_what_the_stage_bar_shows() -> None:
    assert [d.to for d in reachable(FLOW, facts("b")) if d.allowed] == ["c", "aside", "lost"]
    assert [following(FLOW, at).id if following(FLOW, at) else None for at in ("a", "c", "won", "gone")] == ["b", "won", None, None]  # type: ignore[union-attr]
