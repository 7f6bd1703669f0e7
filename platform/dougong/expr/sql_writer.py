"""The ground of the SQL back end: where names lead, how values are bound, how numbers keep their bounds.

Numbers: on SQLite integers · 10**scale (as sqltypes.Scaled stores them), on PostgreSQL NUMERIC. Instants: sqltypes.Instant.
NULL is empty. A condition comes in two forms: *bare*, where NULL means false and indexes serve, and two-valued (SEMANTICS 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, FromClause, Numeric, Text, false, func, literal, true, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from dougong.expr.functions.base import Face
from dougong.expr.numbers import LIMIT, to_scaled
from dougong.expr.python_ground import build
from dougong.expr.python_values import DAY
from dougong.expr.sqlscope import SqlScope
from dougong.expr.tree import Node
from dougong.expr.types import Span, Type
from dougong.sqltypes import Instant, Json

Sql = ColumnElement[Any]


class NotInSql(ValueError):
    """Asked for SQL of something that `not_in_filter` refuses: a fault of the caller, never of a template."""


@dataclass(frozen=True)
class Writer:
    """`rows` are the FROM elements by level, as `row` nodes count them; `around` are further ones a subquery may refer to."""

    scope: SqlScope
    rows: tuple[FromClause, ...]
    around: tuple[FromClause, ...] = ()

    @property
    def postgres(self) -> bool:
        return self.scope.dialect == "postgresql"

    @property
    def zone(self) -> str:
        return self.scope.env.calendar.zone.key

    def inside(self, row: FromClause) -> Writer:
        """The same, one level deeper: `row` is what an aggregate looks at."""
        return replace(self, rows=(*self.rows, row))

    def beside(self, row: FromClause) -> Writer:
        return replace(self, around=(*self.around, row))

    def value(self, node: Node) -> Sql:
        """A value; a yes/no is two-valued."""
        if free(node):
            return self.bind(self.now(node), node.type)
        if node.type.kind == "yes_no":
            return self.condition(node, bare=False)
        if node.op not in VALUES:
            raise NotInSql(node.op)
        return VALUES[node.op](self, node)

    def condition(self, node: Node, bare: bool) -> Sql:
        """A condition; `bare` where NULL may stand for false."""
        if free(node):
            return true() if self.now(node) else false()
        if node.op not in CONDITIONS:
            raise NotInSql(node.op)
        return CONDITIONS[node.op](self, node, bare)

    def now(self, node: Node) -> Any:
        """The value of a node that reads no row, worked out here."""
        return build(node)(self.scope.env, (self.scope.env.row,))

    def bind(self, value: Any, type_: Type) -> Sql:
        if type_.kind == "number":
            return self._number(value, type_.scale)
        if isinstance(value, Span):
            value = value.millis + value.days * DAY
        if type_.kind == "list":
            value = list(value)
        return literal(value, sql_type(type_))

    def _number(self, value: Any, scale: int) -> Sql:
        if self.postgres and scale:
            return literal(None if value is None else Decimal(value), Numeric())
        return literal(value if self.postgres else to_scaled(value, scale), BigInteger())

    def face(self, node: Node) -> Face:
        return Face(self.postgres, self.zone, tuple(a.type for a in node.args), node.type)

    def fit(self, value: Sql, scale: int) -> Sql:
        """`value`, or NULL where it is too large; `value` stands in the SQL once."""
        return _Fit(value) if self.postgres else func.dg_fit(value, LIMIT * 10**scale, type_=BigInteger)


Value = Callable[[Writer, Node], Sql]
Condition = Callable[[Writer, Node, bool], Sql]
VALUES: dict[str, Value] = {}
CONDITIONS: dict[str, Condition] = {}


def value(*ops: str) -> Callable[[Value], Value]:
    """Decorator: how values of these ops are written."""

    def put(builder: Value) -> Value:
        VALUES.update(dict.fromkeys(ops, builder))
        return builder

    return put


def condition(*ops: str) -> Callable[[Condition], Condition]:
    """Decorator: how conditions of these ops are written."""

    def put(builder: Condition) -> Condition:
        CONDITIONS.update(dict.fromkeys(ops, builder))
        return builder

    return put


def two_valued(sql: Sql, bare: bool) -> Sql:
    """NULL made false where it could be taken for something else."""
    return sql if bare else func.coalesce(sql, false(), type_=Boolean)


def free(node: Node) -> bool:
    """Whether a node reads no row, so that Python works it out once and SQL sees a constant."""
    return node.op not in ("row", "everyone") and all(free(a) for a in node.args)


def sql_type(type_: Type) -> TypeEngine[Any]:
    match type_.kind:
        case "number" | "record" | "span":
            return BigInteger()
        case "yes_no":
            return Boolean()
        case "date":
            return Date()
        case "datetime":
            return Instant()
        case "list":
            return Json()
    return Text()


def plain(sql: Sql, type_: Type, postgres: bool) -> Sql:
    """A column's raw value: without its Python type, which would rescale the constants beside it."""
    if type_.kind == "number":
        return type_coerce(sql, Numeric() if postgres and type_.scale else BigInteger())
    return sql


class _Fit(FunctionElement[Any]):
    """PostgreSQL: an exact number within bounds, written once however deep it stands."""

    inherit_cache = True
    name = "dg_fit"
    type = Numeric()


@compiles(_Fit)
def _write_fit(element: _Fit, compiler: SQLCompiler, **options: Any) -> str:
    inner = compiler.process(element.clauses, **options)
    return f"(SELECT CASE WHEN abs(dg_fit.v) < {LIMIT} THEN dg_fit.v END FROM (SELECT {inner} AS v) AS dg_fit)"
