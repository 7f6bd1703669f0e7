"""Where a formula becomes SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import FromClause

from dougong.expr.python_ground import Env


class HasKey(Protocol):
    @property
    def key(self) -> str: ...


class HasFields(Protocol):
    @property
    def fields(self) -> Mapping[str, HasKey]: ...


@dataclass(frozen=True)
class SqlScope:
    """Where a formula becomes SQL: `row` is the FROM element of the record, `env` answers what reads no row.

    A field's column is named by its physical key (`forms[form].fields[id].key`, else the id); a range has '<key>__from' and
    '<key>__to'. `tables['app.form.field']` is the junction (source, target) of a many-to-many field.
    """

    tables: Mapping[str, FromClause]
    forms: Mapping[str, HasFields]
    form: str
    row: FromClause
    dialect: str
    env: Env

    def key(self, form: str, field: str) -> str:
        """The physical name of a field; what every form has is named by its id."""
        own = self.forms[form].fields.get(field) if form in self.forms else None
        return own.key or field if own else field

    def junction(self, form: str, field: str) -> FromClause | None:
        return self.tables.get(f"{form}.{field}")
