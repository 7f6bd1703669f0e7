"""What a person who knows Excel writes wrong, and what she is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dougong.expr.compile import compile_expr
from dougong.expr.functions import functions
from dougong.expr.types import DATE, INTEGER, TEXT, YES_NO, Type, number, records
from dougong.problems import Mark, codes
from tests.expr.world import KIND, MARK, SCOPE, compile_, problems_of

SPELLINGS = [
    ("n = 3", "=", "=="), ("n <> 3", "<>", "!="), ("n =< 3", "=<", "<="), ("n => 3", "=>", ">="), ("n ≥ 3", "≥", ">="),
    ("n ≤ 3", "≤", "<="), ("n ≠ 3", "≠", "!="), ("ok 且 sure", "且", "and"), ("ok并且sure", "并且", "and"), ("ok 或 sure", "或", "or"),
    ("ok或者sure", "或者", "or"), ("非 ok", "非", "not"), ("ok && sure", "&&", "and"), ("ok || sure", "||", "or"), ("!ok", "!", "not"),
    ("ok AND sure", "AND", "and"), ("ok OR sure", "OR", "or"), ("NOT ok", "NOT", "not"), ("n > 10%", "10%", "0.1"),
    ("n > 2.5 %", "2.5 %", "0.025"), ("n > 1,000", "1,000", "1000"), ("n > 1,234,567.5", "1,234,567.5", "1234567.5"),
    ("max(n, 1,000)", "1,000", "1000"), ("name == “a”", "“a”", "'a'"), ("name == ‘a’", "‘a’", "'a'"), ("name == 「a」", "「a」", "'a'"),
    ("（n > 3)", "（", "("), ("left(name，2) == 'a'", "，", ","), ("n ＞ 3", "＞", ">"), ("n ＝ 3", "＝", "=="), ("n > ３", "３", "3"),
    ("n > １２．５", "１２．５", "12.5"), ("n × 2 > 3", "×", "*"), ("n ÷ 2 > 3", "÷", "/"), ("ok == TRUE", "TRUE", "true"),
    ("at < now - 48h", "48h", "hours(48)"), ("at < now - 3d", "3d", "days(3)"), ("n in 【1】", "【", "["),
    ("name 包含 'a'", "包含", "contains"),
    ("IF(ok, true, false)", "IF", "if"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "found", "right"), SPELLINGS)
def test_a_slip_is_named_with_its_right_spelling_and_place(source: str, found: str, right: str) -> None:
    problem = next(p for p in problems_of(source) if p.suggestion == right)
    assert problem.code == "expr-spelling"
    assert source[problem.mark.column - 1 :][: problem.mark.length] == found


@pytest.mark.parametrize(("source", "found", "right"), [s for s in SPELLINGS if "【" not in s[0] and "（" not in s[0]])
def test_the_right_spelling_is_right(source: str, found: str, right: str) -> None:
    padded = f" {right} " if right.isalpha() else right
    compile_(source.replace(found, padded))


@pytest.mark.parametrize(
    ("source", "code", "suggestion"),
    [
        ("naem == 'a'", "expr-unknown-field", "name"),
        ("名称 == 'a'", "expr-unknown-field", "name"),
        ("预算已确认", "expr-unknown-field", "ok"),
        ("owner.nmae == 'a'", "expr-unknown-field", "name"),
        ("owner.manager.姓名 == 'a'", "expr-unknown-field", "name"),
        ("kind == '方案演示'", "expr-unknown-option", "'demo'"),
        ("kind in ['demo', '谈判']", "expr-unknown-option", "'talk'"),
        ("kind == 'dmeo'", "expr-unknown-option", "'demo'"),
        ("'谈判' in kinds", "expr-unknown-option", "'talk'"),
        ("has_any(kinds, ['谈判'])", "expr-unknown-option", "'talk'"),
        ("count(lines, kind == '谈判') > 1", "expr-unknown-option", "'talk'"),
        ("count(lines, name == 'a') > 1", "expr-needs-this", "this.name"),
        ("lenght(name) > 1", "expr-unknown-function", "len"),
        ("AVERAGE(lines.qty) > 1", "expr-unknown-function", "avg"),
        ("day > today + 30", "expr-date-plus-number", "days(30)"),
        ("n > today", "expr-compares", ""),
        ("name > 3", "expr-compares", ""),
        ("ok > 3", "expr-compares", ""),
        ("owner == up", "expr-compares", ""),
        ("kind < was_kind", "expr-no-order", ""),
        ("name == none", "expr-compare-nothing", ""),
        ("name == null", "expr-nothing", ""),
        ("name == ''", "expr-compare-nothing", ""),
        ("name in [none]", "expr-list-item", ""),
        ("ok is empty", "expr-never-empty", ""),
        ("name and ok", "expr-no-condition", ""),
        ("if(n, 1, 2) > 1", "expr-no-condition", ""),
        ("name + other == 'a'", "expr-text-plus", ""),
        ("price * cost > 1", "expr-money-times-money", ""),
        ("'a' in name", "expr-text-in-text", ""),
        ("tags == 'a'", "expr-compare-many", ""),
        ("lines > 3", "expr-compare-many", ""),
        ("left(name) == 'a'", "expr-arguments", ""),
        ("left(n, 2) == 'a'", "expr-argument", ""),
        ("left(name, 1.5) == 'a'", "expr-argument", ""),
        ("settings.cpa > 1", "expr-unknown-setting", "cap"),
        ("count(all.nte) > 1", "expr-unknown-form", "note"),
        ("count(lines, count(all.note) > 1) > 1", "expr-all-inside", ""),
        ("old.n > 1", "expr-no-old", ""),
        ("changed(n)", "expr-no-old", ""),
        ("today.year > 1", "expr-no-parts", ""),
        ("sum(lines) > 1", "expr-arguments", ""),
        ("sum(lines.label) > 1", "expr-aggregate-kind", ""),
        ("sum(n) > 1", "expr-no-records", ""),
        ("n in [1, 'a']", "expr-mixed-list", ""),
        ("today", "expr-no-condition", ""),
        ("name == 'a' 'b'", "expr-two-texts", ""),
        ("name == 'a", "expr-open-quote", ""),
        ("n > ", "expr-unfinished", ""),
        ("n > 3)", "expr-syntax", ""),
        ("n m", "expr-syntax", ""),
        ("", "expr-nothing-written", ""),
        ("n > 0.1234567", "expr-too-fine", ""),
        ("n > 1000000000000", "expr-too-large-number", ""),
        ("today in [day, 3]", "expr-mixed-list", ""),
        ("name is none", "expr-test", ""),
        ("name is defined", "expr-test", ""),
        ("len == 3", "expr-function-without-call", "len()"),
    ],
)
def test_a_mistake_has_its_own_code_and_hint(source: str, code: str, suggestion: str) -> None:
    found = [(p.code, p.suggestion) for p in problems_of(source, want=YES_NO)]
    assert (code, suggestion) in found


def test_all_mistakes_are_shown_together_at_their_places() -> None:
    problems = problems_of("knd == 'demo' and owner.nmae == 'a' 且 pric > 1,000")
    assert [(p.code, p.mark.column, p.mark.length) for p in problems] == [
        ("expr-unknown-field", 1, 3), ("expr-unknown-field", 25, 4), ("expr-spelling", 37, 1),
        ("expr-unknown-field", 39, 4), ("expr-spelling", 46, 5),
    ]  # fmt: skip


def test_places_count_from_where_the_text_stands_in_its_file() -> None:
    _, (problem,) = compile_expr("knd == 'demo'", Mark("forms/visit.yaml", 9, 52), SCOPE)
    assert str(problem.mark) == "forms/visit.yaml:9:52"


def test_every_problem_has_its_sentence_in_both_languages() -> None:
    sources = [s for s, _, _ in SPELLINGS] + ["knd", "left(n)", "left(n, 2)", "kind == 'x'", "n > 'a'", "'{{' == name.x"]
    for problem in (p for s in sources for p in problems_of(s)):
        assert problem.code in codes()
        for locale in ("zh-CN", "en"):
            assert "{" not in problem.sentence(locale).replace("{{", "")


@pytest.mark.parametrize(
    ("source", "want", "code"),
    [
        ("name", INTEGER, "expr-wants"), ("n", TEXT, "expr-wants"), ("n", DATE, "expr-wants"), ("'x'", KIND, "expr-unknown-option"),
        ("if(ok, 'demo', 'rot')", KIND, "expr-unknown-option"), ("lines", None, "expr-many-left"), ("n", YES_NO, "expr-no-condition"),
        ("n > 1", TEXT, "expr-wants"), ("owner", Type("record", form="s.thing"), "expr-wants"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused(source: str, want: Type | None, code: str) -> None:
    assert [p.code for p in problems_of(source, want=want)] == [code]


def test_a_value_is_made_to_fit_what_is_wanted() -> None:
    assert compile_("price / 3", want=number(2)).type.scale == 2
    assert compile_("at", want=DATE).type == DATE
    assert compile_("if(ok, 'demo', kind)", want=KIND).type.kind == "text"
    assert compile_("lines", want=records("s.thing_lines")).type.kind == "records"


@pytest.mark.parametrize(
    ("source", "reads", "live"),
    [
        ("ok and n > 3", {("ok",), ("n",)}, False),
        ("owner.manager.name == 'a'", {("owner", "manager", "name")}, False),
        ("count(lines, qty > this.n)", {("lines",), ("lines", "qty"), ("n",)}, False),
        ("max(lines.at) < now", {("lines",), ("lines", "at")}, True),
        ("me in [owner, backup]", {("owner",), ("backup",)}, True),
        ("last(notes).writer.name", {("notes", "writer", "name")}, False),
        ("count(all.note, writer == me)", {("all", "s.note"), ("all", "s.note", "writer")}, True),
        ("changed(n) and old.kind == 'demo'", {("n",), ("old", "n"), ("old", "kind")}, False),
    ],
)
def test_a_formula_says_what_it_reads(source: str, reads: set[tuple[str, ...]], live: bool) -> None:
    expr = compile_(source, replace(SCOPE, old=True))
    assert (set(expr.reads), expr.live) == (reads, live)


def test_every_function_is_documented_with_an_example_that_calls_it() -> None:
    for found in functions.values():
        assert found.zh and found.en and f"{found.name}(" in found.example
    assert MARK.column == 1
