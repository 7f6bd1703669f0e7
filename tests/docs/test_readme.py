"""The README's commands, run as written (all but the two that set up a machine, one of which is running this test)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks() -> list[str]:
    found = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [block for block in found if "python3 .start" not in block]


def test_the_ten_minutes_work_as_written(tmp_path: Path) -> None:
    script = "\n".join(blocks()).replace(". .venv/bin/activate\n", "")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env={**os.environ, "PATH": path, "DOUGONG_LANG": "zh"},
        capture_output=True, text=True, timeout=300, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "年度预算" in done.stdout  # the plan says what it adds
    assert "2 个场景通过，0 个失败" in done.stdout
    assert "场景就失败" in done.stdout


def test_both_languages_name_the_same_commands() -> None:
    chinese, _, english = (ROOT / "README.md").read_text("utf-8").partition("## English")
    words = ("validate", "explain", "test", "apply", "plan", "rollback", "history", "backup", "restore", "erase", "why", "doctor")
    for command in ("python3 .start demo", "python3 .start test", *(f"dougong {word}" for word in words)):
        assert command in chinese and command in english


def test_the_code_is_where_it_says() -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("## 代码在哪里")[2].partition("---")[0]
    for path in re.findall(r"`([^`]+)`", section):
        found = [ROOT / path, *(ROOT / "platform/dougong").rglob(path)]
        assert any(place.exists() for place in found), path
