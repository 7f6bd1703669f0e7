"""Numbers: rounding and choosing. Results have a scale known when compiled (SEMANTICS 2)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from dougong.expr.functions.base import Face, function
from dougong.expr.numbers import EXACT, Number, fit
from dougong.expr.types import Type, number

Sql = ColumnElement[Any]


def _rounded(args: tuple[Any, ...]) -> Type:
    """round's scale: the constant it names, never more than the argument has."""
    places = args[1].value if len(args) > 1 and isinstance(args[1].value, int) else 0
    return number(max(0, min(places, args[0].type.scale)), args[0].type.unit)


@function("round", "number, integer? -> number", result=_rounded, js=True, example="round(price, 2)",
          postgres=lambda face, x, n=None: func.round(x, face.type.scale),
          zh="四舍五入到几位小数（位数要直接写出）", en="rounded half up to decimals (a plain figure)")  # fmt: skip
def round_(value: Number, places: int = 0) -> Number | None:
    return fit(value, max(0, min(places, 6)))


@function("abs", "number -> first", js=True, sql=lambda face, x: func.abs(x), example="abs(deviation)",
          zh="绝对值", en="without its sign")  # fmt: skip
def abs_(value: Number) -> Number:
    return value if value >= 0 else -value


@function("floor", "number -> integer", js=True, postgres=lambda face, x: func.floor(x), example="floor(score)",
          zh="向下取整", en="the whole number below")  # fmt: skip
def floor(value: Number) -> int:
    return int(Decimal(value).to_integral_value(ROUND_FLOOR))


@function("ceil", "number -> integer", js=True, postgres=lambda face, x: func.ceil(x), example="ceil(days)",
          zh="向上取整", en="the whole number above")  # fmt: skip
def ceil(value: Number) -> int:
    return int(Decimal(value).to_integral_value(ROUND_CEILING))


@function("mod", "number, number -> same", js=True, example="mod(row_number, 2)",
          zh="余数，与除数同号，除以 0 为空", en="what a division leaves, with the divisor's sign")  # fmt: skip
def mod(value: Number, by: Number) -> Number | None:
    if not by:
        return None
    if isinstance(value, int) and isinstance(by, int):
        return value % by
    rest = EXACT.remainder(Decimal(value), Decimal(by))
    return EXACT.add(rest, Decimal(by)) if rest and (rest < 0) != (by < 0) else rest


def _largest(face: Face, *values: Sql) -> Sql:
    return func.greatest(*values, type_=values[0].type) if face.postgres else func.dg_largest(*values, type_=values[0].type)


def _smallest(face: Face, *values: Sql) -> Sql:
    return func.least(*values, type_=values[0].type) if face.postgres else func.dg_smallest(*values, type_=values[0].type)


CHOOSES = "number*... -> same; date*... -> same; datetime|date*... -> same; time*... -> same"


@function("max", CHOOSES, js=True, sql=_largest, example="max(price, floor_price) · max(visits.ended_at)",
          zh="最大的一个，不看空的；对一组记录则取其中最大",
          en="the largest, empty ones aside; of records, the largest among them")  # fmt: skip
def max_(*values: Any) -> Any:
    return max((v for v in values if v is not None), default=None)


@function("min", CHOOSES, js=True, sql=_smallest, example="min(a, b) · min(lines.price)",
          zh="最小的一个，不看空的；对一组记录则取其中最小",
          en="the smallest, empty ones aside; of records, the smallest among them")  # fmt: skip
def min_(*values: Any) -> Any:
    return min((v for v in values if v is not None), default=None)


@function("latest", "date*... -> same; datetime|date*... -> same", js=True, sql=_largest,
          example="latest(max(visits.ended_at), touched_at)", zh="最晚的一个，不看空的", en="the latest, empty ones aside")  # fmt: skip
def latest(*values: Any) -> Any:
    return max_(*values)


@function("earliest", "date*... -> same; datetime|date*... -> same", js=True, sql=_smallest, example="earliest(due, promised)",
          zh="最早的一个，不看空的", en="the earliest, empty ones aside")  # fmt: skip
def earliest(*values: Any) -> Any:
    return min_(*values)
