"""An app as one linked object, and the workspace that holds all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dougong.expr.tree import Expr
from dougong.expr.types import Calendar, Span, Type
from dougong.problems import NOWHERE, Mark, Problem
from dougong.spec.form import Form
from dougong.spec.label import Label
from dougong.vault import Vault


@dataclass(frozen=True)
class Question:
    """One line of `ask:`: what the installer decides. Reached in formulas as `settings.<id>`."""

    id: str
    name: Label
    type: Type
    default: Any = None


@dataclass(frozen=True)
class Grant:
    """What one role may do with one form. `only` limits the rows; `follows` takes the rows of that link's target."""

    form: str
    may: frozenset[str]  # see add edit delete import import_stage export
    only: Expr | None = None
    follows: str = ""
    hide: frozenset[str] = frozenset()
    mask: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EditNeeds:
    """Changing one of `fields` needs the person at `by` (a people path)."""

    id: str
    form: str
    fields: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class Role:
    id: str
    app: str
    name: Label
    can: Mapping[str, Grant]  # by form key
    fallback: bool = False  # tasks for a missing manager land here


@dataclass(frozen=True)
class Trigger:
    """`kind` names the file under automation/triggers/; `options` are compiled (see lang: `format` in schemas)."""

    kind: str
    form: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One line of `do:`. `action` names the file under automation/actions/ or a flow word (if, for_each, wait, stop).

    `options` are compiled by the `format` annotations of the action's schema: formula → Expr, template → Template,
    people → tuple of people paths, duration → Span, values → mapping field → Expr | Template | constant, steps → tuple[Step].
    """

    id: str
    action: str
    options: Mapping[str, Any]
    on_error: str = "retry"
    mark: Mark = NOWHERE


@dataclass(frozen=True)
class Repeated:
    """The parts of a paper that come again for each of `many`; they stand on that record."""

    many: Expr
    parts: tuple[Part, ...]


Part: TypeAlias = "str | Expr | Repeated"


@dataclass(frozen=True)
class Paper:
    """documents/<id>.html: literal HTML, formulas and repeated parts in turn."""

    id: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Level:
    """One level of an automation. `after` is its offset on the since axis; `repeated` counts firings of level `of`."""

    id: str
    do: tuple[Step, ...]
    after: Span | None = None
    repeated: int = 0
    of: str = ""
    in_a_row_per: str = ""
    within: Span | None = None


@dataclass(frozen=True)
class Automation:
    id: str
    app: str
    name: Label
    on: Trigger
    if_: Expr | None = None
    levels: tuple[Level, ...] = ()  # a plain `do:` is one level with id ''
    if_running: str = "skip"
    overdue: str = "now"
    catch_up: str = "each"
    enabled: bool = True
    digest: str = ""  # content hash; runs finish on the definition they began with
    broken: tuple[Problem, ...] = ()  # switched off, visibly, because of these
    mark: Mark = NOWHERE

    @property
    def key(self) -> str:
        return f"{self.app}.{self.id}"


@dataclass(frozen=True)
class Guard:
    """What must hold to enter or leave a stage: `if_`, and `fields` filled; `message` says so."""

    if_: Expr | None = None
    fields: tuple[str, ...] = ()
    message: Label = Label()


@dataclass(frozen=True)
class Deadline:
    id: str
    after: Span
    do: tuple[Step, ...]


@dataclass(frozen=True)
class Stage:
    id: str
    name: Label
    probability: int | None = None  # percent
    between: tuple[int, int] | None = None  # percent
    baseline: int | None = None  # percent that usually goes on from here
    expected: Span | None = None
    entry: Guard | None = None
    exit: Guard | None = None
    deadlines: tuple[Deadline, ...] = ()
    final: bool = False
    from_any: bool = False
    from_: tuple[str, ...] = ()  # where given: the only stages that may lead here


@dataclass(frozen=True)
class Workflow:
    """`stages` in order; `back_by` are the people paths that may push a record back, `back_comment` whether they must say why."""

    id: str
    app: str
    form: str
    name: Label
    stages: tuple[Stage, ...]
    back_by: tuple[str, ...] = ()
    back_comment: bool = True
    mark: Mark = NOWHERE


@dataclass(frozen=True)
class Sort:
    field: str
    descending: bool = False


@dataclass(frozen=True)
class View:
    id: str
    app: str
    form: str
    name: Label
    kind: str = "list"
    columns: tuple[str, ...] = ()
    if_: Expr | None = None
    sort: tuple[Sort, ...] = ()


@dataclass(frozen=True)
class Home:
    """What one role finds first: the phone's bottom bar and the cards of 今日 (FACE 2, 3, 12)."""

    role: str
    bar: tuple[Any, ...] = ()
    cards: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Data:
    """Records that come with the app. `sample` ones are for the demo; rows are raw values as written."""

    form: str
    rows: tuple[Mapping[str, Any], ...]
    sample: bool = False
    key: str = ""  # the field by which a row is found again at upgrade


@dataclass(frozen=True)
class Scenario:
    """Kept as written: its steps are compiled by the runner against the app that it tests."""

    name: str
    proves: tuple[str, ...]
    people: Mapping[str, Mapping[str, Any]]
    at: str
    as_: str
    steps: tuple[Mapping[str, Any], ...]
    mark: Mark = NOWHERE
    marks: Mapping[tuple[str | int, ...], Mark] = field(default_factory=dict)


@dataclass(frozen=True)
class App:
    """`digest` is the hash of all its files; `sources` their text by relative path, for messages and the ledger."""

    id: str
    name: Label
    version: str
    language: str = "zh"
    icon: str = ""
    currency: str = "CNY"
    questions: Mapping[str, Question] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)  # by id
    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    automations: Mapping[str, Automation] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    edit_needs: tuple[EditNeeds, ...] = ()
    homes: tuple[Home, ...] = ()
    data: tuple[Data, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    menu: tuple[str, ...] = ()
    digest: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Workspace:
    """All apps at one revision. `tables` maps a form key to its SQLAlchemy table; system forms ('user', 'team') included."""

    revision: int
    apps: Mapping[str, App]
    forms: Mapping[str, Form]  # by key, system forms and lines forms included
    tables: Mapping[str, Any]
    calendar: Calendar = Calendar()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # app → answers of `ask:`
    name: str = ""
    locale: str = "zh-CN"
    currency: str = "CNY"
    read_only: frozenset[str] = frozenset()  # forms that a large change is under way for (SEMANTICS 10)
    key: bytes = b""  # secret of this workspace: keyed_hash, signatures
    vault: Vault = field(default_factory=Vault)  # seals what secret fields hold
