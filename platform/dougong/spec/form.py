"""Forms, their fields and what a save must respect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dougong.expr.scope import Shape
from dougong.expr.tree import Expr, Template
from dougong.expr.types import Span, Type
from dougong.problems import NOWHERE, Mark
from dougong.spec.label import Label


@dataclass(frozen=True)
class Option:
    id: str
    name: Label
    colour: str = ""


@dataclass(frozen=True)
class Case:
    """One line of `cases`; without `if_` it is the `else`."""

    if_: Expr | None
    then: Expr | str


@dataclass(frozen=True)
class Field:
    """`type` names the file under fields/; `options` are that type's own settings as written, checked by its schema.

    `key` is the physical column's name: the id at first sight, kept when the id is renamed by `was`.
    `system` marks the fields that every form has, `bare` those whose table has no column for what they sort by.
    """

    id: str
    name: Label
    type: str
    value: Type
    options: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Option] = field(default_factory=dict)
    target: str = ""  # link, user, lines, related: the form it leads to ('sales.visit')
    via: str = ""  # related, lines: the target's link field that leads back here
    required: bool = False
    unique: bool = False
    search: bool = False
    index: bool = False
    once: bool = False
    copy_last: bool = False
    mask: str = ""
    reveal: bool = False
    default: Expr | Template | Any = None
    formula: Expr | None = None
    cases: tuple[Case, ...] = ()
    stored: bool = True  # False: a live value, computed where it is shown
    value_template: Template | None = None  # serial: how the number is made
    required_when: Expr | None = None
    visible_when: Expr | None = None
    readonly_when: Expr | None = None
    help: Label = Label()
    placeholder: Label = Label()
    was: str = ""
    key: str = ""
    system: bool = False
    bare: bool = False
    mark: Mark = NOWHERE

    @property
    def computed(self) -> bool:
        return self.formula is not None or bool(self.cases)


@dataclass(frozen=True)
class Section:
    id: str
    name: Label
    fields: tuple[str, ...]
    visible_when: Expr | None = None


@dataclass(frozen=True)
class Reject:
    """`reject_when`: a save for which `if_` holds is refused with `message`."""

    id: str
    if_: Expr
    message: Template
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Duplicate:
    """`same` (exact) or `similar` (at least `above`) in `fields`; `then` is 'refuse' or 'warn'. `found` is the other record."""

    id: str
    fields: tuple[str, ...]
    similar: bool = False
    above: float = 1.0
    then: str = "refuse"
    message: Template | None = None


@dataclass(frozen=True)
class AskLater:
    """`fields` are demanded `within` of `since`; the state change `before` is refused without them."""

    id: str
    since: str
    within: Span
    fields: tuple[str, ...]
    before: str = ""
    message: Label = Label()


@dataclass(frozen=True)
class Public:
    """Where people outside may add a record: `fields` alone, through the last day `open_until`, `at_most_per_day` (0: no limit).

    `embed` are the origins of the pages that may show it in a frame.
    """

    title: Label
    fields: tuple[str, ...]
    thanks: Label = Label()
    open_until: date | None = None
    at_most_per_day: int = 0
    embed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Face:
    """How a record presents itself: field ids, and the key of the form that its one big button adds to. '' leaves it to the page."""

    facts: tuple[str, ...] = ()
    state: str = ""
    blocker: str = ""
    adds: str = ""


@dataclass(frozen=True, eq=False)
class Form:
    """`key` is 'app.id'; `table` the physical table; `lines_of` the (form, field) that these lines belong to."""

    id: str
    app: str
    name: Label
    shape: Shape
    fields: Mapping[str, Field]
    title: Template
    icon: str = ""
    layout: tuple[Section, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    rejects: tuple[Reject, ...] = ()
    ask_later: tuple[AskLater, ...] = ()
    workflow: str = ""
    lines_of: tuple[str, str] | None = None
    on_delete: Mapping[str, str] = field(default_factory=dict)
    public: Public | None = None
    face: Face = Face()
    was: str = ""
    table: str = ""
    mark: Mark = NOWHERE

    @property
    def key(self) -> str:
        return f"{self.app}.{self.id}" if self.app else self.id

