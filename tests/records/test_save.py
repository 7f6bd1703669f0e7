"""What a save demands, leaves aside, refuses and fills in (SEMANTICS 7)."""

from __future__ import annotations

import pytest
from dougong.problems import Problems
from tests.records.conftest import Make
from tests.records.ground import clerk, codes

PAPER = """\
form: paper
name: 文书
title: "{{ title }}"
fields:
  title: {name: 标题, type: text, required: true, unique: true}
"""


def test_a_required_field_is_demanded(workspace: Make) -> None:
    ground = workspace(PAPER, clerk("paper"))
    with pytest.raises(Problems) as refused:
        ground.create("paper", who="wang")
    assert codes(refused.value) == [("title", "required")]
    assert ground.rows("paper") == []
