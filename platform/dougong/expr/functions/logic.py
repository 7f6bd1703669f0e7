"""Functions that the tree runs itself, for their documentation, and the choice of the first that is filled."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func

from dougong.expr.functions.base import Face, function, special


def _first(face: Face, *values: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(*values, type_=values[0].type) if len(values) > 1 else values[0]


ONE_KIND = ("number", "text|choice", "date", "datetime|date", "time", "record", "file", "span")


@function("first_of", "; ".join(f"{kind}*... -> same" for kind in ONE_KIND), js=True, sql=_first, example="first_of(nickname, name)",
          zh="第一个不为空的", en="the first that isn't empty")  # fmt: skip
def first_of(*values: Any) -> Any:
    return next((v for v in values if v is not None), None)


special("if", "condition, value, value", example="if(amount > 1000, 'big', 'small')",
        zh="条件成立取第二个，否则取第三个", en="the second where the condition holds, else the third")  # fmt: skip
special("changed", "field", example="changed(owner)", zh="这次保存是否改了这个字段", en="whether this save changes the field")
special("contains", "text, text · list, item", example="contains(note, '报价')",
        zh="是否含有，也可写 note contains '报价'", en="as in: note contains 'price'")  # fmt: skip
special("count", "records, condition? · list", example="count(visits, kind == 'first')",
        zh="有几条记录，或列表有几项", en="how many records, or items of a list")  # fmt: skip
special("count_distinct", "records.field, condition?", example="count_distinct(visits.kind)",
        zh="有几种不同的值", en="how many different values")  # fmt: skip
special("sum", "records, value, condition? · records.field, condition?", example="sum(lines, qty * price)",
        zh="合计，没有记录为 0", en="the total; 0 of nothing")  # fmt: skip
special("avg", "records, value, condition? · records.field, condition?", example="avg(visits.score)",
        zh="平均值，没有记录为空", en="the average; empty of nothing")  # fmt: skip
special("last", "records, count?, order?", example="last(visits, 2) · last(visits).kind",
        zh="最后几条；不写条数则是最后那一条", en="the last records, or the last one")  # fmt: skip
special("first", "records, count?, order?", example="first(visits).created_at", zh="最早几条；不写条数则是最早那一条",
        en="the first records, or the first one")  # fmt: skip
special("where", "records, condition", example="last(where(visits, kind == 'demo')).ended_at",
        zh="只看满足条件的记录", en="only the records for which the condition holds")  # fmt: skip
