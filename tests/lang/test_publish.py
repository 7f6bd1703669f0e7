"""The schema files: in step with the code, and the same answer from any validator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from dougong.automation.actions import actions
from dougong.automation.triggers import triggers
from dougong.fields.base import field_types
from dougong.lang.kinds import KINDS
from dougong.lang.load import load, read_folder
from dougong.lang.publish import published, write
from dougong.lang.source import Document
from dougong.lang.vocabulary import Vocabulary
from dougong.notify.channels import channels
from dougong.people.forms import SYSTEM_FORMS
from tests.lang.vocabulary import BASE

ROOT = Path(__file__).parents[2]
SHIPPED = Vocabulary(field_types, triggers, actions, channels, SYSTEM_FORMS)
FILES = published(SHIPPED)
TEMPLATES = sorted(path.parent for folder in ("app_templates", "examples") for path in (ROOT / folder).glob("*/app.yaml"))


def documents(folder: Path) -> list[Document]:
    found, problems = load(read_folder(folder))
    assert problems == []
    return found


def test_the_files_in_the_tree_are_those_the_code_writes(tmp_path: Path) -> None:
    write(tmp_path, SHIPPED)
    wanted = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    found = {path.name: path.read_text("utf-8") for path in (ROOT / "schemas").glob("*.json")}
    assert found == wanted, "run: dougong schema schemas"


def test_there_is_a_file_for_each_kind() -> None:
    assert set(FILES) == {f"{kind}.schema.json" for kind in KINDS} | {"app.draft07.json"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_is_a_valid_schema_of_its_draft(name: str) -> None:
    validator = Draft7Validator if "draft07" in name else Draft202012Validator
    validator.check_schema(FILES[name])


@pytest.mark.parametrize("folder", TEMPLATES, ids=lambda path: path.name)
def test_shipped_templates_fit_both(folder: Path) -> None:
    bundle = Draft7Validator(FILES["app.draft07.json"])
    for document in documents(folder):
        content = json.loads(json.dumps(document.content, default=float))
        assert [e.message for e in Draft202012Validator(FILES[f"{document.kind}.schema.json"]).iter_errors(content)] == []
        assert [e.message for e in bundle.iter_errors(content)] == []


WRONG: list[tuple[str, Any]] = [
    ("form", {"form": "a", "fields": {"x": {"type": "txt"}}}),
    ("form", {"form": "a", "fields": {"x": {"type": "text", "nmae": "x"}}}),
    ("form", {"form": "a", "fields": {"x": {"type": "choice"}}}),
    ("form", {"form": "A", "fields": {"x": {"type": "text"}}}),
    ("automation", {"automation": "a", "on": {"creatd": "x"}, "do": [{"wait": "1h"}]}),
    ("automation", {"automation": "a", "on": {"created": "x"}, "do": [{"popop": "x"}]}),
    ("automation", {"automation": "a", "on": {"created": "x"}, "do": [{"popup": "x"}]}),
    ("automation", {"automation": "a", "on": {"created": "x"}, "do": [{"if": "x", "do": [{"wait": 3}]}]}),
    ("role", {"role": "r", "name": "x", "can": {"a": {"may": ["fly"]}}}),
]


@pytest.mark.parametrize(("kind", "content"), WRONG)
def test_both_refuse_what_is_wrong(kind: str, content: Any) -> None:
    assert list(Draft202012Validator(FILES[f"{kind}.schema.json"]).iter_errors(content))
    assert list(Draft7Validator(FILES["app.draft07.json"]).iter_errors(content))


def test_reserved_words_are_refused_by_the_bundle() -> None:
    assert list(Draft7Validator(FILES["app.draft07.json"]).iter_errors({"dashboard": "x"}))


def test_every_key_that_an_editor_completes_is_explained_in_both_languages() -> None:
    form = FILES["form.schema.json"]
    for schema in (
        form,
        FILES["app.schema.json"],
        FILES["automation.schema.json"],
        FILES["workflow.schema.json"],
        FILES["view.schema.json"],
    ):
        for key, part in schema["properties"].items():
            assert " | " in part["title"], key
    for branch in form["$defs"]["field"]["allOf"]:
        for key, part in branch["then"]["properties"].items():
            assert " | " in part["title"], (branch["if"], key)


def test_nothing_of_our_own_is_left_in_the_files() -> None:
    text = json.dumps(FILES)
    assert all(f'"{word}": "' not in text for word in ("dispatch", "scope", "format"))
    assert "(?P<" not in text


def test_the_base_of_these_tests_fits_too() -> None:
    found, _ = load(BASE)
    bundle = Draft7Validator(FILES["app.draft07.json"])
    assert [e.message for d in found for e in bundle.iter_errors(json.loads(json.dumps(d.content, default=float)))] == []
