"""Exact numbers (SEMANTICS 2): a scale of at most 6, |value| below 10^12, rounded half away from zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

MAX_SCALE = 6
LIMIT = 10**12
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
UNITS = tuple(Decimal(1).scaleb(-scale) for scale in range(MAX_SCALE + 1))

Number = int | Decimal


def decimal_text(text: str) -> Decimal:
    """A plain decimal literal, without the rounding of the ambient context."""
    return EXACT.create_decimal(text)


def fit(value: Number | None, scale: int) -> Number | None:
    """`value` rounded to `scale`: int where that is 0, else Decimal; None where it is too large."""
    if value is None or not -LIMIT < value < LIMIT:
        return None
    if isinstance(value, int):
        return value if scale == 0 else EXACT.quantize(Decimal(value), UNITS[scale])
    rounded = EXACT.quantize(value, UNITS[scale])
    if not -LIMIT < rounded < LIMIT:
        return None
    return int(rounded) if scale == 0 else rounded or rounded.copy_abs()  # there is one zero


def add(a: Number, b: Number, scale: int) -> Number | None:
    return fit(a + b if isinstance(a, int) and isinstance(b, int) else EXACT.add(Decimal(a), Decimal(b)), scale)


def sub(a: Number, b: Number, scale: int) -> Number | None:
    return add(a, -b if isinstance(b, int) else b.copy_negate(), scale)


def mul(a: Number, b: Number, scale: int) -> Number | None:
    return fit(a * b if isinstance(a, int) and isinstance(b, int) else EXACT.multiply(Decimal(a), Decimal(b)), scale)


def div(a: Number, b: Number, scale: int) -> Number | None:
    """Empty where `b` is 0. 80 digits are enough that rounding twice can't differ from rounding once."""
    return fit(EXACT.divide(Decimal(a), Decimal(b)), scale) if b else None


def to_scaled(value: Number | None, scale: int) -> int | None:
    """The integer value · 10**scale that SQLite keeps."""
    if value is None:
        return None
    return value * 10**scale if isinstance(value, int) else int(EXACT.quantize(value, UNITS[scale]).scaleb(scale, EXACT))


def from_scaled(value: int | None, scale: int) -> Number | None:
    """The number that the integer `value` stands for."""
    if value is None or scale == 0:
        return value
    return Decimal(value).scaleb(-scale, EXACT)
