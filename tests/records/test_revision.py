"""Nobody writes by a definition that is no longer the workspace's (SEMANTICS 10)."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from dougong.clock import VirtualClock
from dougong.lifecycle import install
from dougong.problems import Problems
from dougong.records import query, save
from dougong.runtime import Runtime
from dougong.store.engine import Outdated
from tests.records.conftest import Make
from tests.records.ground import MONDAY, clerk, codes, key, settings, sources

PAPER = "form: paper\nname: 文书\nfields:\n  title: {name: 标题, type: text}\n"
AMOUNT = "  amount: {{name: 金额, type: {}}}\n"
STRICTER = PAPER + "  reason: {name: 事由, type: text, required: true}\n"


def test_a_process_that_slept_through_a_change_saves_by_the_new_definition(workspace: Make) -> None:
    ground = workspace(PAPER, clerk("paper"))
    ground.create("paper", title="甲", who="wang")
    with closing(Runtime(settings(ground.runtime.store.url), VirtualClock(MONDAY))) as other:
        install(other, sources((STRICTER, clerk("paper"))), who="test")
    with pytest.raises(Problems) as refused:
        ground.runtime.write(ground.actor("wang"), lambda ctx: save.create(ctx, key("paper"), {"title": "乙"}))
    assert codes(refused.value) == [("reason", "required")]
    ground.create("paper", title="乙", reason="有", who="wang")
    assert [r["title"] for r in ground.rows("paper")] == ["甲", "乙"]


def test_whoever_only_reads_goes_on_reading_after_a_field_got_another_type(workspace: Make) -> None:
    ground = workspace(PAPER + AMOUNT.format("money"), clerk("paper"))
    ground.create("paper", title="甲", amount="5", who="wang")

    def seen() -> list[Any]:
        return ground.read(lambda ctx: [r["amount"] for r in query.page(ctx, query.Query(key("paper"))).rows], who="wang")

    for _ in range(8):  # psycopg prepares on the server from the sixth time on
        assert seen() == [Decimal(5)]
    with closing(Runtime(settings(ground.runtime.store.url), VirtualClock(MONDAY))) as other:
        install(other, sources((PAPER + AMOUNT.format("text"), clerk("paper"))), who="test")
    assert seen() == ["5.00"]


def test_the_store_itself_refuses_an_old_revision(workspace: Make) -> None:
    ground = workspace(PAPER, clerk("paper"))
    revision = ground.workspace.revision
    with pytest.raises(Outdated), ground.runtime.store.write(revision - 1):
        pass
    with ground.runtime.store.write(revision):
        pass
