"""What a formula may name: the shapes of the forms around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dougong.expr.types import Type


@dataclass(frozen=True)
class Member:
    """A field as formulas see it. `column` is False for live formulas, lookups and everything else without a stored value.

    `via` belongs to records: the child's link field that points back here ('customer' for visits of a customer);
    for links (many to many) it is '' and `through` names the field. `labels` maps words a person might write
    (option names) to ids, for hints.
    """

    type: Type
    name: str = ""
    may_be_empty: bool = True
    column: bool = True
    indexed: bool = False
    via: str = ""
    through: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """A form as formulas see it, system fields (`owner`, `touched_at`, …) included."""

    key: str
    name: str
    members: Mapping[str, Member]


@dataclass(frozen=True)
class Scope:
    """Where a formula stands. `names` are further bare names (`found`, `response`, a `let`, a scenario's `call_it`).

    `app` completes ids: in the app sales, `all.visit` is the form 'sales.visit'. `settings` are the answers of
    `ask:`, reached as `settings.x`. `old` and `changed(f)` are known only where an edit is looked at.
    """

    app: str
    forms: Mapping[str, Shape]
    form: Shape | None = None
    names: Mapping[str, Type] = field(default_factory=dict)
    settings: Mapping[str, Type] = field(default_factory=dict)
    old: bool = False
    me: bool = True
