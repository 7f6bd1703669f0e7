"""Words for the present reader, in views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g

from dougong.problems import Problems
from dougong.web.language import say


def _(key: str, /, **values: Any) -> str:
    return say(g.locale, key, **values)


def by_field(problems: Problems) -> Mapping[str, str]:
    """Problems of an entry as a form shows them: sentence and hint below the field; what belongs to no field stands under ''."""
    out: dict[str, str] = {}
    for problem in problems:
        words = " ".join(filter(None, (problem.sentence(g.locale), problem.hint(g.locale))))
        out[problem.field] = f"{out[problem.field]} {words}" if problem.field in out else words
    return out
