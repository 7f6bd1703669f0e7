"""What records are sorted by, and the place of one in that order, which a cursor holds.

A text goes by its stored key (SEMANTICS 1), a choice by the declared order of its options, one that is gone from the template
behind them; everything else by its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case

from dougong.expr.values import decode, encode
from dougong.fields.base import ORDER, field_types
from dougong.records.row import columns_of
from dougong.spec.form import Field, Form


def order_of(form: Form, table: FromClause, name: str) -> ColumnElement[Any]:
    """NULL where the field is empty."""
    first = columns_of(form)[name][0]
    if places := _places(form.fields[name]):
        return case(places, value=table.c[first], else_=case((table.c[first].is_not(None), len(places))))
    return table.c[_key(form, name) or first]


def place_of(form: Form, name: str, row: Mapping[str, Any]) -> Any:
    """Where the row, keyed by the table's columns, stands in that order, JSON-ready."""
    field, names = form.fields[name], columns_of(form)[name]
    if key := _key(form, name):
        return row[key]
    value = field_types[field.type].from_columns(field, tuple(row[column] for column in names))
    if places := _places(field):
        return None if value is None else places.get(value, len(places))
    return encode(value, field.value)


def read_place(form: Form, name: str, written: Any) -> Any:
    """What `order_of` is compared with. Raises ValueError, TypeError or ArithmeticError for what `place_of` never wrote."""
    if _places(form.fields[name]):
        return None if written is None else int(written)
    if _key(form, name):
        return None if written is None else str(written)
    return decode(written, form.fields[name].value)


def _key(form: Form, name: str) -> str:
    """The column of the stored key, '' where the field has none."""
    names = columns_of(form)[name]
    return names[-1] if len(names) > 1 and names[-1].endswith(ORDER) else ""


def _places(field: Field) -> dict[str, int]:
    return {id: place for place, id in enumerate(field.choices)} if field.value.kind == "choice" else {}
