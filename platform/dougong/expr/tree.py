"""The typed tree that every formula becomes, and texts with formulas in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dougong.expr.types import Type
from dougong.problems import NOWHERE, Mark


@dataclass(frozen=True)
class Node:
    """One node. `op` is closed: see check.py. `value` belongs to constants and names, `args` are the operands."""

    op: str
    type: Type
    args: tuple[Node, ...] = ()
    value: Any = None
    mark: Mark = NOWHERE


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for inner in node.args:
        yield from walk(inner)


@dataclass(frozen=True)
class Expr:
    """A checked formula. `reads` are the paths it reads from the record it stands on:
    ('budget_ok',), ('customer', 'owner', 'manager'), ('visits', 'ended_at'), ('old', 'stage').

    `live` is True where its value moves with the clock or the reader (`now`, `today`, `me`).
    """

    source: str
    root: Node
    reads: frozenset[tuple[str, ...]] = frozenset()
    live: bool = False
    mark: Mark = NOWHERE
    cache: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # what back ends made of it

    @property
    def type(self) -> Type:
        return self.root.type


@dataclass(frozen=True)
class Template:
    """Text with formulas: parts are literal strings and formulas in turn. One formula alone keeps its type.

    `others` maps a language ('en') to the translation, where the text is for people to read.
    """

    source: str = ""
    parts: tuple[str | Expr, ...] = ()
    mark: Mark = field(default=NOWHERE)
    others: Mapping[str, Template] = field(default_factory=dict)

    def in_(self, locale: str) -> Template:
        return self.others.get(locale.split("-")[0].split("_")[0].lower(), self)

    @property
    def single(self) -> Expr | None:
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Expr) else None
