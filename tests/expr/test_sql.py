"""What the SQL of a formula looks like where it matters: indexes serve, and what can't be the same on both is offered on neither."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import registry

from dougong.expr.sql_writer import NotInSql
from dougong.expr.to_sql import SqlScope, not_in_filter, to_sql
from tests.expr.world import TABLES, Record, World, compile_, open_database, store

WORLD = World([Record.read({"name": "a", "at": "2026-03-01T00:00:00.000Z", "owner": 1})])


def written(source: str, dialect: str) -> str:
    row = TABLES["s.thing"]
    scope = SqlScope(TABLES, {}, "s.thing", row, dialect, WORLD.env(WORLD.things[0]))
    return str(to_sql(compile_(source), scope).compile(dialect=registry.load(dialect)()))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    "source",
    ["n > 3", "kind == 'demo'", "at < now - days(60)", "owner == me", "day < now", "kind in ['demo', 'talk']",
     "me in [owner, backup]", "ok and n > 3 or day == today"],
)  # fmt: skip
def test_a_plain_condition_stays_bare_for_its_index(source: str, dialect: str) -> None:
    assert "coalesce" not in written(source, dialect).lower()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize("source", ["not (n > 3)", "kind != 'demo'", "kind not in ['demo']", "(n > 3) == ok"])
def test_an_opposite_counts_empty_as_its_opposite(source: str, dialect: str) -> None:
    assert "coalesce" in written(source, dialect).lower()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("shown > 1", "expr-live-in-filter"), ("at + days(1) < now", "expr-move-in-filter"),
        ("day + days(1) < today", "expr-move-in-filter"),
        ("upper(name) == 'A'", "expr-not-in-filter"), ("keyed_hash(name) == 'a'", "expr-not-in-filter"),
        ("count(lines, upper(label) == 'A') > 1", "expr-not-in-filter"), ("join(tags, ',') == 'a'", "expr-not-in-filter"),
        ("length > hours(1)", "expr-not-in-filter"), ("has_all(tags, [name])", "expr-not-in-filter"), ("valid", "expr-not-in-filter"),
        ("hours(1)", "expr-not-in-filter"), ("latest(at, day) > now", "expr-not-in-filter"),
    ],
)  # fmt: skip
def test_what_a_database_cannot_do_is_named_at_its_place(source: str, code: str) -> None:
    problem = not_in_filter(compile_(source))
    assert problem is not None
    assert (problem.code, problem.mark.line) == (code, 1)


@pytest.mark.parametrize("source", ["upper(extra) == name", "now + days(3) > at", "me.name == name", "keyed_hash('a') == name"])
def test_what_reads_no_record_is_worked_out_before(source: str) -> None:
    assert not_in_filter(compile_(source)) is None


def test_asking_for_the_impossible_is_an_error_of_the_caller() -> None:
    with pytest.raises(NotInSql):
        written("upper(name) == 'A'", "sqlite")


def test_a_condition_over_a_link_and_children_finds_its_records(database_url: str) -> None:
    lines = [{"qty": 1, "price": "2.00"}, {"qty": 3, "price": "1.50"}]
    world = World([Record.read({"owner": 1, "lines": lines}), Record.read({"owner": 2, "lines": lines[:1]}), Record.read({})])
    row = TABLES["s.thing"].alias()
    expr = compile_("owner.manager.name == '李强' and sum(lines, qty * price) > 6")
    with open_database(database_url) as connection:
        store(world, connection)
        scope = SqlScope(TABLES, {}, "s.thing", row, connection.dialect.name, world.env(world.things[0]))
        assert connection.scalars(select(row.c.id).where(to_sql(expr, scope))).all() == [1]


def test_an_instant_compared_with_now_is_found_by_its_index() -> None:
    row = TABLES["s.thing"]
    with open_database("sqlite://") as connection:
        connection.execute(text("CREATE INDEX ix_at ON s__thing (at)"))
        scope = SqlScope(TABLES, {}, "s.thing", row, "sqlite", WORLD.env(WORLD.things[0]))
        query = select(row.c.id).where(to_sql(compile_("at < now - days(60)"), scope))
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query.compile(connection, compile_kwargs={'literal_binds': True})}")).all()
    assert "ix_at" in str(plan)
