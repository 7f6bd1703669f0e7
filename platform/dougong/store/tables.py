"""Compiled forms as SQLAlchemy tables: the physical model, in one place (ARCHITECTURE decision 1, SEMANTICS 8 and 10)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, Text, false
from sqlalchemy.types import TypeEngine

from dougong.fields.base import ORDER, FieldType, StoredColumn
from dougong.spec.form import Field, Form
from dougong.spec.system import SYSTEM_FIELDS
from dougong.sqltypes import Id, Instant
from dougong.store import names, search, system

Types = Mapping[str, FieldType]
Requests = Mapping[str, Collection[tuple[str, ...]]]
"""By form key: the fields of each further index, in its order."""
NO_REQUESTS: Requests = {}


def build_tables(
    forms: Mapping[str, Form], field_types: Types, metadata: MetaData, requests: Requests = NO_REQUESTS
) -> dict[str, Table]:
    """One table per form under the form's key, and a junction (source, target) per many-to-many field under 'form.field'.

    `forms` carry their physical names (see physical.bind). System forms keep the tables that their part declared.
    `requests`: what time rules walk along, and views. `metadata` has no naming convention: names of keys are left to the
    database, so that what is set aside never stands in a newcomer's way.
    """
    tables = {key: system.metadata.tables[f.table] for key, f in forms.items() if f.table in system.metadata.tables}
    own = {key: f for key, f in forms.items() if key not in tables}
    columns = {key: list(_columns(form, forms, field_types)) for key, form in own.items()}
    for key, form in own.items():
        tables[key] = Table(form.table, metadata, *columns[key], sqlite_autoincrement=True)
    for key, form in own.items():
        _add_indexes(form, tables[key], field_types, requests.get(key, ()))
        for field in all_fields(form).values():
            if is_junction(field, field_types):
                tables[f"{key}.{field.id}"] = _junction(form, field, forms, metadata)
        search.add_table(form, tables[key], metadata)
    return tables


def all_fields(form: Form) -> dict[str, Field]:
    """The system fields, unless the form declares its own of that name, then the form's."""
    return {**{f.id: f for f in SYSTEM_FIELDS}, **form.fields}


def stored_columns(field: Field, field_types: Types) -> tuple[StoredColumn, ...]:
    """None for what is computed where it is shown, and for what lives in other tables."""
    type_ = field_types[field.type]
    return () if type_.virtual or not field.stored else type_.columns(field)


def is_junction(field: Field, field_types: Types) -> bool:
    """Many-to-many: leads to many records that don't lead back, and has no column."""
    many = field.value.kind == "records" or (field.value.of is not None and field.value.of.kind == "record")
    return many and bool(field.target) and not field.via and not field.computed and not stored_columns(field, field_types)


def column_names(field: Field, field_types: Types) -> tuple[str, ...]:
    return tuple(field.key + c.suffix for c in stored_columns(field, field_types))


def _columns(form: Form, forms: Mapping[str, Form], field_types: Types) -> Iterator[Column[Any]]:
    yield Column("id", Id, primary_key=True)
    yield Column("uid", stored_type(Text()), nullable=False)
    yield Column("revision", Integer, nullable=False, server_default="1")
    yield Column("deleted_at", Instant)
    yield Column("flip_at", Instant)
    if form.lines_of:
        yield Column("position", Integer)
    for field in all_fields(form).values():
        yield from field_columns(form, field, forms, field_types)


def field_columns(form: Form, field: Field, forms: Mapping[str, Form], field_types: Types) -> Iterator[Column[Any]]:
    stored = stored_columns(field, field_types)
    target = forms.get(field.target) if field.value.kind == "record" and len(stored) == 1 else None
    for column in stored:
        name = field.key + column.suffix
        if target is not None:
            yield Column(name, Id, _reference(target, "CASCADE" if is_parent(form, field) else "SET NULL"))
        else:
            # a yes/no field is never empty (SEMANTICS 1), not even for rows older than the field
            yield Column(name, stored_type(column.type), server_default=false() if field.value.kind == "yes_no" else None)


def is_parent(form: Form, field: Field) -> bool:
    """Whether this is the link of a line to the record that it stands in."""
    return form.lines_of is not None and field.id == "parent"


def _reference(target: Form, on_delete: str) -> ForeignKey:
    """By column where the target is a system form, whose table hangs on another MetaData."""
    table = system.metadata.tables.get(target.table)
    return ForeignKey(f"{target.table}.id" if table is None else table.c.id, ondelete=on_delete)


def stored_type(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Text compares by code point in both databases (SEMANTICS 1), whatever language the server was set up in."""
    return type_.with_variant(Text(collation="C"), "postgresql") if type(type_) is Text else type_


def _junction(form: Form, field: Field, forms: Mapping[str, Form], metadata: MetaData) -> Table:
    name = names.junction(form.table, field.key)
    target = forms.get(field.target)
    table = Table(
        name,
        metadata,
        Column("source", Id, ForeignKey(f"{form.table}.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        Column("target", Id, *([_reference(target, "CASCADE")] if target else []), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    Index(names.short(f"ix_{name}_target"), table.c.target, table.c.source)
    return table


def _add_indexes(form: Form, table: Table, field_types: Types, requested: Collection[tuple[str, ...]]) -> None:
    """Each index ends with the id: lists page along it, time rules walk along it. Of texts that a view is sorted by, or of which
    each is found by its value, what they sort by is indexed; a text with `index: true` has both."""
    Index(names.short(f"uq_{table.name}_uid"), table.c.uid, unique=True)
    flips = table.c.flip_at.is_not(None)
    Index(names.short(f"ix_{table.name}_flip_at"), table.c.flip_at, table.c.id, sqlite_where=flips, postgresql_where=flips)
    fields = all_fields(form)
    values = {id: [table.c[n] for n in column_names(f, field_types) if n != f.key + ORDER] for id, f in fields.items()}
    orders = {id: [table.c[n] for n in column_names(f, field_types) if n == f.key + ORDER] for id, f in fields.items()}
    for id, field in fields.items():
        asked = field.index or (id,) in requested
        if orders[id] and (asked or field.unique):
            _sorted_index(table, [field.key + ORDER], orders[id])
            asked = field.index
        if field.unique and values[id]:
            alive = table.c.deleted_at.is_(None)
            Index(names.short(f"uq_{table.name}_{field.key}"), *values[id], unique=True, sqlite_where=alive, postgresql_where=alive)
        elif values[id] and (asked or (field.value.kind == "record" and not field.system)):
            _sorted_index(table, [field.key], values[id])
    for several in sorted(set(requested)):
        if len(several) > 1 and all(values.get(id) for id in several):
            *held, last = several
            key = fields[last].key + (ORDER if orders[last] else "")
            columns = [column for id in held for column in values[id]] + (orders[last] or values[last])
            _sorted_index(table, [*(fields[id].key for id in held), key], columns)


def _sorted_index(table: Table, keys: list[str], columns: list[Column[Any]]) -> None:
    """Empty stands before all values, as SQLite has it by itself: read backwards it serves `DESC NULLS LAST, id DESC`, too."""
    first = {column.key: "NULLS FIRST" for column in columns}
    Index(names.short(f"ix_{table.name}_{'_'.join(keys)}"), *columns, table.c.id, postgresql_ops=first)
