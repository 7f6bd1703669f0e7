"""The case table is worth something: ten faults, planted one at a time, are each caught by it."""

from __future__ import annotations

import operator
import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context
from pathlib import Path
from typing import Any

import pytest

from dougong.expr import numbers, python_values, sql_conditions, sql_writer
from dougong.expr.functions import dates, functions
from dougong.expr.functions import text as texts
from dougong.expr.python_ground import BUILDERS, build
from dougong.expr.to_json import in_browser
from dougong.expr.tree import Node
from dougong.expr.types import Calendar
from tests.expr.test_cases import CASES, WORLD
from tests.expr.world import HERE, filterable, node_job, node_values, open_database, sql_values, store

Patch = pytest.MonkeyPatch


def _function(patch: Patch, name: str, python: Callable[..., Any]) -> None:
    patch.setitem(functions._items, name, replace(functions[name], python=python))


def _utf16(text: str, start: int, end: int) -> str:
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le", "replace")


def _three_valued_not(node: Node) -> Any:
    """`not` as SQL has it: what compares with empty stays false."""
    inner = build(node.args[0])
    below = [build(a) for a in node.args[0].args]
    return lambda env, rows: not inner(env, rows) and all(b(env, rows) is not None for b in below)


PYTHON_FAULTS: dict[str, Callable[[Patch], None]] = {
    "< is <=": lambda p: p.setitem(python_values.COMPARE, "lt", operator.le),
    ">= is >": lambda p: p.setitem(python_values.COMPARE, "ge", operator.gt),
    "half-even rounding": lambda p: p.setattr(numbers, "EXACT", Context(prec=80, rounding=ROUND_HALF_EVEN)),
    "length in UTF-16": lambda p: _function(p, "len", lambda t: len(t.encode("utf-16-le")) // 2),
    "left in UTF-16": lambda p: _function(p, "left", lambda t, n: _utf16(t, 0, max(n, 0))),
    "not over empty is empty": lambda p: p.setitem(BUILDERS, "not", _three_valued_not),
    "days cut in UTC": lambda p: p.setattr(Calendar, "day_of", lambda self, at: at.date()),
    "no limit on numbers": lambda p: p.setattr(numbers, "LIMIT", 10**40),
    "months overflow": lambda p: _function(p, "add_months", lambda d, n: dates.add_months(d.replace(day=28), n)),
    "find counts from 0": lambda p: _function(p, "find", lambda t, part: t.find(part)),
    "weekday from Sunday": lambda p: _function(p, "weekday", lambda d: d.isoweekday() % 7 + 1),
    "concat needs all": lambda p: _function(p, "concat", lambda *parts: None if None in parts else "".join(parts)),
    "trim knows ASCII only": lambda p: p.setattr(texts, "SPACES", " \t\n\r"),
}


def caught_by_python() -> list[str]:
    out = []
    for case in CASES:
        fresh = replace(case.expr)  # without what was built before the fault
        if WORLD.python(fresh, case.record, **case.around) != case.expected:
            out.append(case.source)
    return out


@pytest.mark.parametrize("fault", PYTHON_FAULTS)
def test_a_fault_in_python_is_caught(fault: str, monkeypatch: Patch) -> None:
    assert caught_by_python() == []
    PYTHON_FAULTS[fault](monkeypatch)
    assert caught_by_python()


SQL_FAULTS: dict[str, Callable[[Patch], None]] = {
    "< is <=": lambda p: p.setitem(sql_conditions.COMPARE, "lt", operator.le),
    "not over empty is empty": lambda p: p.setattr(sql_conditions, "two_valued", lambda sql, bare: sql),
    "deleted ones count": lambda p: p.setattr("dougong.expr.sql_many.alive", lambda row: ()),
    "deleted ones are read": lambda p: p.setattr("dougong.expr.sql_values.alive", lambda row: ()),
    "no limit on numbers": lambda p: p.setattr(sql_writer.Writer, "fit", lambda self, value, scale: value),
}


@pytest.mark.parametrize("fault", SQL_FAULTS)
def test_a_fault_in_sql_is_caught(fault: str, monkeypatch: Patch, database_url: str) -> None:
    SQL_FAULTS[fault](monkeypatch)
    with open_database(database_url) as connection:
        store(WORLD, connection)
        assert any(_differs(case, connection) for case in CASES if filterable(case.expr))


def _differs(case: Any, connection: Any) -> bool:
    try:
        return sql_values(case.expr, WORLD, connection, [case.record], **case.around) != [case.expected]
    except AssertionError:
        return True


JS_FAULTS = {
    "< is <=": ("expr.js", "lt: comparison((step) => step < 0)", "lt: comparison((step) => step <= 0)"),
    "half down": ("expr.js", "(2n * abs(numerator) + abs(denominator)) /", "(2n * abs(numerator) + abs(denominator) - 1n) /"),
    "length in UTF-16": ("expr.js", "len: (c, text) => count(points(text).length)", "len: (c, text) => count(text.length)"),
    "order in UTF-16": ("expr.js", "return compareText(a, b);", "return a < b ? -1 : a > b ? 1 : 0;"),
    "find in UTF-16": ("expr.js", "count(points(text.slice(0, text.indexOf(part))).length + 1)", "count(text.indexOf(part) + 1)"),
    "not over empty": ("expr.js", "if (a === null || b === null) return false;", "if (a === null || b === null) return true;"),
    "days cut in UTC": ("calendar.js", "return dayText(wallOf(at, calendar));", "return dayText(at);"),
    "no limit on numbers": ("expr.js", "const LIMIT = 10n ** 12n;", "const LIMIT = 10n ** 40n;"),
    "second hour of a fold": ("calendar.js", "for (const known of [early, late])", "for (const known of [late, early])"),
    "month end forgotten": ("expr.js", "Math.min(date, lastOfMonth(to, at))", "date"),
}


@pytest.mark.parametrize("fault", JS_FAULTS)
def test_a_fault_in_the_browser_is_caught(fault: str, tmp_path: Path) -> None:
    name, right, wrong = JS_FAULTS[fault]
    for module in ("expr.js", "calendar.js"):
        shutil.copy(HERE.parents[1] / "platform/dougong/web/assets" / module, tmp_path / module)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    source = (tmp_path / name).read_text("utf-8")
    assert source.count(right) == 1
    (tmp_path / name).write_text(source.replace(right, wrong), "utf-8")
    cases = [c for c in CASES if in_browser(c.expr)]
    jobs = [node_job(c.expr, WORLD, c.record, **c.around) for c in cases]
    values = node_values(jobs, [c.expr.type for c in cases], tmp_path / "expr.js")
    assert any(value != c.expected for c, value in zip(cases, values, strict=True))
