"""Which table and column a form and a field have, whatever they are called by now (SEMANTICS 10: physical keys)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from dougong.fields.base import FieldType
from dougong.spec.form import Field, Form
from dougong.spec.system import SYSTEM_FIELDS
from dougong.store import names, system
from dougong.store.tables import all_fields, is_junction, stored_columns

State = Literal["live", "aside"]


@dataclass(frozen=True)
class Key:
    """One row of dg_column: a form's (`field` is '', `parent` None) or a field's (`parent` is its form's row)."""

    id: int
    parent: int | None
    app: str
    form: str
    field: str
    names: tuple[str, ...]
    table: str
    column: str
    suffixes: tuple[str, ...]
    type: str
    state: State

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.column + suffix for suffix in self.suffixes)

    @property
    def taken(self) -> tuple[str, ...]:
        """Names that nothing else in the form may have; a junction's is part of its table's."""
        return self.columns or (self.column,)

    @property
    def junction(self) -> bool:
        return bool(self.field) and not self.suffixes


@dataclass(frozen=True)
class Bound:
    """Forms with their physical names, and the keys that they had before, by form key and by (form key, field id)."""

    forms: Mapping[str, Form]
    form_keys: Mapping[str, Key]
    field_keys: Mapping[tuple[str, str], Key]


def read_keys(connection: Connection) -> tuple[Key, ...]:
    rows = connection.execute(select(system.column).order_by(system.column.c.id)).mappings()
    return tuple(_key(dict(row)) for row in rows)


def bind(forms: Mapping[str, Form], keys: Iterable[Key], types: Mapping[str, FieldType]) -> Bound:
    """`forms` with `table` and `key` as the ledger has them; what it doesn't know gets a free name.

    An id leads to what is live under it; else, renamed by `was` or back to an id it once had, to what is live and no longer
    called for; else, for a form, to what was set aside.
    """
    keys = tuple(keys)
    own = {key: form for key, form in forms.items() if not is_system(form)}
    found = _match_forms(own, forms, keys)
    taken = {k.table for k in keys} | set(system.metadata.tables)
    bound, field_keys = dict(forms), dict[tuple[str, str], Key]()
    for key, form in own.items():
        known = found.get(key)
        if known is not None and known.state == "live":
            table = known.table
        else:
            table = names.free(names.form_table(form), taken)
            taken.add(table)
        fields, matched = _bind_fields(form, [k for k in keys if known and k.parent == known.id], types)
        bound[key] = replace(form, table=table, fields={id: fields[id] for id in form.fields})
        field_keys |= {(key, id): k for id, k in matched.items()}
    _name_lines(bound)
    return Bound(bound, found, field_keys)


def _name_lines(bound: dict[str, Form]) -> None:
    """Lines have no column; what is kept of them goes by their table, whose name stays."""
    for child in list(bound.values()):
        if child.lines_of and child.lines_of[0] in bound:
            parent, id = bound[child.lines_of[0]], child.lines_of[1]
            named = {**parent.fields, id: replace(parent.fields[id], key=names.lines(child.table))}
            bound[parent.key] = replace(parent, fields=named)


def is_system(form: Form) -> bool:
    """Whether the form's table is one of our own, which its part declares and no app changes."""
    return not form.app or form.table in system.metadata.tables


def description(field: Field, forms: Mapping[str, Form], types: Mapping[str, FieldType]) -> str:
    """How values are stored, '' where none are: two fields of one description can exchange their columns.

    'money(scaled 2)', 'link(biginteger) -> sales__customer'. In our words, not a library's: the ledger compares it over years.
    """
    columns = stored_columns(field, types)
    if not columns and not is_junction(field, types):
        return ""
    kinds = ", ".join(f"{c.suffix} {type(c.type).__name__.lower()} {getattr(c.type, 'scale', '')}".strip() for c in columns)
    target = forms.get(field.target)
    arrow = f" -> {target.table}" if target else ""
    return f"{field.type}({kinds}){arrow}{' computed' if field.computed else ''}"


def add_key(connection: Connection, now: datetime, **values: Any) -> int:
    """A new live row; its id."""
    row = connection.execute(insert(system.column).values(state="live", since=now, **values))
    assert row.inserted_primary_key
    return int(row.inserted_primary_key[0])


def add_field_key(
    connection: Connection, now: datetime, parent: int, form: Form, field: Field, forms: Mapping[str, Form], types: Mapping[str, FieldType]
) -> None:
    """The key of a bound field; none where nothing is stored."""
    stored = description(field, forms, types)
    if stored:
        junction = is_junction(field, types)
        add_key(
            connection, now, parent=parent, app=form.app, form=form.id, field=field.id, names=[field.id],
            table=names.junction(form.table, field.key) if junction else form.table, column=field.key,
            suffixes=[c.suffix for c in stored_columns(field, types)], type=stored,
        )  # fmt: skip


def change_key(connection: Connection, id: int, **values: Any) -> None:
    connection.execute(update(system.column).where(system.column.c.id == id).values(**values))


def _key(row: dict[str, Any]) -> Key:
    row |= {"names": tuple(row["names"]), "suffixes": tuple(row["suffixes"])}
    return Key(**{name: row[name] for name in Key.__dataclass_fields__})


def _match_forms(own: Mapping[str, Form], forms: Mapping[str, Form], keys: tuple[Key, ...]) -> dict[str, Key]:
    out: dict[str, Key] = {}
    for app in {form.app for form in own.values()}:
        mine = [k for k in keys if k.app == app and not k.field]
        called = {form.id: _former_ids(form, forms) for form in own.values() if form.app == app}
        live = _match(called, [k for k in mine if k.state == "live"], lambda k: k.form)
        for id, former in called.items():
            aside = [k for k in mine if k.state == "aside" and {id, *former} & set(k.names)]
            key = live.get(id) or (max(aside, key=lambda k: k.id) if aside else None)
            if key:
                out[f"{app}.{id}"] = key
    return out


def _former_ids(form: Form, forms: Mapping[str, Form]) -> set[str]:
    """By `was`; lines are named after their form and field, either of which may have been renamed."""
    if not form.lines_of:
        return {form.was} - {""}
    parent = forms[form.lines_of[0]]
    field = parent.fields[form.lines_of[1]]
    return {f"{p}_{f}" for p in (parent.id, parent.was) for f in (field.id, field.was) if p and f} - {form.id}


def _bind_fields(form: Form, keys: list[Key], types: Mapping[str, FieldType]) -> tuple[dict[str, Field], dict[str, Key]]:
    fields = all_fields(form)
    called = {f.id: {f.was} - {""} for f in fields.values()}
    found = _match(called, [k for k in keys if k.state == "live"], lambda k: k.field)
    system_ids = {f.id for f in SYSTEM_FIELDS}
    taken = {column for k in keys for column in k.taken}
    out = {}
    for field in fields.values():
        suffixes = [c.suffix for c in stored_columns(field, types)] or [""]
        known = found.get(field.id)
        others = taken - set(known.taken) if known else taken | names.RESERVED | (system_ids - {field.id})
        name = names.free(known.column if known else field.id, others, suffixes)
        taken |= {name + suffix for suffix in suffixes}
        out[field.id] = replace(field, key=name)
    return out, found


def _match(called: Mapping[str, set[str]], live: list[Key], id_of: Callable[[Key], str]) -> dict[str, Key]:
    """id → its key: the one that bears it, else one that nobody calls for any more and that bears or bore a former id or this."""
    out = {id_of(k): k for k in live if id_of(k) in called}
    left = [k for k in live if id_of(k) not in called]
    for wanted in (lambda id: called[id], lambda id: {id}):  # what a template says goes before what the ledger remembers
        for id in [i for i in called if i not in out]:
            key = next((k for k in left if wanted(id) & set(k.names)), None)
            if key:
                out[id] = key
                left.remove(key)
    return out
