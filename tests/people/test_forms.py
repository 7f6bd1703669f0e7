"""The two system forms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dougong.people
from dougong.people import tables
from dougong.people.forms import SYSTEM_FORMS
from dougong.problems import codes


@pytest.mark.parametrize(("key", "table"), [("user", tables.user), ("team", tables.team)])
def test_every_field_has_its_column_and_its_member(key: str, table: object) -> None:
    form = SYSTEM_FORMS[key]
    assert form.key == key and form.table == f"dg_{key}"
    columns = set(table.c.keys())  # type: ignore[attr-defined]
    assert {f.key for f in form.fields.values() if form.shape.members[f.id].column} | {"id", "uid", "revision", "deleted_at"} == columns
    assert {id: m.type for id, m in form.shape.members.items()} == {id: f.value for id, f in form.fields.items()}


def test_paths_lead_from_person_to_person() -> None:
    members = SYSTEM_FORMS["user"].shape.members
    assert (members["manager"].type.form, members["team"].type.form) == ("user", "team")


def test_every_problem_raised_has_its_sentences() -> None:
    source = "".join(p.read_text() for p in Path(dougong.people.__file__).parent.glob("*.py"))
    raised = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source)) - {"last-name"}
    listed = codes()
    assert raised and not {code for code in raised if code not in listed and code not in {"e-mail"}}
