"""The column in which a length of time can be compared: milliseconds, a day counting 24 hours, as formulas compare spans.

Empty for workdays, which compare with nothing. Beside it `__exact` keeps what was written: 3 days are not 72 hours.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

from dougong.expr.types import Span

DAY = 86_400_000


class Length(TypeDecorator[int]):
    """Takes a Span or milliseconds, gives milliseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Span | int | None, dialect: Dialect) -> int | None:
        if isinstance(value, Span):
            return None if value.workdays else value.millis + value.days * DAY
        return value
