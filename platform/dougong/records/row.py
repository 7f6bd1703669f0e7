"""A table's row and a record's values, one into the other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, FromClause

from dougong.expr.types import Type
from dougong.fields.base import FieldType, field_types
from dougong.spec.form import Field, Form
from dougong.spec.system import PLAIN_COLUMNS

IDENTITY = ("id", "uid", "revision", "deleted_at", "position")


_columns: WeakKeyDictionary[Form, dict[str, tuple[str, ...]]] = WeakKeyDictionary()


def columns_of(form: Form) -> dict[str, tuple[str, ...]]:
    """Column names by field id, of the fields that have columns of their own; worked out once per form."""
    if form not in _columns:
        named = {f.id: tuple(f.key + c.suffix for c in field_types[f.type].columns(f)) for f in form.fields.values()}
        _columns[form] = {id: names for id, names in named.items() if names}
    return _columns[form]


def column_of(form: Form, table: FromClause, name: str) -> ColumnElement[Any]:
    """The (first) column of a field, by the field's id; plain columns by their own name."""
    if name in PLAIN_COLUMNS or name not in form.fields:
        return table.c[name]
    return table.c[columns_of(form)[name][0]]


def has_columns(field: Field) -> bool:
    return bool(field_types[field.type].columns(field))


_plain: WeakKeyDictionary[Form, tuple[dict[str, str], tuple[str, ...]]] = WeakKeyDictionary()
MADE = frozenset({"range", "list", "span", "yes_no"})
"""Kinds whose values are made from what stands in the columns; the others stand there as they are."""


def _plainly(form: Form) -> tuple[dict[str, str], tuple[str, ...]]:
    """First column by field id, and the fields that are more than what stands in it; worked out once per form."""
    if form not in _plain:
        first = {id: names[0] for id, names in columns_of(form).items()}
        types = {id: field_types[form.fields[id].type] for id in first}
        made = [id for id in first if form.fields[id].value.kind in MADE or type(types[id]).from_columns is not FieldType.from_columns]
        _plain[form] = first, tuple(made)
    return _plain[form]


def from_row(form: Form, row: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field id, with id, uid, revision and deleted_at; `row` is keyed by the table's column names."""
    first, made = _plainly(form)
    values = {name: row[name] for name in IDENTITY if name in row} | {id: row[name] for id, name in first.items()}
    for id in made:
        field = form.fields[id]
        values[id] = field_types[field.type].from_columns(field, tuple([row[name] for name in columns_of(form)[id]]))
    return values


def to_row(form: Form, values: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """Column values of `fields`; plain columns pass through, fields without columns are left out."""
    out: dict[str, Any] = {}
    columns = columns_of(form)
    for name in fields:
        if name in PLAIN_COLUMNS or name == "position":
            out[name] = values[name]
        elif names := columns.get(name):
            field = form.fields[name]
            out.update(zip(names, field_types[field.type].to_columns(field, values[name]), strict=True))
    return out


def to_columns(form: Form, rows: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    """The same for many rows that hold the same names, column by column."""
    out: dict[str, Sequence[Any]] = {}
    columns = columns_of(form)
    for name in rows[0]:
        if name in PLAIN_COLUMNS or name == "position":
            out[name] = [row[name] for row in rows]
        elif names := columns.get(name):
            field, type_ = form.fields[name], field_types[form.fields[name].type]
            out.update(zip(names, zip(*(type_.to_columns(field, row[name]) for row in rows), strict=True), strict=True))
    return out


def empty_value(field: Field) -> Any:
    """What an unset field holds."""
    return () if field.value.kind == "list" else False if field.value.kind == "yes_no" else None


def normal(value: Any, type_: Type) -> Any:
    """Text as it is stored: NFC, '' as empty (SEMANTICS 1). Automations and scenarios send it as their formulas made it."""
    if isinstance(value, str) and type_.kind == "text":
        return unicodedata.normalize("NFC", value) or None
    if isinstance(value, tuple) and type_.of is not None and type_.of.kind == "text":
        return tuple(kept for item in value if (kept := normal(item, type_.of)) is not None)
    return value


def is_empty(value: Any) -> bool:
    return value is None or value == ()
