"""Moving the columns of a field, or its table of pairs, out of the way and back."""

from __future__ import annotations

from dataclasses import replace

from dougong.spec.form import Field, Form
from dougong.store import ddl, names, physical, staged
from dougong.store.changes.base import Work
from dougong.store.physical import Key
from dougong.store.tables import column_names, is_junction


def add_place(work: Work, form: Form, field: Field) -> None:
    """Empty columns, or an empty table of pairs; or those whose values stand ready."""
    table = work.tables[form.key]
    if work.is_ready(form, field.id):
        staged.take_free_places(work.connection, table, column_names(field, work.types))
        return
    if is_junction(field, work.types):
        ddl.create_junction(work.connection, work.tables[f"{form.key}.{field.id}"])
    for name in column_names(field, work.types):
        ddl.add_column(work.connection, table.c[name])


def set_aside(work: Work, key: Key, table: str) -> Key:
    """The key as it is now. `table` is the form's."""
    if key.junction:
        away = names.aside(work.number, key.table)
        ddl.move_junction(work.connection, key.table, away)
        physical.change_key(work.connection, key.id, table=away, state="aside", since=work.now)
        return replace(key, table=away, state="aside")
    name = names.aside(work.number, key.column)
    for suffix in key.suffixes:
        ddl.rename_column(work.connection, table, key.column + suffix, name + suffix)
    physical.change_key(work.connection, key.id, column=name, state="aside", since=work.now)
    return replace(key, column=name, state="aside")


def bring_back(work: Work, key: Key, form: Form, field: Field) -> None:
    """Under the name that the field is bound to."""
    table = names.junction(form.table, field.key) if key.junction else form.table
    if key.junction:
        ddl.move_junction(work.connection, key.table, table, *work.tables[f"{form.key}.{field.id}"].indexes)
    for suffix in key.suffixes:
        ddl.rename_column(work.connection, table, key.column + suffix, field.key + suffix)
    if work.is_ready(form, field.id):
        staged.take_places(work.connection, work.tables[form.key], column_names(field, work.types))
    known = list(dict.fromkeys([*key.names, field.id]))
    physical.change_key(
        work.connection, key.id, form=form.id, field=field.id, names=known, table=table, column=field.key, state="live", since=work.now
    )
