"""A paper's HTML filled with a record's values. They are text: markup or formulas in them are shown as such (THREATS S2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import escape

from dougong.context import Ctx
from dougong.expr.to_python import evaluate
from dougong.expr.tree import Expr
from dougong.problems import Problem, Problems
from dougong.records.source import RecordSource, environment, read_in
from dougong.records.titles import display, shown
from dougong.spec.app import Paper, Part, Repeated
from dougong.spec.form import Form

Row = Mapping[str, Any]
MOST_TEXT = 1_000_000
"""Characters of HTML; beyond it the paper would keep a worker for minutes."""


def fill(ctx: Ctx, paper: Paper, form: Form, row: Row, source: RecordSource) -> str:
    """Raises Problems `document-too-large`."""
    out, length = list[str](), 0
    for piece in _filled(ctx, paper.parts, form, row, source):
        length += len(piece)
        if length > MOST_TEXT:
            raise Problems([Problem("document-too-large", {"limit": MOST_TEXT})])
        out.append(piece)
    return "".join(out)


def _filled(ctx: Ctx, parts: Sequence[Part], form: Form, row: Row, source: RecordSource) -> Iterator[str]:
    env = read_in(ctx, environment(ctx, form.key, row, source=source))
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Repeated):
            there = ctx.workspace.forms[part.many.type.form]
            for inner in sorted(evaluate(part.many, env), key=lambda r: (r.get("position") or 0, r["id"])):
                yield from _filled(ctx, part.parts, there, inner, source)
        else:
            yield str(escape(_words(ctx, part, form, evaluate(part, env)))).replace("\n", "<br>")


def _words(ctx: Ctx, formula: Expr, form: Form, value: Any) -> str:
    """A field of the record as its own type writes it, any other value by the formula's type."""
    root = formula.root
    if root.op in ("get", "live") and root.args[0].op == "row" and root.value in form.fields:
        return display(ctx, form.fields[root.value], value)
    return shown(ctx, value, formula.type)
