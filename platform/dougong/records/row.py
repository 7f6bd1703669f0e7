"""A table's row and a record's values, one into the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong.fields.base import field_types
from dougong.spec.form import Field, Form
from dougong.spec.system import PLAIN_COLUMNS

IDENTITY = ("id", "uid", "revision", "deleted_at")


def column_fields(form: Form) -> tuple[Field, ...]:
    """The fields that have columns of their own."""
    return tuple(f for f in form.fields.values() if has_columns(f))


def has_columns(field: Field) -> bool:
    return bool(field_types[field.type].columns(field))


def from_row(form: Form, row: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field id, with id, uid, revision and deleted_at; `row` is keyed as the table's columns are."""
    values = {name: row[name] for name in IDENTITY if name in row}
    for field in column_fields(form):
        kind = field_types[field.type]
        cells = tuple(row[field.id + column.suffix] for column in kind.columns(field))
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
                out[name + column.suffix] = cell
    return out


def empty_value(field: Field) -> Any:
    """What an unset field holds."""
    return () if field.value.kind == "list" else False if field.value.kind == "yes_no" else None


def is_empty(value: Any) -> bool:
    return value is None or value == ()
