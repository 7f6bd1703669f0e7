"""A list as CSV, row by row as it is read. What a spreadsheet would take for a formula is made text (THREATS S28)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from dougong.context import Ctx
from dougong.fields.base import field_types
from dougong.records import query
from dougong.records.row import has_columns
from dougong.spec.app import View
from dougong.spec.form import Field, Form
from dougong.web import cells, columns

CHUNK = 500
BYTE_ORDER_MARK = "\ufeff"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def fields(ctx: Ctx, form: Form, view: View | None) -> tuple[Field, ...]:
    """The view's columns in their order; without a view everything that has a value of its own."""
    readable = columns.readable(ctx, form)
    if view and view.columns:
        return tuple(form.fields[name] for name in view.columns if form.fields.get(name) in readable)
    return tuple(f for f in readable if has_columns(f))


def lines(ctx: Ctx, form: Form, wanted: Sequence[Field], asked: query.Query) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _line([f.name.in_(ctx.locale) for f in wanted])
    cursor = ""
    while True:
        page = query.page(ctx, replace(asked, cursor=cursor, limit=CHUNK))
        shared = cells.Page.of(ctx, form, wanted, page.rows)
        yield "".join(_line([_cell(shared, f, row) for f in wanted]) for row in page.rows)
        cursor = page.next
        if not cursor:
            return


def _cell(shared: cells.Page, field: Field, row: dict[str, Any]) -> Any:
    value = row.get(field.id)
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and field.value.kind == "number":
        return value
    if field.value.kind in ("date", "datetime", "time", "json") and not isinstance(value, str):
        written = field_types[field.type].export(field, value)
        return "" if written is None else str(written)
    return shared.cell(field, row).text


def _line(row: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_number(v) if _is_number(v) else neutral(str(v)) for v in row])
    return out.getvalue()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal)


def _number(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def neutral(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would run it; leading blanks and quotes don't hide it."""
    return f"'{text}" if text.lstrip(" \u3000\"'").startswith(DANGEROUS) or text.startswith(("\t", "\r", "\n")) else text
