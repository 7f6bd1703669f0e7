"""Carrying out a plan: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dougong.problems import LOCALES, Problem, Problems
from dougong.store import ledger, staged, system
from dougong.store.changes.add_field import AddField
from dougong.store.changes.base import Change, Work
from dougong.store.changes.restore_field import RestoreField
from dougong.store.changes.retype_field import RetypeField
from dougong.store.changes.search_index import SearchIndex
from dougong.store.engine import Outdated, Store
from dougong.store.ledger import Release
from dougong.store.plan import Plan, make_plan
from dougong.store.tables import all_fields, column_names

NOTHING: Mapping[str, Collection[str]] = {}


class PlanRefused(Problems):
    """Values would be lost without a yes, or rows stand in the way: `changes` says which."""

    def __init__(self, changes: Collection[Change]) -> None:
        self.changes = tuple(changes)
        heads = [Problem("plan-refused", {"key": c.key}) for c in self.changes if not c.blocked]
        super().__init__([*heads, *(fact for c in self.changes for fact in c.facts)])


@dataclass(frozen=True)
class Applied:
    """`number` is the ledger's, None where nothing was to be done. `fills` and `unsearched` are left to the caller:
    computed fields to work out for existing rows, by form key; forms whose rows are to be indexed by search.rebuild."""

    plan: Plan
    number: int | None
    revision: int
    fills: Mapping[str, tuple[str, ...]]
    unsearched: tuple[str, ...]


def apply(
    store: Store, plan: Plan, release: Release, *, kind: str, who: str, now: datetime, accept: Collection[str] = ()
) -> Applied:
    """One transaction beside which nobody writes. `accept` holds the keys of changes that may lose values.

    Raises PlanRefused, and Outdated where the workspace isn't any more what the plan was made from. `kind` is for the
    history: install, change, rollback, uninstall.
    """
    with store.exclusive() as connection:
        applied = apply_within(connection, plan, release, kind=kind, who=who, now=now, accept=accept)
    if applied.number is not None:
        store.renew()
    return applied


def apply_within(
    connection: Connection,
    plan: Plan,
    release: Release,
    *,
    kind: str,
    who: str,
    now: datetime,
    accept: Collection[str] = (),
    ahead: Mapping[str, Collection[str]] = NOTHING,
) -> Applied:
    """`apply` in a transaction of `Store.exclusive` that the caller goes on with, to bring data along; it calls `renew` afterwards.

    `ahead`: the fields, by form key, whose values a large change has worked out beforehand (store/staged.py).
    """
    current = system.read_workspace(connection).revision
    if current != plan.revision:
        raise Outdated(current)
    fresh = make_plan(connection, plan.aim)
    if refused := fresh.refused(accept):
        raise PlanRefused(refused)
    if not fresh.changes and _unchanged(connection, release):
        return Applied(fresh, None, fresh.revision, {}, ())
    number = ledger.record(connection, release, kind, who, now, {locale: fresh.lines(locale, samples=False) for locale in LOCALES})
    work = Work(connection, number, now, fresh.forms, fresh.tables, plan.aim.types, plan.aim.locale, ahead)
    for change in fresh.changes:
        change.apply(work)
    _take_the_rest(work, fresh)
    for change in fresh.changes:
        change.finish(work)
    unsearched = tuple(c.form.key for c in fresh.changes if isinstance(c, SearchIndex) and c.later)
    fills = {form: ids for form, ids in fresh.fills.items() if not ahead.get(form)}
    return Applied(fresh, number, system.read_workspace(connection).revision, fills, unsearched)


def _take_the_rest(work: Work, plan: Plan) -> None:
    """Values that stand ready of fields which no change moves: those computed in another way, or from others that are."""
    taken = {(c.form.key, c.field.id) for c in plan.changes if isinstance(c, AddField | RestoreField | RetypeField)}
    for form, ids in work.ahead.items():
        fields = [f for id, f in all_fields(work.forms[form]).items() if id in ids and (form, id) not in taken]
        columns = [name for f in fields for name in column_names(f, work.types)]
        staged.take_places(work.connection, work.tables[form], [*columns, *([staged.FLIP] if staged.FLIP in ids else [])])


def _unchanged(connection: Connection, release: Release) -> bool:
    there = ledger.installed(connection).get(release.app)
    if there is None:
        return not release.sources
    same = there.digest == ledger.digest(dict(release.sources))
    return same and there.answers == release.answers and there.version == release.version
