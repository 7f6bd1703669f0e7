"""Texts with formulas in them."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.expr.compile import compile_template
from dougong.expr.to_python import render
from dougong.expr.tree import Template
from dougong.expr.types import DATE, Type
from dougong.expr.values import decode
from dougong.problems import Mark
from tests.expr.world import MARK, NOW, SCOPE, Record, World

WORLD = World([Record.read({"name": "宁波", "n": 3, "price": "12.50", "day": "2026-03-02", "owner": 1, "kind": "demo", "ok": True})])


def template(text: str) -> Template:
    found, problems = compile_template(text, MARK, SCOPE)
    assert found is not None, [p.code for p in problems]
    return found


def show(value: Any, type_: Type) -> str:
    return f"<{type_.kind}:{value}>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("没有公式", "没有公式"),
        ("", ""),
        ("{{ name }} 已 {{ n }} 天", "<text:宁波> 已 <number:3> 天"),
        ("{{ other }}!", "!"),
        ("{{ '}}' }}.", "<text:}}>."),
        ('{{ concat("{{", name) }}.', "<text:{{宁波>."),
        ("{{kind.name}}、{{owner.name}}", "<text:方案演示>、<text:王芳>"),
        ("单个 { 和 }", "单个 { 和 }"),
        ("e\u0301 {{ n }}", "é <number:3>"),
    ],
)
def test_formulas_are_shown_in_their_places(text: str, expected: str) -> None:
    assert render(template(text), WORLD.env(WORLD.things[0]), show) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ n }}", 3), ("  {{ n + 1 }} ", 4), ("{{ day }}", decode("2026-03-02", DATE)), ("{{ now }}", NOW), ("{{ ok }}", True),
        ("{{ other }}", None), ("{{ owner }}", 1),
    ],
)  # fmt: skip
def test_one_formula_alone_keeps_its_type(text: str, expected: Any) -> None:
    assert render(template(text), WORLD.env(WORLD.things[0]), show) == expected


def test_a_mistake_in_a_text_is_placed_at_its_word() -> None:
    _, problems = compile_template("客户 {{ nmae }} 与 {{ knd }}", Mark("a.yaml", 5, 10), SCOPE)
    assert [(p.code, str(p.mark), p.mark.length) for p in problems] == [
        ("expr-unknown-field", "a.yaml:5:16", 4), ("expr-unknown-field", "a.yaml:5:29", 3),
    ]  # fmt: skip
