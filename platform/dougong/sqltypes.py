"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

json_text = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Id = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER is SQLite's rowid


class Instant(TypeDecorator[datetime]):
    """UTC to the millisecond: `timestamptz` on PostgreSQL, integer milliseconds since 1970 on SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return to_epoch_millis(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """A page has hundreds of instants, so each costs one call."""
        return _from_sqlite if dialect.name == "sqlite" else _from_postgresql


class Scaled(TypeDecorator[Decimal]):
    """An exact decimal with a fixed scale: NUMERIC on PostgreSQL, integer · 10**scale on SQLite, where NUMERIC is a float."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = BigInteger() if dialect.name == "sqlite" else Numeric(18, self.scale)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return int(Decimal(value).scaleb(self.scale))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        exact = Decimal(value).scaleb(-self.scale) if dialect.name == "sqlite" else Decimal(value)
        return exact.quantize(Decimal(1).scaleb(-self.scale))


class Json(TypeDecorator[Any]):
    """A JSON value as text, Chinese readable, keys in order, so that equal values are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def _from_sqlite(value: Any) -> datetime | None:
    return None if value is None else from_epoch_millis(value)


def _from_postgresql(value: Any) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def to_epoch_millis(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def from_epoch_millis(millis: int) -> datetime:
    return EPOCH + timedelta(milliseconds=millis)
