"""Rules that rows already there don't meet. Nothing is refused or changed: they are told of when somebody next edits them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dougong.problems import Problem
from dougong.store.changes.base import Change, Work, counted, listed, words


@dataclass(frozen=True)
class NewRule(Change):
    """`code` says which rule: plan-required, plan-limits, plan-reject, plan-reject-uncounted (`rows` is None then).

    `about` is the field or rule in words, `rule` its id.
    """

    kind = "new-rule"
    code: str
    rule: str
    about: Mapping[str, str]
    rows: int | None
    samples: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind} {self.form.key}.{self.rule}"

    @property
    def facts(self) -> tuple[Problem, ...]:
        form, count = words(self.form.name, self.form.id), counted(self.rows or 0, "record")
        return (Problem(self.code, {"form": form, "rule": self.about, "count": count, "samples": listed(self.samples)}),)

    def apply(self, work: Work) -> None:
        """The definition itself is the rule."""
