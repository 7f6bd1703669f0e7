"""What a scenario says when it fails, and what can be switched off."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dougong.cli.test import Sources
from dougong.installed import compile_sources
from dougong.problems import Problems
from dougong.scenario.run import Outcome, play, unnoticed
from dougong.scenario.switch import parts, without
from dougong.spec.app import App

APP = """\
app: desk
name: 台账
version: '1'
"""
CASE = """\
form: case
name: 案件
title: "{{ name }}"
fields:
  name: {name: 名称, type: text, required: true}
  level: {name: 级别, type: integer, default: 1}
  proof: {name: 凭据, type: text, required_when: "level > 5"}
duplicates:
  - {id: twice, same: name, then: refuse, message: 已有这件案件}
reject_when:
  - {id: high, if: "level > 9", message: 级别太高, fields: [level]}
"""
FLOW = """\
workflow: flow
name: 流程
form: case
stages:
  - id: open
    name: 新建
    exit: {if: "level > 1", message: 级别不够}
    deadlines: [{id: slow, after: 1d, do: [{notify: owner, text: 该处理了}]}]
  - {id: done, name: 完成, final: true}
"""
RULE = """\
automation: greet
name: 打招呼
on: {created: case}
do:
  - {notify: owner, text: "新案件 {{ name }}"}
"""
ROLE = "role: clerk\nname: 文员\nfallback: true\ncan: {case: {may: [see, add, edit, delete, import]}}\n"


def app(*steps: str, more: Sequence[str] = ()) -> tuple[App, dict[str, str]]:
    """The app with one scenario of these steps, and further scenarios as they are."""
    first = "scenario: 场景\npeople: {wang: {role: clerk}}\nat: 2026-03-02T09:00+08:00\nas: wang\nsteps:\n" + "".join(
        f"  - {s}\n" for s in steps
    )
    files = {
        "app.yaml": APP,
        "case.yaml": CASE,
        "flow.yaml": FLOW,
        "rule.yaml": RULE,
        "role.yaml": ROLE,
        "tests/a.yaml": "---\n".join([first, *more]),
    }
    compiled = compile_sources(files)
    assert compiled.app is not None, [p.sentence("en") for p in compiled.problems]
    return compiled.app, files


def outcome(*steps: str) -> Outcome:
    made, files = app(*steps)
    (found,) = play(made, made.scenarios, Sources(files), "sqlite:///")
    return found


FAILS = [
    (["create: {case: {name: 甲}, call_it: c}", "expect: {c: {level: 2}}"], 2, "scenario-differs", ["c.level", "2", "1"]),
    (
        ["create: {case: {name: 甲}, call_it: c}", "expect: {notified: {wang: 2, containing: 新案件}}"],
        2,
        "scenario-differs",
        ["新案件", "2", "1"],
    ),
    (
        ["create: {case: {name: 甲}}", "expect: {records: {case: {count: 1, where: \"name == '乙'\"}}}"],
        2,
        "scenario-differs",
        ["case", "1", "0"],
    ),
    (["create: {case: {name: 甲}}", "expect: {sees: {wang: {case: 3}}}"], 2, "scenario-differs", ["wang", "3", "1"]),
    (["create: {case: {name: 甲}}", "expect: {ran: {greet: 0}}"], 2, "scenario-differs", ["greet", "0", "1"]),
    (["create: {case: {name: 甲}}", "expect: {warned: 相似}"], 2, "scenario-differs", ["相似", "0"]),
    (["try: {create: {case: {name: 甲}}, refused: 级别太高}"], 1, "scenario-not-refused", ["级别太高"]),
    (["try: {create: {case: {level: 3}}, refused: 级别太高}"], 1, "scenario-other-refusal", ["级别太高", "名称"]),
    (["create: {case: {level: 3}}"], 1, "required", ["名称"]),
    (["edit: {x: {level: 3}}"], 1, "scenario-no-record", ["x"]),
    (["expect: {ran: {gret: 0}}"], 1, "scenario-no-rule", ["gret"]),
    (
        ["import: {case: [{名称: 甲, 级别: 2}, {名称: 乙, 级别: 10}, {名称: '', 级别: 1}]}", "expect: {imported: {created: 2}}"],
        2,
        "scenario-differs",
        ["created", "级别太高", "名称"],
    ),
    (["import: {case: [{名称: 甲}]}", "expect: {imported: {created: 1, containing: 级别}}"], 2, "scenario-differs", ["级别"]),
]


@pytest.mark.parametrize(("steps", "at", "code", "words"), FAILS, ids=[f[2] + str(n) for n, f in enumerate(FAILS)])
def test_a_failing_step_says_what_was_expected_what_was_found_and_where(steps: list[str], at: int, code: str, words: list[str]) -> None:
    made = outcome(*steps)
    assert not made.passed and made.step == at and made.mark.line == 5 + at and made.mark.file == "tests/a.yaml"
    (problem,) = made.problems
    assert problem.code == code and all(word in problem.sentence("zh") for word in words)


def test_a_failing_step_shows_how_the_rules_ran() -> None:
    made = outcome("create: {case: {name: 甲}}", "wait: 2d", "expect: {records: {case: 7}}")
    assert len(made.trace) == 2
    greeted, slow = made.trace
    assert greeted.what == "03-02 09:00 desk.greet desk.case 1" and greeted.end.sentence("en") == "finished" and greeted.why is None
    assert "03-03 09:00" in slow.what and "slow" in slow.what


NOBODY = "scenario: 场景\nat: 2026-03-02T09:00+08:00\nas: mei\nsteps:\n  - create: {case: {name: 甲}}\n  - expect: {notified: {mei: 1}}\n"
CAST = "data: user\nsample: true\nrows:\n  - {login: mei, name: 梅, role: clerk}\n"


def test_the_sample_people_play_where_a_scenario_names_none() -> None:
    files = {"app.yaml": APP, "case.yaml": CASE, "flow.yaml": FLOW, "rule.yaml": RULE, "role.yaml": ROLE, "tests/a.yaml": NOBODY}
    refused = compile_sources(files).problems
    assert {"scenario-nobody", "unknown-person"} <= {p.code for p in refused}
    files["people.yaml"] = CAST
    played = compile_sources(files).app
    assert played is not None and [o.passed for o in play(played, played.scenarios, Sources(files), "sqlite:///")] == [True]


def test_a_scenario_that_holds_passes() -> None:
    made = outcome(
        "create: {case: {name: 甲}, call_it: c}",
        "expect: {c: {level: 1, stage: open}, notified: {wang: 1}, ran: {greet: 1}, records: {case: 1}}",
        "try: {move: {c: done}, refused: 级别不够}", "edit: {c: {level: 2}}", "move: {c: done}", "delete: c",
        "expect: {records: {case: 0}}", "restore: c",
        "expect: {c: {stage: done}, sees: {wang: {case: 1}}, warned: 0}",
    )  # fmt: skip
    assert made.passed, [p.sentence("zh") for p in made.problems]


PARTS = ("greet", "case.twice", "case.high", "case.proof.required_when", "flow.open.exit", "flow.open.slow")


def test_every_declared_part_can_be_switched_off() -> None:
    made, _ = app("wait: 1d")
    assert parts(made) == PARTS
    bare = without(made, PARTS)
    case, flow = bare.forms["case"], bare.workflows["flow"]
    assert not bare.automations["greet"].enabled and not case.duplicates and not case.rejects and case.fields["proof"].required_when is None
    assert flow.stages[0].exit is None and flow.stages[0].deadlines == ()


def test_an_unknown_part_is_refused_with_the_one_that_was_meant() -> None:
    made, _ = app("wait: 1d")
    with pytest.raises(Problems) as refused:
        without(made, ["gret", "flow.open.slow"])
    assert [(p.code, p.suggestion) for p in refused.value] == [("no-such-part", "greet")]


def test_parts_that_no_scenario_notices_are_named() -> None:
    made, files = app(
        "create: {case: {name: 甲}}",
        "expect: {notified: {wang: 1}}",
        "try: {create: {case: {name: 乙, level: 10, proof: 有}}, refused: 级别太高}",
    )
    heard: dict[str, bool] = {}
    left = unnoticed(made, Sources(files), "sqlite:///", lambda part, by: heard.update({part: by is not None}))
    assert left == ["case.twice", "case.proof.required_when", "flow.open.exit", "flow.open.slow"]
    assert heard == {part: part not in left for part in PARTS}
