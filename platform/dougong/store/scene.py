"""What the search for changes looks at: the database as it is, and the forms before and after, with their physical names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Boolean, ColumnElement, Connection, Table, Text, column, distinct, func, or_, select, table, true

from dougong.expr.scope import Shape
from dougong.expr.tree import Expr, Template
from dougong.expr.types import TEXT
from dougong.fields.base import FieldType, Locale
from dougong.spec.form import Field, Form
from dougong.spec.label import Label
from dougong.store.physical import Bound, Key
from dougong.store.tables import all_fields


@dataclass(frozen=True)
class Scene:
    """Only what belongs to `app` is compared. `tables` are those afterwards."""

    connection: Connection
    app: str
    keys: tuple[Key, ...]
    before: Bound
    after: Bound
    tables: Mapping[str, Table]
    types: Mapping[str, FieldType]
    locale: Locale
    breaking: Callable[[Connection, Form, Expr], int | None]

    def members(self, form: Key) -> tuple[Key, ...]:
        """The live fields of that form."""
        return tuple(k for k in self.children(form) if k.state == "live")

    def children(self, form: Key) -> tuple[Key, ...]:
        """All its fields, those set aside included."""
        return tuple(k for k in self.keys if k.parent == form.id)

    def old_form(self, form: Key) -> Form | None:
        """As it was defined; None for one that stands aside."""
        return self.before.forms.get(f"{form.app}.{form.form}") if form.state == "live" else None

    def old_field(self, form: Key, field: Key) -> Field | None:
        old = self.old_form(form)
        return all_fields(old).get(field.field) if old else None

    def gone_form(self, form: Key) -> Form:
        """As it was defined, or what the ledger knows of it, where the app was broken before."""
        shape = Shape(f"{form.app}.{form.form}", form.form, {})
        bare = Form(form.form, form.app, Label(form.form), shape, {}, Template(), table=form.table)
        return self.old_form(form) or bare

    def gone_field(self, form: Key, field: Key) -> Field:
        bare = Field(field.field, Label(field.field), field.type.partition("(")[0], TEXT, key=field.column)
        return self.old_field(form, field) or bare

    def rows(self, form: Key) -> int:
        return self.connection.execute(select(func.count()).select_from(table(form.table))).scalar_one()

    def filled(self, form: Key, field: Key, kind: str = "") -> int:
        """How many rows have a value there, deleted ones included; of a yes/no field, how many say yes. `kind` is the value's."""
        if field.junction:
            pairs = table(field.table, column("source"))
            return self.connection.execute(select(func.count(distinct(pairs.c.source)))).scalar_one()
        tests: list[ColumnElement[bool]] = []
        for name in field.columns:
            match kind:
                case "yes_no":
                    tests.append(column(name, Boolean) == true())
                case "list":
                    tests.append(column(name, Text) != "[]")
                case _:
                    tests.append(column(name).is_not(None))
        return self.connection.execute(select(func.count()).select_from(table(form.table)).where(or_(*tests))).scalar_one()
