"""From what a template's author wrote to checked formulas and texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from dougong.expr.check import is_live, reads, typed, wanted
from dougong.expr.checking import Checking, Cost, Frame, failed
from dougong.expr.functions import functions
from dougong.expr.parse import parse
from dougong.expr.scope import Scope
from dougong.expr.tree import Expr, Template
from dougong.expr.types import Type
from dougong.problems import Mark, Problem

MAX_TEMPLATE = 20_000
MAX_FORMULAS = 100


def compile_expr(source: str, mark: Mark, scope: Scope, want: Type | None = None) -> tuple[Expr | None, tuple[Problem, ...]]:
    """A formula whose text begins at `mark`. All problems together; the expression is None where there are any.

    With `want` the value is made to fit (a number is rounded to its scale); what can't fit is a problem.
    """
    problems: list[Problem] = []

    def mark_of(start: int, end: int) -> Mark:
        line = source.count("\n", 0, start)
        column = start - source.rfind("\n", 0, start) if line else mark.column + start
        return Mark(mark.file, mark.line + line, column, max(end - start, 1))

    def report(code: str, start: int, end: int, suggestion: str = "", **args: Any) -> None:
        problems.append(Problem(code, args, mark_of(start, end), suggestion))

    raw = parse(source, report)
    if raw is None:
        return None, _in_order(problems)
    checking = Checking(scope, report, mark_of, typed, (Frame(scope.form, 0),))
    root = wanted(checking, raw, typed(checking, raw), want)
    if problems or failed(root):
        return None, _in_order(problems)
    cost = Cost()
    if cost.of(root, lambda name: functions[name].cost) > cost.limit:
        report("expr-too-costly", raw.start, raw.end)
        return None, _in_order(problems)
    return Expr(source, root, reads(root), is_live(root), mark), ()


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """By place, each once: a bare name read twice (`0 < x < 5`) has one fault, and so has a word that is more than misspelt."""
    said = {p.mark for p in problems if p.code != "expr-spelling"}
    seen = {(p.mark, p.code): p for p in reversed(problems) if p.code != "expr-spelling" or p.mark not in said}
    return tuple(sorted(seen.values(), key=lambda p: p.mark))


def compile_template(source: str, mark: Mark, scope: Scope) -> tuple[Template | None, tuple[Problem, ...]]:
    """Text with `{{ formulas }}`. A value that is one formula keeps its type."""
    problems: list[Problem] = []
    parts: list[str | Expr] = []

    def report(code: str, at: int, length: int = 2) -> None:
        line = source.count("\n", 0, at)
        column = at - source.rfind("\n", 0, at) if line else mark.column + at
        problems.append(Problem(code, {}, Mark(mark.file, mark.line + line, column, length)))

    if len(source) > MAX_TEMPLATE or source.count("{{") > MAX_FORMULAS:
        report("expr-text-too-long", 0)
        return None, tuple(problems)
    for text, start in _pieces(source, report):
        if start is None:
            parts.append(unicodedata.normalize("NFC", text))
            continue
        line = source.count("\n", 0, start)
        place = Mark(mark.file, mark.line + line, start - source.rfind("\n", 0, start) if line else mark.column + start)
        expr, found = compile_expr(text, place, scope)
        problems.extend(found)
        if expr is not None:
            parts.append(expr)
    if problems:
        return None, tuple(problems)
    formulas = [p for p in parts if isinstance(p, Expr)]
    if len(formulas) == 1 and all(isinstance(p, Expr) or not p.strip() for p in parts):
        parts = [formulas[0]]
    return Template(source, tuple(parts), mark), ()


def _pieces(source: str, report: Callable[[str, int], None]) -> list[tuple[str, int | None]]:
    """(literal text, None) and (formula, its offset) in turn."""
    out: list[tuple[str, int | None]] = []
    at = 0
    while (start := source.find("{{", at)) >= 0:
        _check_literal(source, at, start, report)
        end = _end(source, start + 2)
        if end < 0:
            report("expr-open-braces", start)
            return out
        if start > at:
            out.append((source[at:start], None))
        begin = start + 2 + len(source[start + 2 : end]) - len(source[start + 2 : end].lstrip())
        out.append((source[begin:end].rstrip() or source[start + 2 : end], begin if source[begin:end].strip() else start + 2))
        at = end + 2
    _check_literal(source, at, len(source), report)
    if at < len(source):
        out.append((source[at:], None))
    return out


def _check_literal(source: str, start: int, end: int, report: Callable[[str, int], None]) -> None:
    for sign, code in (("{%", "expr-statement"), ("{#", "expr-statement"), ("}}", "expr-open-braces"), ("｛｛", "expr-wide-braces")):
        if (at := source.find(sign, start, end)) >= 0:
            report(code, at)


def _end(source: str, at: int) -> int:
    """Where the formula beginning at `at` ends: the first `}}` outside quotes, or -1."""
    quote = ""
    while at < len(source):
        sign = source[at]
        if quote:
            if sign == "\\":
                at += 1
            elif sign == quote:
                quote = ""
        elif sign in "'\"":
            quote = sign
        elif source.startswith("}}", at):
            return at
        at += 1
    return -1
