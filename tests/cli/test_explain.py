"""`dougong explain` speaks either language and names what it doesn't know."""

from __future__ import annotations

from pathlib import Path

from dougong.cli.explain import explain
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
SALES = str(ROOT / "app_templates" / "sales")


def test_one_rule_in_both_languages(run: Run) -> None:
    assert "满 72 小时 → 给负责人的主管发消息" in run(explain, SALES, "stalled_customer", "--lang", "zh")
    said = run(explain, SALES, "stalled_customer")
    assert said.startswith("Rule: Stalled customer\n") and "after 72 hours → tell Owner's manager" in said
    assert "Form:" not in said


def test_what_the_template_does_not_have_is_said_with_what_was_meant(run: Run) -> None:
    assert "the template has no stalled_custmer" in run(explain, SALES, "stalled_custmer", code=1)


def test_a_template_with_mistakes_is_not_explained(run: Run, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("app: a\nversion: 1\nname: A\n---\nform: f\nfields: {x: {type: txt}}\n", "utf-8")
    assert "unknown-field-type" in run(explain, str(tmp_path), code=1)
