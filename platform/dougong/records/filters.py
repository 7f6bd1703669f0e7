"""A reader's filters: a field, an operator the field's type offers, a value; compiled to WHERE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, and_, false, or_, true, type_coerce

from dougong.context import Ctx
from dougong.fields.base import Locale, Reference, Refused, field_types
from dougong.problems import Problem, Problems
from dougong.records.present import askable
from dougong.records.references import look_up
from dougong.records.row import column_of, has_columns
from dougong.spec.form import Field, Form

OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "contains", "in", "between", "is empty", "is not empty")


@dataclass(frozen=True)
class Filter:
    """`value` is raw, as a person or the API wrote it: a list for `in` (any of) and `between` (from, to)."""

    field: str
    op: str
    value: Any = None


def clause(ctx: Ctx, form: Form, table: FromClause, filter: Filter) -> ColumnElement[bool]:
    """The filter as WHERE, with SEMANTICS 1: an empty side makes a comparison false and `!=` true. Raises Problems."""
    field = form.fields.get(filter.field)
    if field is None or not has_columns(field) or not askable(ctx, form, field):
        raise Problems([Problem("no-such-field", {"field": filter.field}, form=form.key, field=filter.field)])
    kind = field_types[field.type]
    if filter.op not in OPERATORS or filter.op not in kind.operators:
        raise Problems([Problem("no-such-operator", {"op": filter.op}, form=form.key, field=field.id)])
    column = column_of(form, table, field.id)
    if filter.op in ("is empty", "is not empty"):
        return column.is_(None) if filter.op == "is empty" else column.is_not(None)
    return _compared(column, field, filter, _values(ctx, form, field, filter))


def _values(ctx: Ctx, form: Form, field: Field, filter: Filter) -> list[Any]:
    raw = filter.value if isinstance(filter.value, list | tuple) else [filter.value]
    locale = Locale(ctx.locale, ctx.workspace.calendar, ctx.workspace.currency)
    if filter.op == "contains" or field.value.kind == "list":
        return [str(v) for v in raw if v not in (None, "")]
    try:
        parsed = [None if v in (None, "") else field_types[field.type].operand(field, v, locale) for v in raw]
        return [look_up(ctx, field, v) if isinstance(v, Reference) else v for v in parsed]
    except Refused as refused:
        raise Problems([refused.problem(form.key, field.id)]) from None


def _compared(column: ColumnElement[Any], field: Field, filter: Filter, values: list[Any]) -> ColumnElement[bool]:
    first = values[0] if values else None
    if filter.op == "in":
        wanted = [v for v in values if v is not None]
        return _any_listed(column, wanted) if field.value.kind == "list" else column.in_(wanted)
    if filter.op == "between":
        low, high = [*values, None, None][:2]
        ends = [*([column >= low] if low is not None else []), *([column <= high] if high is not None else [])]
        return and_(*ends, column.is_not(None))
    if first is None:
        return true() if filter.op == "!=" else false()
    return _beside(column, field, filter.op, first)


def _beside(column: Any, field: Field, op: str, first: Any) -> ColumnElement[bool]:
    result: ColumnElement[bool]
    match op:
        case "==":
            result = _any_listed(column, [first]) if field.value.kind == "list" else column == first
        case "!=":
            result = or_(column != first, column.is_(None))
        case "contains":
            result = _any_listed(column, [first]) if field.value.kind == "list" else column.contains(first, autoescape=True)
        case "<":
            result = column < first
        case "<=":
            result = column <= first
        case ">":
            result = column > first
        case _:
            result = column >= first
    return result


def _any_listed(column: ColumnElement[Any], wanted: list[Any]) -> ColumnElement[bool]:
    """Lists are JSON text of ids: an id stands in it between quotes."""
    text = type_coerce(column, Text)
    return or_(false(), *(text.contains(f'"{w}"', autoescape=True) for w in wanted))
