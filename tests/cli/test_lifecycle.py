"""plan, apply, rollback, uninstall: nothing is lost without a yes, and what was set aside comes back."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

import pytest

from dougong.cli.apply import apply
from dougong.cli.exporting import export
from dougong.cli.history import history, rollback, uninstall
from dougong.cli.importing import import_
from dougong.cli.plan import plan
from tests.cli.conftest import Run

APP = "app: notes\nversion: 1.0.0\nname: 便条\nmenu: [note]\n"
FORM = 'form: note\nname: 便条\ntitle: "{{ text }}"\nfields:\n  text: {name: 内容, type: text, required: true}\n'
MORE = "  place: {name: 地点, type: text}\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "app.yaml").write_text(APP, "utf-8")
    (folder / "note.yaml").write_text(FORM + MORE, "utf-8")
    return folder


def exported(run: Run, file: Path) -> list[dict[str, str]]:
    run(export, "notes.note", str(file))
    return list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))


def test_an_app_is_planned_applied_changed_and_taken_back_with_its_data(run: Run, template: Path, tmp_path: Path) -> None:
    assert "+ " in run(plan, str(template))
    assert "done, as number" in run(apply, str(template))
    assert "nothing to change" in run(apply, str(template))
    table = tmp_path / "notes.csv"
    table.write_text("内容,地点\n一,北京\n二,上海\n", "utf-8")
    assert "2 created" in run(import_, str(table), "--form", "notes.note")

    (template / "note.yaml").write_text(FORM, "utf-8")
    shown = run(plan, str(template))
    key = next(shlex.split(line)[1] for line in shown.splitlines() if line.strip().startswith("--accept"))
    assert f"{key}: needs a yes" in run(apply, str(template), code=1)
    assert '"loses": 2' in run(plan, str(template), "--format", "json")
    run(apply, str(template), "--accept", key)
    assert "地点" not in exported(run, tmp_path / "out.csv")[0]

    run(rollback, "notes", "--yes")
    assert [row["地点"] for row in exported(run, tmp_path / "out.csv")] == ["上海", "北京"]
    assert "nothing" in run(rollback, "nothing", code=1)


def test_each_rollback_says_where_it_goes_and_the_ledger_can_be_read(run: Run, template: Path) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        (template / "app.yaml").write_text(APP.replace("1.0.0", version), "utf-8")
        run(apply, str(template))
    said = [run(rollback, "notes", "--yes").splitlines()[0] for _ in range(2)]
    assert ["version 1.1.0, as change 2" in said[0], "version 1.0.0, as change 1" in said[1]] == [True, True], said
    assert "version 1.2.0, as change 3" in run(rollback, "notes", "--yes", "--to", "3")
    told = run(history, "notes")
    assert [line.split()[0] for line in told.splitlines()] == ["6", "5", "4", "3", "2", "1"]
    assert [line.endswith("as it is now") for line in told.splitlines()] == [True, False, False, False, False, False]
    assert "taken back" in told and "+ New form" in run(history, "--plans") and run(history, "other") == ""
    run(rollback, "notes", "--to", "1")
    assert "before it was installed" in run(rollback, "notes")
    assert "no earlier version" in run(rollback, "notes", "--to", "99", code=1)


def test_an_uninstalled_app_leaves_its_data_aside_and_in_a_folder(run: Run, template: Path, tmp_path: Path) -> None:
    run(apply, str(template))
    table = tmp_path / "notes.csv"
    table.write_text("内容,地点\n一,北京\n", "utf-8")
    run(import_, str(table), "--form", "notes.note")
    folder = tmp_path / "old"
    assert "exported" in run(uninstall, "notes", "--export", str(folder), "--yes")
    assert "一,北京" in (folder / "note.csv").read_text("utf-8-sig")
    assert "notes" in run(uninstall, "notes", code=1)
    run(apply, str(template))
    assert [row["内容"] for row in exported(run, tmp_path / "out.csv")] == ["一"]


def test_a_template_that_is_not_sound_is_shown_with_its_place(run: Run, template: Path) -> None:
    (template / "note.yaml").write_text(FORM + "  when: {name: 时间, type: dat}\n", "utf-8")
    said = run(plan, str(template), code=1)
    assert "note.yaml:6:" in said and "date" in said
    assert run(apply, str(template), code=1)
