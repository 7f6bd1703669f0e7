"""Time rules walk along their since axis (SEMANTICS 4, to the letter).

A tick locks the rules' marks, takes what lies between a mark and the place that time has reached, enlists the runs and
moves the marks in one transaction. What is written behind a mark is looked at by the dispatcher (`look_behind`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, true

from dougong.automation import axis
from dougong.automation.decide import TimeRule
from dougong.automation.marks import Mark, lock_marks, move, move_all
from dougong.automation.platform import Platform
from dougong.automation.runs import acting, ended, enlist, enlist_many, row_for
from dougong.context import Ctx
from dougong.expr.to_python import evaluate
from dougong.expr.to_sql import not_in_filter, to_sql
from dougong.problems import Problem
from dougong.records.row import column_of, from_row
from dougong.records.source import RecordSource, environment, sql_scope
from dougong.spec.app import Workspace

CHUNK = 1000


@dataclass(frozen=True)
class Found:
    """A record whose time is up under a rule. `order` is the rule's place among its automation's levels."""

    rule: TimeRule
    order: int
    record: int
    at: str
    due: datetime


def walk(ctx: Ctx, rules: Sequence[TimeRule]) -> int:
    """One chunk of one automation, all levels together; how many records were taken. Call again until it is 0.

    `ctx` acts as the rules' app.
    """
    marks = lock_marks(ctx, rules)
    found: list[Found] = []
    taken = 0
    for order, rule in enumerate(rules):
        mark = marks.get(rule.key)
        if mark is None or not mark.active:
            continue
        rows, looked, end = _chunk(ctx, rule, mark)
        taken += looked
        calendar = ctx.workspace.calendar
        found += [Found(rule, order, row["id"], at, axis.due(rule, at, calendar)) for row, at in rows]
        if end != (mark.at, mark.record):
            move(ctx, rule.key, *end)
    enlist_many(ctx, _in_order(ctx, rules, found))
    return taken


def fire(ctx: Ctx, rule: TimeRule, record: int, at: str) -> None:
    """One record by itself, behind the mark: its time is up and its condition holds."""
    found = Found(rule, 0, record, at, axis.due(rule, at, ctx.workspace.calendar))
    enlist(ctx, [_row(ctx, found)])


def holds(ctx: Ctx, rule: TimeRule, row: Mapping[str, Any]) -> bool:
    """The rule's condition on this record now, its stage included."""
    if rule.stage and row.get("stage") != rule.stage:
        return False
    condition = rule.automation.if_
    return condition is None or bool(evaluate(condition, environment(ctx, rule.form.key, row, source=RecordSource(ctx))))


def past(ctx: Ctx, rule: TimeRule, now: datetime) -> Select[Any]:
    """Live records whose time is up, mark or no mark: what plan and import print, and what `overdue: now` takes up."""
    table = ctx.workspace.tables[rule.form.key]
    end = axis.decoded(rule, axis.reached(rule, now, ctx.workspace.calendar))
    return select(table.c.id).where(table.c.deleted_at.is_(None), column_of(rule.form, table, rule.since) <= end, _stage(rule, table))


def _chunk(ctx: Ctx, rule: TimeRule, mark: Mark) -> tuple[list[tuple[Mapping[str, Any], str]], int, tuple[str, int]]:
    """Records between the mark and the place that time has reached, those whose condition holds; how many were fetched;
    and the new mark. The mark never moves back: after a longer duration it waits."""
    end = axis.reached(rule, ctx.now, ctx.workspace.calendar)
    if (end, axis.END) <= (mark.at, mark.record):
        return [], 0, (mark.at, mark.record)
    table, condition = ctx.workspace.tables[rule.form.key], rule.automation.if_
    in_sql = condition is None or not_in_filter(condition) is None
    query = select(table).where(table.c.deleted_at.is_(None), _between(rule, mark, end, table), _stage(rule, table))
    if condition is not None and in_sql:
        query = query.where(to_sql(condition, sql_scope(ctx, rule.form.key, table)))
    fetched = ctx.connection.execute(query.order_by(column_of(rule.form, table, rule.since).nulls_first(), table.c.id).limit(CHUNK)).all()
    keys = list(table.c.keys())
    rows = [from_row(rule.form, dict(zip(keys, row, strict=True))) for row in fetched]
    placed = [(row, axis.encoded(rule, row)) for row in rows]
    reached = (placed[-1][1], int(placed[-1][0]["id"])) if len(placed) == CHUNK else (end, axis.END)
    return [(row, at) for row, at in placed if in_sql or holds(ctx, rule, row)], len(placed), reached


def _between(rule: TimeRule, mark: Mark, end: str, table: Any) -> ColumnElement[bool]:
    column = column_of(rule.form, table, rule.since)
    up_to = column <= axis.decoded(rule, end)
    if not mark.at:
        return and_(column.is_not(None), up_to)
    at = axis.decoded(rule, mark.at)
    if mark.record >= axis.END:
        return and_(column > at, up_to)
    return and_(column >= at, or_(column > at, table.c.id > mark.record), up_to)


def _stage(rule: TimeRule, table: Any) -> ColumnElement[bool]:
    return column_of(rule.form, table, "stage") == rule.stage if rule.stage else true()


def _in_order(ctx: Ctx, rules: Sequence[TimeRule], found: list[Found]) -> list[dict[str, Any]]:
    """By due instant, then by declaration; with `catch_up: last` only the last of a record's levels is done."""
    ordered = sorted(found, key=lambda f: (f.due, f.order, f.record))
    last: dict[tuple[int, str], Found] = {(f.record, f.at): f for f in ordered}
    out = []
    for one in ordered:
        row = _row(ctx, one)
        if rules[0].automation.catch_up == "last" and last[one.record, one.at] is not one:
            row = ended(ctx, row, "overtaken", Problem("run-overtaken", {"level": last[one.record, one.at].rule.level.id}))
        out.append(row)
    return out


def _row(ctx: Ctx, found: Found) -> dict[str, Any]:
    rule = found.rule
    subject = {"since": found.at, "due": found.due.isoformat()}
    row = row_for(
        ctx, rule.automation, rule.level, run_key(rule, found.record, found.at), rule.form.key, found.record, subject=subject
    )
    if rule.before and axis.base(rule, found.at, ctx.workspace.calendar) <= ctx.now:
        return ended(ctx, row, "missed", Problem("run-missed", {"at": found.at}))
    return row


def run_key(rule: TimeRule, record: int, at: str) -> str:
    """Once: (rule, record, since value)."""
    return f"{rule.key}@{record}@{at}"


def rows_of(ctx: Ctx, rule: TimeRule, record: int) -> Mapping[str, Any] | None:
    """The record as it is committed now; None where it isn't live."""
    row = RecordSource(ctx).record(rule.form.key, record)
    return row if row is not None and row.get("deleted_at") is None else None


def catch_up(ctx: Ctx, rules: Sequence[TimeRule]) -> None:
    """Brings marks that have nothing between them and now to now, all in one transaction."""
    marks, calendar = lock_marks(ctx, rules), ctx.workspace.calendar
    moving = [rule for rule in rules if rule.key in marks and marks[rule.key].active]
    ends = [axis.reached(rule, ctx.now, calendar) for rule in moving]
    firsts = first_ahead(ctx, moving, marks)
    idle = [(rule, end) for rule, end in zip(moving, ends, strict=True) if not firsts[rule.key] or firsts[rule.key] > end]
    move_all(ctx, [(rule.key, end, axis.END) for rule, end in idle if end > marks[rule.key].at])


def first_ahead(ctx: Ctx, rules: Sequence[TimeRule], marks: Mapping[str, Mark]) -> dict[str, str]:
    """By rule the smallest place that a live record has ahead of its mark, '' where none has one; the mark's own place where
    not all of its records are done with. One statement for all."""
    if not rules:
        return {}
    places = [marks[rule.key] for rule in rules]
    stands = ["" if not mark.at else ">" if mark.record >= axis.END else ">=" for mark in places]
    shapes = tuple((rule.form.key, rule.since, how) for rule, how in zip(rules, stands, strict=True))
    values = {f"at{n}": axis.decoded(rule, mark.at) for n, (rule, mark) in enumerate(zip(rules, places, strict=True)) if mark.at}
    found = ctx.connection.execute(_firsts(ctx.workspace, shapes), values).one()
    return {rule.key: "" if at is None else axis.encoded(rule, {rule.since: at}) for rule, at in zip(rules, found, strict=True)}


@lru_cache(maxsize=64)
def _firsts(workspace: Workspace, shapes: tuple[tuple[str, str, str], ...]) -> Select[Any]:
    """(form, since field, how it stands to the mark) each. Made once: the worker asks it again and again."""
    parts = []
    for number, (form, since, shape) in enumerate(shapes):
        table = workspace.tables[form]
        column = column_of(workspace.forms[form], table, since)
        at = bindparam(f"at{number}", type_=column.type)
        ahead = column > at if shape == ">" else column >= at if shape else column.is_not(None)
        parts.append(select(func.min(column)).where(ahead, table.c.deleted_at.is_(None)).scalar_subquery())
    return select(*parts)


def tick(platform: Platform, rules: Sequence[TimeRule]) -> int:
    """One automation until nothing is left between its marks and now."""
    total = 0
    while True:
        with platform.transaction(acting(rules[0].automation), "automation") as ctx:
            taken = walk(ctx, rules)
        total += taken
        if taken < CHUNK:
            return total
