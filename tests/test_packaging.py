"""The wheel holds what the checkout shows, and the start script says what it leaves out."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dougong import resources
from dougong.web import bundle

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The names in a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as built:
        return frozenset(built.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "dougong/web/static/dist/app.js",
        "dougong/web/static/dist/app.css",
        "dougong/web/static/dist/icons.svg",
        "dougong/web/templates/base.html",
        "dougong/web/translations/zh/LC_MESSAGES/messages.po",
        "dougong/sentences/ground.yaml",
        "dougong/shipped/examples/first/app.yaml",
        "dougong/shipped/app_templates/sales/app.yaml",
    ],
)
def test_the_wheel_holds(wheel: frozenset[str], name: str) -> None:
    assert name in wheel


def test_the_wheel_holds_no_sources_of_the_pages_and_nothing_beside_the_package(wheel: frozenset[str]) -> None:
    assert not [name for name in wheel if "/assets/" in name or "node_modules" in name]
    assert {name.split("/")[0] for name in wheel if not name.split("/")[0].endswith(".dist-info")} == {"dougong"}


def test_in_a_checkout_the_folders_beside_the_package_are_found() -> None:
    assert resources.folder("examples/first") == ROOT / "examples/first"
    assert resources.folder("app_templates").is_dir()


def test_every_icon_that_a_page_names_is_bundled() -> None:
    asked = set((ROOT / "platform/dougong/web/assets/icons.txt").read_text("utf-8").split())
    assert asked == bundle.icons()


def test_no_lock_file_names_where_packages_come_from() -> None:
    assert "resolved" not in (ROOT / ".build/package-lock.json").read_text("utf-8")
    assert "http" not in (ROOT / ".start").read_text("utf-8")


def test_tests_that_lack_something_are_left_out_by_name() -> None:
    """A run of its own, as `.start test` makes it on a machine that may install nothing."""
    env = {**os.environ, "DOUGONG_TEST_WITHOUT": "postgresql"}
    chosen = ["tests/store/test_engine.py", "-k", "a_write_is_there_afterwards", "-p", "no:cacheprovider"]
    done = subprocess.run([sys.executable, "-m", "pytest", *chosen], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert "left out, not run: 1 tests, without postgresql" in done.stdout
    assert "test_a_write_is_there_afterwards_and_a_failed_one_is_not[postgresql]" in done.stdout
    assert "1 passed" in done.stdout


def test_the_start_script_explains_itself() -> None:
    done = subprocess.run([sys.executable, ".start"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "python3 .start demo" in done.stdout
