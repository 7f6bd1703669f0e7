"""Typed tree → Python closures: the reference of what a formula means. Total: bad input gives empty, never an exception."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from dougong.expr import python_records, python_values  # noqa: F401  # they enter themselves into BUILDERS
from dougong.expr.python_ground import Env, Row, Source, build
from dougong.expr.tree import Expr, Template
from dougong.expr.types import Type

__all__ = ["Env", "Row", "Show", "Source", "evaluate", "render"]

Show = Callable[[Any, Type], str]
"""How a value is written for a reader; never called with an empty one."""


def evaluate(expr: Expr, env: Env) -> Any:
    """The value, as expr/types.py has it."""
    run = expr.cache.get("python")
    if run is None:
        run = expr.cache["python"] = build(expr.root)
    return run(env, (env.row,))


def render(template: Template, env: Env, show: Show) -> Any:
    """The text, or the value of a single formula with its type kept. Empty values show as nothing."""
    if template.single is not None:
        return evaluate(template.single, env)
    parts = (p if isinstance(p, str) else _shown(evaluate(p, env), p.type, show) for p in template.parts)
    return unicodedata.normalize("NFC", "".join(parts))


def _shown(value: Any, type_: Type, show: Show) -> str:
    return "" if value is None else show(value, type_)
