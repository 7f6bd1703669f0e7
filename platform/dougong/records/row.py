"""A table's row and a record's values, one into the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from dougong.fields.base import field_types
from dougong.spec.form import Field, Form
from dougong.spec.system import PLAIN_COLUMNS

IDENTITY = ("id", "uid", "revision", "deleted_at", "position")


def column_fields(form: Form) -> tuple[Field, ...]:
    """The fields that have columns of their own."""
    return tuple(f for f in form.fields.values() if has_columns(f))


def column_of(form: Form, table: FromClause, name: str) -> ColumnElement[Any]:
    """The (first) column of a field, by the field's id; plain columns by their own name."""
    field = form.fields.get(name)
    if field is None or name in PLAIN_COLUMNS:
        return table.c[name]
    return table.c[field.key + field_types[field.type].columns(field)[0].suffix]


def has_columns(field: Field) -> bool:
    return bool(field_types[field.type].columns(field))


def from_row(form: Form, row: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field id, with id, uid, revision and deleted_at; `row` is keyed by the table's column names."""
    values = {name: row[name] for name in IDENTITY if name in row}
    for field in column_fields(form):
        kind = field_types[field.type]
        cells = tuple(row[field.key + column.suffix] for column in kind.columns(field))
        values[field.id] = kind.from_columns(field, cells)
    return values


def to_row(form: Form, values: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """Column values of `fields`; plain columns pass through, fields without columns are left out."""
    out: dict[str, Any] = {}
    for name in fields:
        if name in PLAIN_COLUMNS or name == "position":
            out[name] = values[name]
        elif (field := form.fields.get(name)) and has_columns(field):
            kind = field_types[field.type]
            for column, cell in zip(kind.columns(field), kind.to_columns(field, values[name]), strict=True):
                out[field.key + column.suffix] = cell
    return out


def empty_value(field: Field) -> Any:
    """What an unset field holds."""
    return () if field.value.kind == "list" else False if field.value.kind == "yes_no" else None


def is_empty(value: Any) -> bool:
    return value is None or value == ()
