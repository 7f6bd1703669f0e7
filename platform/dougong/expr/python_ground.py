"""The ground of the Python back end: what an evaluation has around it, and how a node becomes a closure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from dougong.expr.tree import Node
from dougong.expr.types import Calendar, Type

Row = Mapping[str, Any]


class Source(Protocol):
    """Where a formula finds other records. Rows are mappings of field id → value, with 'id'. Deleted ones are found only by `record`."""

    def record(self, form: str, id: int) -> Row | None:
        """One record by its id."""

    def children(self, form: str, via: str, parent: int) -> Sequence[Row]:
        """The records of `form` whose link `via` leads to `parent`."""

    def linked(self, form: str, field: str, id: int) -> Sequence[Row]:
        """The records that the field (many to many) of the record `id` of `form` leads to."""

    def everyone(self, form: str) -> Sequence[Row]:
        """All records of `form`."""


@dataclass(frozen=True)
class Env:
    """One evaluation: the record `row` of `form`, and everything around it. `key` is the secret of keyed_hash.

    `too_large`, where given, gathers the nodes that came out empty because their number is beyond the limit (SEMANTICS 2).
    `words` names an option by (form, field, option) in the language of who will read; without it names are the template's own.
    """

    form: str
    row: Row
    source: Source
    now: datetime
    calendar: Calendar
    old: Row | None = None
    me: int | None = None
    names: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    key: bytes = b""
    too_large: list[Node] | None = None
    words: Callable[[str, str, str], str] | None = None

    def beyond(self, node: Node) -> None:
        """Notes that the number of `node` is too large; its value is empty."""
        if self.too_large is not None:
            self.too_large.append(node)


Rows = tuple[Row, ...]
Run = Callable[[Env, Rows], Any]
"""The value for the records by level: the formula's own, then those that aggregates look at."""
Builder = Callable[[Node], Run]
BUILDERS: dict[str, Builder] = {}


def builds(*ops: str) -> Callable[[Builder], Builder]:
    """Decorator: how nodes of these ops are built."""

    def put(builder: Builder) -> Builder:
        BUILDERS.update(dict.fromkeys(ops, builder))
        return builder

    return put


def build(node: Node) -> Run:
    return BUILDERS[node.op](node)


def operands(node: Node) -> list[Run]:
    return [build(a) for a in node.args]


def nothing(type_: Type) -> Any:
    """The empty value of a type."""
    return {"yes_no": False, "list": (), "records": ()}.get(type_.kind)
