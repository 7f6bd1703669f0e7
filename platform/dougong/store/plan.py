"""What installing, changing or taking back an app would do to tables and rows, before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, MetaData, Table

from dougong.expr.tree import Expr
from dougong.fields.base import FieldType, Locale
from dougong.problems import Problem
from dougong.spec.form import Form
from dougong.store import diff, physical, system
from dougong.store.changes.base import Change
from dougong.store.scene import Scene
from dougong.store.tables import Requests, build_tables

Breaking = Callable[[Connection, Form, Expr], int | None]
"""How many live rows of the form (with its physical names as they are now) a condition holds for; None where that can't be counted."""


Beyond = Callable[[Connection], Sequence[Problem]]
"""What the change does besides, to rules at work: sentences that stand below the changes of tables and rows."""


def nothing_beyond(_connection: Connection) -> Sequence[Problem]:
    return ()


def not_counted(_connection: Connection, _form: Form, _condition: Expr) -> int | None:
    return None


@dataclass(frozen=True)
class Definition:
    """All forms of the workspace, of every app and the system's, as compiled; and what to index besides."""

    forms: Mapping[str, Form]
    requests: Requests = field(default_factory=dict)


@dataclass(frozen=True)
class Aim:
    """What a plan is made of, kept with it so that it can be made again when nobody else writes.

    `before` and `after` are the whole workspace; only what belongs to `app` is changed.
    """

    app: str
    before: Definition
    after: Definition
    types: Mapping[str, FieldType]
    locale: Locale
    breaking: Breaking = not_counted
    beyond: Beyond = nothing_beyond


@dataclass(frozen=True)
class Plan:
    """`changes` in the order in which they are carried out. `revision` is the workspace's when the plan was made.

    `forms` and `tables` are those afterwards, with their physical names.
    """

    aim: Aim
    revision: int
    changes: tuple[Change, ...]
    forms: Mapping[str, Form]
    tables: Mapping[str, Table]
    beyond: tuple[Problem, ...] = ()

    @property
    def told(self) -> tuple[Change, ...]:
        """Without those that only go along with another."""
        return tuple(c for c in self.changes if c.facts)

    @property
    def blocked(self) -> tuple[Change, ...]:
        """What somebody has to tidy up first."""
        return tuple(c for c in self.changes if c.blocked)

    def refused(self, accept: Collection[str] = ()) -> tuple[Change, ...]:
        """Changes that lose values and whose key isn't among `accept`, and blocked ones. Empty: it can be applied."""
        return tuple(c for c in self.changes if c.blocked or (c.loses and c.key not in accept))

    @property
    def fills(self) -> dict[str, tuple[str, ...]]:
        """Computed fields whose values are to be worked out for existing rows, by form key."""
        out: dict[str, tuple[str, ...]] = {}
        for change in self.changes:
            if change.fills:
                out[change.form.key] = tuple(dict.fromkeys([*out.get(change.form.key, ()), *change.fills]))
        return out

    def lines(self, locale: str, *, samples: bool = True) -> list[str]:
        """The plan as text: '+' adds, '~' changes, '-' sets aside and needs a yes, '!' must be tidied up first.

        Without `samples` no value of a record is in it: what is kept for good must not keep a person's data.
        """
        out = [] if self.told else [Problem("plan-nothing").sentence(locale)]
        for change in self.told:
            first, *more = ((fact if samples else _without_samples(fact)).sentence(locale) for fact in change.facts)
            out += [f"{_sign(change)} {first}", *(f"    {line}" for line in more)]
        return out + [f"~ {fact.sentence(locale)}" for fact in self.beyond]

    def as_json(self, locale: str) -> list[dict[str, Any]]:
        return [
            {
                "key": change.key, "kind": change.kind, "form": change.form.key, "text": [f.sentence(locale) for f in change.facts],
                "loses": change.loses, "blocked": change.blocked,
            }
            for change in self.told
        ] + [
            {"key": fact.code, "kind": "rule", "form": "", "text": [fact.sentence(locale)], "loses": 0, "blocked": False}
            for fact in self.beyond
        ]  # fmt: skip


def make_plan(connection: Connection, aim: Aim) -> Plan:
    """Reads only. Counts are of this moment; `apply` makes the plan again under its lock."""
    keys = physical.read_keys(connection)
    before, after = (physical.bind(d.forms, keys, aim.types) for d in (aim.before, aim.after))
    tables = build_tables(after.forms, aim.types, MetaData(), aim.after.requests)
    scene = Scene(connection, aim.app, keys, before, after, tables, aim.types, aim.locale, aim.breaking)
    revision, beyond = system.read_workspace(connection).revision, tuple(aim.beyond(connection))
    return Plan(aim, revision, tuple(diff.changes(scene)), after.forms, tables, beyond)


def _sign(change: Change) -> str:
    if change.blocked:
        return "!"
    if change.loses:
        return "-"
    return "+" if change.kind.startswith(("add", "restore")) else "~"


def _without_samples(fact: Problem) -> Problem:
    return replace(fact, args={**fact.args, "samples": "…"}) if "samples" in fact.args else fact


def accepted(plan: Plan) -> Sequence[str]:
    """The keys of everything in the plan that needs a yes: what somebody who has read all of it says yes to."""
    return [c.key for c in plan.changes if c.loses]
