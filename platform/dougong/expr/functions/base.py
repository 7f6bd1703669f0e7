"""What a function of the formula language is: one decorated Python function with its signature, its documentation and its faces.

A signature is written `text, integer? -> text`; alternatives stand one after another, divided by `;`.
Parameter: a kind or several joined by `|`, then `?` (may be left out), `*` (may be empty: the function gets None; without it an
empty argument makes the result empty before the function is asked), `...` (the last one repeats). Kinds besides those of
expr/types.py: integer (a number without decimals), day (a date, or a datetime cut to its day), moment (a datetime, or a date as
its start), any. Result: a kind, `number(2)` for a scale, `first` (as the first argument) or `same` (as all arguments together).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement

from dougong.expr.types import Calendar, Type
from dougong.registry import Registry


class Surroundings(Protocol):
    """What a Python face may ask for beyond its arguments."""

    @property
    def calendar(self) -> Calendar: ...
    @property
    def key(self) -> bytes: ...


@dataclass(frozen=True)
class Face:
    """What a SQL face may ask for: the dialect, the workspace's zone, the types of arguments and result."""

    postgres: bool
    zone: str
    types: tuple[Type, ...]
    type: Type


SqlFace = Callable[..., ColumnElement[Any]]
"""(face, *arguments) → SQL. Arguments are never NULL-safe by themselves: SQL's own NULL rule is our empty rule."""


@dataclass(frozen=True)
class Param:
    kinds: tuple[str, ...]
    optional: bool = False
    empty: bool = False
    repeats: bool = False


@dataclass(frozen=True)
class Signature:
    params: tuple[Param, ...]
    result: str

    def param(self, index: int) -> Param:
        return self.params[min(index, len(self.params) - 1)]

    def takes(self, count: int) -> bool:
        least = sum(not p.optional for p in self.params)
        return least <= count and (count <= len(self.params) or bool(self.params and self.params[-1].repeats))


@dataclass(frozen=True)
class Function:
    """`sql` serves both databases, `postgres` only PostgreSQL, beside the Python face on SQLite. `js` says that expr.js has it.

    `special` functions (aggregates, `if`, `changed`) are typed and run by the tree itself; they stand here for their documentation.
    """

    name: str
    written: str
    signatures: tuple[Signature, ...]
    zh: str
    en: str
    example: str
    python: Callable[..., Any]
    surroundings: bool = False
    sql: SqlFace | None = None
    postgres: SqlFace | None = None
    js: bool = False
    cost: int = 1
    result: Callable[[tuple[Any, ...]], Type] | None = None
    special: bool = False

    @property
    def in_filter(self) -> bool:
        return self.special or self.sql is not None or self.postgres is not None


functions: Registry[Function] = Registry("function")


Python = Callable[..., Any]


def function(name: str, signature: str, *, zh: str, en: str, example: str, **more: Any) -> Callable[[Python], Python]:
    """Decorator: the Python face, registered with everything else about the function."""

    def put(python: Python) -> Python:
        functions.register(name)(Function(name, signature, parse_signature(signature), zh, en, example, python, **more))
        return python

    return put


def special(name: str, written: str, *, zh: str, en: str, example: str) -> None:
    """A function that the tree runs itself; `written` is for readers."""
    functions.register(name)(Function(name, written, (), zh, en, example, _never, special=True))


def _never(*args: Any) -> None:
    raise TypeError("the tree runs this function itself")


@cache
def parse_signature(text: str) -> tuple[Signature, ...]:
    return tuple(_one(part) for part in text.split(";"))


def _one(text: str) -> Signature:
    params, result = text.split("->")
    return Signature(tuple(_param(p.strip()) for p in params.split(",") if p.strip()), result.strip())


def _param(text: str) -> Param:
    kinds, marks = re.fullmatch(r"([a-z_|]+)([?*.]*)", text).groups()  # type: ignore[union-attr]  # a wrong signature may raise
    return Param(tuple(kinds.split("|")), "?" in marks, "*" in marks, "..." in marks)
