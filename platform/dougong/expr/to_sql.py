"""Typed tree → SQLAlchemy expression, for SQLite and PostgreSQL alike. What one of them can't do is offered on neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, cast, literal, type_coerce

from dougong.expr import sql_conditions, sql_many, sql_values  # noqa: F401  # they enter themselves into VALUES and CONDITIONS
from dougong.expr.functions import functions
from dougong.expr.sql_conditions import LISTS
from dougong.expr.sql_writer import CONDITIONS, VALUES, Writer, free, sql_type
from dougong.expr.sqlscope import SqlScope
from dougong.expr.tree import Expr, Node
from dougong.problems import Problem
from dougong.sqltypes import Scaled

__all__ = ["SqlScope", "not_in_filter", "to_sql"]

NO_VALUE = frozenset({"span", "range", "records", "json"})
COMPARISONS = frozenset({"eq", "lt", "le", "gt", "ge"})


def to_sql(expr: Expr, scope: SqlScope, two_valued: bool = False) -> ColumnElement[Any]:
    """A condition for WHERE (NULL is false there; with `two_valued` it is never NULL), or a value to select or sort by.

    Raises NotInSql for what `not_in_filter` refuses.
    """
    w, type_ = Writer(scope, (scope.row,)), expr.root.type
    if type_.kind == "yes_no":
        return type_coerce(w.condition(expr.root, bare=not two_valued), Boolean)
    if free(expr.root):
        known = literal(w.now(expr.root), Scaled(type_.scale) if type_.scale else sql_type(type_))
        return cast(known, known.type) if type_.kind == "number" else known
    value = w.value(expr.root)
    if type_.kind == "number":
        return type_coerce(value, Scaled(type_.scale)) if type_.scale else cast(value, BigInteger)
    return type_coerce(value, sql_type(type_))


def not_in_filter(expr: Expr) -> Problem | None:
    """Why a formula can't stand where the database has to work it out (filters, rights, lists), or None."""
    if expr.type.kind in NO_VALUE:
        return Problem("expr-not-in-filter", {"found": expr.source}, expr.root.mark)
    return next(_obstacles(expr.root, None), None)


def _obstacles(node: Node, parent: Node | None) -> Iterator[Problem]:
    if free(node):
        return
    if node.op == "live":
        yield Problem("expr-live-in-filter", {"found": node.value}, node.mark)
    elif node.op in ("move", "move_day"):
        yield Problem("expr-move-in-filter", {}, node.mark)
    elif node.op == "call" and node.value in LISTS:
        if not free(node.args[1]) or not _listed(node.args[0]):
            yield Problem("expr-not-in-filter", {"found": node.value}, node.mark)
    elif node.op == "call" and not functions[node.value].in_filter:
        yield Problem("expr-not-in-filter", {"found": node.value}, node.mark)
    elif not _writable(node, parent):
        yield Problem("expr-not-in-filter", {"found": node.op}, node.mark)
    for arg in node.args:
        yield from _obstacles(arg, node)


def _listed(node: Node) -> bool:
    return node.op in ("get", "map")


def _writable(node: Node, parent: Node | None) -> bool:
    """Whether the op has an SQL form at this place."""
    match node.op:
        case "start_of":
            return parent is not None and parent.op in COMPARISONS
        case "span_from" | "spans":
            return parent is not None and parent.op in COMPARISONS | {"spans"}
        case "list":
            return parent is not None and parent.op == "in"
        case "map":
            return parent is not None and (parent.op in ("in", "empty") or (parent.op == "call" and parent.value in LISTS))
        case "get" if node.type.kind in ("json", "span"):
            return False
        case "get" if node.type.kind == "range":
            return parent is not None and parent.op in ("in_range", "empty", "end")
        case "if" if node.type.kind in ("list", "range", "span", "json"):
            return False
        case "everyone" | "children" | "linked" | "where" | "pick":
            return True
    return node.op in VALUES or node.op in CONDITIONS
