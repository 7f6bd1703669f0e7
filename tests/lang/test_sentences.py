"""Every code of this part has its sentence in both languages, and none stands idle."""

from __future__ import annotations

import ast
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from dougong.problems import Problem

LANG = Path(str(files("dougong").joinpath("lang")))
PAGE = yaml.safe_load(files("dougong").joinpath("sentences", "lang.yaml").read_text("utf-8"))
SOURCE = "\n".join(path.read_text("utf-8") for path in sorted(LANG.rglob("*.py")))
REPORTERS = {"Problem", "link", "check", "lint", "_Slip", "_limit", "_dispatch"}


def reported() -> set[str]:
    """The codes that calls in this part name."""
    found = set()
    for node in ast.walk(ast.parse(SOURCE.replace("from __future__ import annotations", ""))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in REPORTERS:
                found.add(node.args[0].value)
    return found


def test_every_code_that_is_reported_has_sentences() -> None:
    assert reported() <= set(PAGE)


def test_no_sentence_is_left_over() -> None:
    made = {code for code in PAGE if f'f"{code.rpartition("-")[0]}-{{' in SOURCE}  # the last word is filled in
    assert [code for code in PAGE if f'"{code}"' not in SOURCE and code not in made] == []


@pytest.mark.parametrize("code", sorted(PAGE))
def test_a_code_speaks_both_languages(code: str) -> None:
    texts = PAGE[code]
    assert {"zh", "en"} <= set(texts) <= {"zh", "en", "hint_zh", "hint_en"}
    assert ("hint_zh" in texts) == ("hint_en" in texts)
    words = dict.fromkeys(
        ("path", "limit", "why", "character", "key", "line", "word", "said", "words", "first", "known", "expected", "found"), "X"
    )
    words |= dict.fromkeys(("about", "file", "app", "form", "workflow", "field", "stage", "language"), "X")
    words |= dict.fromkeys(("of", "role", "input", "wanted", "beside"), "X")
    for language in ("zh", "en"):
        problem = Problem(code, words)
        assert "{" not in problem.sentence(language).replace("{{", "").replace('{X: ">', "").replace("{ 和 [", "").replace("{ and [", "")
        assert problem.hint(language) == "" or "hint_zh" in texts
