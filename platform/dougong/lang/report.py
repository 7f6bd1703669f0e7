"""Collects what is wrong, phase by phase."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dougong.problems import Mark, Problem


class Report:
    """`linking` are references that lead nowhere, `checking` formulas that mean nothing, `linting` what is doubtful or harmful."""

    def __init__(self) -> None:
        self.linking: list[Problem] = []
        self.checking: list[Problem] = []
        self.linting: list[Problem] = []

    def link(self, code: str, mark: Mark, suggestion: str = "", **args: Any) -> None:
        self.linking.append(Problem(code, args, mark, suggestion=suggestion))

    def check(self, code: str, mark: Mark, suggestion: str = "", **args: Any) -> None:
        self.checking.append(Problem(code, args, mark, suggestion=suggestion))

    def lint(self, code: str, mark: Mark, *, warning: bool = True, **args: Any) -> None:
        self.linting.append(Problem(code, args, mark, warning=warning))

    def take(self, problems: Iterable[Problem]) -> None:
        """What the expression compiler found."""
        self.checking += problems

    def add(self, other: Report) -> None:
        self.linking += other.linking
        self.checking += other.checking
        self.linting += other.linting
