"""Small forms for these tests, built without YAML, and what else every one of them needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import MetaData, Table, insert, inspect, select, update

import dougong.people.tables  # noqa: F401, every form refers to dg_user
from dougong.expr.scope import Shape
from dougong.expr.tree import Template
from dougong.expr.types import Type, record
from dougong.fields.base import Locale, field_types
from dougong.people.forms import SYSTEM_FORMS
from dougong.spec.form import Field, Form, Option
from dougong.spec.label import Label
from dougong.store.apply import Applied, apply
from dougong.store.engine import Store
from dougong.store.ledger import Release
from dougong.store.physical import bind, read_keys
from dougong.store.plan import Aim, Breaking, Definition, Plan, accepted, make_plan, not_counted
from dougong.store.tables import build_tables


def field(id: str, type: str = "text", *, options: Mapping[str, Any] | None = None, choices: tuple[str, ...] = (), **more: Any) -> Field:
    if choices:
        options = {**(options or {}), "options": {c: c.upper() for c in choices}}
    target = more.get("target", "")
    value = record(target) if type in ("link", "user") else _value(type, options or {})
    named = {c: Option(c, Label(c.upper())) for c in choices}
    return Field(
        id=id, name=Label(f"「{id}」", {"en": id}), type=type, value=value, options=options or {}, choices=named, **{"key": id, **more}
    )


def link(id: str, to: str) -> Field:
    return field(id, "link", options={"to": f"shop.{to}"}, target=f"shop.{to}")


def _value(type: str, options: Mapping[str, Any]) -> Type:
    return field_types[type].value_type(options)


def form(id: str, *fields: Field, app: str = "shop", **more: Any) -> Form:
    return Form(
        id=id, app=app, name=Label(f"「{id}」", {"en": id}), shape=Shape(f"{app}.{id}", id, {}),
        fields={f.id: f for f in fields}, title=Template(), **{"table": f"{app}__{id}", **more},
    )


def forms(*several: Form) -> dict[str, Form]:
    return {f.key: f for f in several}


NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Shop:
    """One app on one database, changed by giving its forms anew. The sources stand for the forms, as YAML would."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.store.prepare()
        self.now: Definition = Definition(SYSTEM_FORMS)
        self.past: dict[str, Definition] = {}

    def plan(self, *after: Form, breaking: Breaking = not_counted) -> Plan:
        with self.store.read() as connection:
            return make_plan(connection, self._aim(Definition({**SYSTEM_FORMS, **forms(*after)}), breaking))

    def change(self, *after: Form, accept: Iterable[str] | None = None, kind: str = "change") -> Applied:
        """`accept` is everything where it isn't given."""
        plan = self.plan(*after)
        release = Release("shop", "1", {"forms": repr(after)} if after else {}, {})
        keys = accepted(plan) if accept is None else list(accept)
        applied = apply(self.store, plan, release, kind=kind, who="王姐", now=NOW, accept=keys)
        self.now = plan.aim.after
        return applied

    def _aim(self, after: Definition, breaking: Breaking) -> Aim:
        return Aim("shop", self.now, after, field_types, Locale(), breaking)

    def table(self, form: str) -> Table:
        """As it is now, by the ledger."""
        return self.tables()[f"shop.{form}"]

    def tables(self) -> dict[str, Table]:
        with self.store.read() as connection:
            bound = bind(self.now.forms, read_keys(connection), field_types)
        return build_tables(bound.forms, field_types, MetaData())

    def column(self, form: str, id: str) -> str:
        with self.store.read() as connection:
            return bind(self.now.forms, read_keys(connection), field_types).forms[f"shop.{form}"].fields[id].key

    def put(self, form: str, **values: Any) -> int:
        with self.store.write() as connection:
            row = connection.execute(insert(self.table(form)).values(uid=str(uuid4()), **values))
            assert row.inserted_primary_key
            return int(row.inserted_primary_key[0])

    def edit(self, form: str, id: int, **values: Any) -> None:
        table = self.table(form)
        with self.store.write() as connection:
            connection.execute(update(table).where(table.c.id == id).values(**values))

    def values(self, form: str, field: str) -> list[Any]:
        """In id order, by the field's id."""
        table = self.table(form)
        with self.store.read() as connection:
            return list(connection.execute(select(table.c[self.column(form, field)]).order_by(table.c.id)).scalars())

    def shape(self) -> dict[str, Any]:
        """All tables, columns and indexes that the database has."""
        with self.store.read() as connection:
            database = inspect(connection)
            tables = [t for t in sorted(database.get_table_names()) if not t.startswith(("words$", "search$", "sqlite_"))]
            columns = {t: [(c["name"], str(c["type"])) for c in database.get_columns(t)] for t in tables}
            return {t: (columns[t], sorted(str(i["name"]) for i in database.get_indexes(t))) for t in tables}
