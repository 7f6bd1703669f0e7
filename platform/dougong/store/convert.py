"""Values of one field type as values of another, through what both can write and read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, column, or_, select, table

from dougong.fields.base import FieldType, Locale, Refused
from dougong.spec.form import Field
from dougong.sqltypes import Id
from dougong.store.tables import stored_columns

Types = Mapping[str, FieldType]
_RECORDS = ("record", "records")


@dataclass(frozen=True)
class Converted:
    """`value` is empty where it can't be said in the new type; `exact` is False where something was lost on the way."""

    value: Any
    exact: bool


@dataclass(frozen=True)
class Converter:
    old: Field
    new: Field
    types: Types
    locale: Locale

    def __call__(self, value: Any) -> Converted:
        """Never called with an empty value. A secret is neither made of something that was readable nor made readable."""
        if self.types[self.old.type].sealed or self.types[self.new.type].sealed:
            return Converted(None, exact=False)
        for raw in self._written(self.old, value):
            taken = self._taken(self.new, raw)
            if taken is not None:
                return Converted(taken, self.old.value.kind == "text" or self._same(value, taken))
        return Converted(None, exact=False)

    def _written(self, field: Field, value: Any) -> Iterator[Any]:
        """In words first where the value is an option's id: a text should read as people know it."""
        type_ = self.types[field.type]
        if field.value.kind in _RECORDS or (field.value.of and field.value.of.kind in _RECORDS):
            return
        exported, shown = type_.export(field, value), type_.display(field, value, self.locale)
        yield from (shown, exported) if field.choices and not self.new.choices else (exported, shown)

    def _taken(self, field: Field, raw: Any) -> Any:
        """What the type makes of it; None where it refuses."""
        type_ = self.types[field.type]
        if field.value.kind in _RECORDS or (field.value.of and field.value.of.kind in _RECORDS):
            return None
        if type_.read_only:
            return raw if field.value.kind == "text" and isinstance(raw, str) else None
        try:
            value = type_.parse(field, raw, self.locale)
            if type_.is_empty(value):
                return None
            type_.check(field, value)
        except Refused:
            return None
        return value

    def _same(self, value: Any, taken: Any) -> bool:
        """Whether the way back leads to the value that it began with."""
        return any(self._taken(self.old, raw) == value for raw in self._written(self.new, taken))


def is_lost(field: Field, types: Types, value: Any, locale: Locale) -> bool:
    """Whether `field` would refuse this value of its own, or no longer has the option."""
    type_ = types[field.type]
    chosen = value if isinstance(value, tuple) else (value,)
    if field.choices:
        return any(c not in field.choices for c in chosen)
    try:
        type_.check(field, value)
    except Refused:
        return True
    return False


def values(
    connection: Connection,
    where: str,
    fields: Mapping[str, tuple[Field, str]],
    types: Types,
    live: bool = False,
    after: int = 0,
    last: int | None = None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(id, values) of each row of the table `where` in which one of `fields` isn't empty, in id order, 2 000 at a time.

    `fields` maps a name of the caller's choice to a field and the physical key under which its columns stand.
    `live` leaves deleted records out; only rows behind the id `after`, up to the id `last`.
    """
    parts = {name: [column(key + c.suffix, c.type) for c in stored_columns(field, types)] for name, (field, key) in fields.items()}
    columns = [c for part in parts.values() for c in part]
    source = table(where, column("id", Id), column("deleted_at"), *columns)
    filled = or_(*(c.is_not(None) for c in columns))
    if live:
        filled = and_(filled, source.c.deleted_at.is_(None))
    if last is not None:
        filled = and_(filled, source.c.id <= last)
    while True:
        query = select(source.c.id, *columns).where(filled, source.c.id > after).order_by(source.c.id).limit(2_000)
        rows = connection.execute(query).all()
        for row in rows:
            rest, out = list(row[1:]), {}
            for name, part in parts.items():
                out[name] = types[fields[name][0].type].from_columns(fields[name][0], tuple(rest[: len(part)]))
                rest = rest[len(part) :]
            yield row[0], out
        if len(rows) < 2_000:
            return
        after = rows[-1][0]
