"""Problems as a terminal shows them."""

from __future__ import annotations

import json

from dougong.lang.render import as_json, render, width
from dougong.problems import Problem
from tests.lang.vocabulary import BASE, compiled

VISIT = BASE["visit.yaml"].replace("{name: 备注, type: text}", "{name: 备注, type: text, required_when: \"knd == 'demo'\"}")


def test_a_mistake_looks_as_the_tour_of_the_language_shows_it() -> None:
    problems = compiled({"visit.yaml": VISIT}).problems
    shown = render(problems, {"visit.yaml": VISIT}, "en", "app_templates/shop/").split("\n")
    assert shown[0].startswith("app_templates/shop/visit.yaml:6:52: expr-unknown-field: ")
    assert shown[1] == "    6 |   note:     {name: 备注, type: text, required_when: \"knd == 'demo'\"}"
    assert shown[2].startswith("      |" + " " * 54 + "^^^ did you mean kind")


def test_the_underline_counts_chinese_characters_twice() -> None:
    assert (width("ab"), width("客户"), width("：e\u0301")) == (2, 4, 3)


def test_both_languages_tell_it() -> None:
    problems = compiled({"visit.yaml": VISIT}).problems
    assert "是不是想写" in render(problems, {"visit.yaml": VISIT}, "zh-CN")
    told = json.loads(as_json(problems, "en"))
    assert [(p["code"], p["file"], p["line"], p["column"], p["length"]) for p in told] == [("expr-unknown-field", "visit.yaml", 6, 52, 3)]


def test_a_problem_without_a_place_is_one_line() -> None:
    assert render([Problem("no-app")], {}, "en") == "no-app: the template has no app file Add app.yaml, beginning with app: and an id."


def test_a_long_line_is_cut_around_the_words() -> None:
    text = "form: a\nname: " + "长" * 300 + "\nfields: {x: {type: txt" + " " * 400 + "}}\n"
    problems = compiled({"x.yaml": text}).problems
    line, under = render(problems, {"x.yaml": text}, "en").split("\n")[1:]
    assert line[width(under[: under.index("^")]) :].startswith("txt")
    assert len(line) < 200
