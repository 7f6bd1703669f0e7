"""Whatever stands in a template, the answer is an app or problems with a place and a sentence; never a crash."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from dougong.lang.load import load
from dougong.lang.render import render
from tests.lang.vocabulary import BASE, compiled

EXTRA = """\
automation: a
name: 规则
on: {changed: customer, form: customer, fields: [grade]}
if: "old.vip"
levels:
  - {id: x, after: 2h, do: [{if: "vip", do: [{set: {grade: a}}], else: [{stop: true}]}, {for_each: visits, do: [{popup: owner, text: x}]}]}
  - {id: y, repeated: 3, of: x, in_a_row_per: owner, within: 7d, do: [{notify: owner, via: [mail], text: "{{ name }}"}]}
---
view: v
name: 表
form: customer
type: board
columns: [name, grade]
filter: "vip"
sort: [-created_at]
---
data: visit
rows: [{note: x}]
---
scenario: 场景
people: {w: {role: seller}}
at: 2026-03-02T09:00+08:00
as: w
steps: [{create: {customer: {name: x}, call_it: c}}, {wait: 1h}, {expect: {popups: {w: 1}}}, {try: {edit: {c: {}}, refused: x}}]
---
texts: en
form: {customer: {name: Customer}}
"""
FILES = {**BASE, "extra.yaml": EXTRA}
JUNK: list[Any] = [
    None,
    [],
    {},
    "",
    "x",
    "客户",
    "{{",
    "a.b",
    "name",
    3,
    -1,
    True,
    [1],
    [[]],
    [{}],
    {"a": 1},
    {"name": "x"},
    "x" * 40,
    "2d",
    "owner",
    "=",
]


def contents(text: str) -> list[Any]:
    return [json.loads(json.dumps(d.content)) for d in load({"x.yaml": text})[0]]


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*path, key))


def with_junk(document: Any, path: tuple[str | int, ...], junk: Any) -> Any:
    whole = copy.deepcopy(document)
    at = whole
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = junk
    return whole


PLACES = [(file, n, path) for file, text in FILES.items() for n, document in enumerate(contents(text)) for path in paths(document)]


@pytest.mark.parametrize("turn", range(3))
def test_junk_in_any_place_is_reported_and_never_crashes(turn: int) -> None:
    assert len(PLACES) > 150
    for number, (file, n, path) in enumerate(PLACES[turn::3]):
        documents = contents(FILES[file])
        documents[n] = with_junk(documents[n], path, JUNK[(number + turn) % len(JUNK)])
        text = "\n---\n".join(json.dumps(d, ensure_ascii=False) for d in documents)  # JSON is YAML
        result = compiled({**FILES, file: text}, tolerant=bool(number % 2))
        assert result.app is not None or result.problems
        for problem in result.problems:
            assert problem.mark.file and problem.mark.line
            assert problem.sentence("zh") != problem.code != problem.sentence("en")
        render(result.problems, {file: text}, "zh")
