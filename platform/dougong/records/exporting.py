"""Lists as CSV and xlsx, read in chunks with the reader's rights; taken back by an import they give the same values.

What a spreadsheet would take for a formula is made text (THREATS S28); numbers stay numbers. Who took what out is kept in dg_export.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from sqlalchemy import Column, Integer, Table, Text, insert

from dougong.context import Ctx
from dougong.fields.base import Locale, field_types
from dougong.problems import Problem, Problems
from dougong.records import query, rights
from dougong.records.present import covered
from dougong.records.references import naming, target_of, title_field
from dougong.records.row import has_columns
from dougong.records.sheets import neutral
from dougong.records.titles import titles
from dougong.spec.form import Field, Form
from dougong.sqltypes import Id, Instant, Json
from dougong.store.system import metadata

CHUNK = 500
BYTE_ORDER_MARK = "\ufeff"
IN_WORDS = frozenset({"choice", "yes_no"})
"""Kinds that a person reads and an import understands by their names."""
DATE_FORMAT, INSTANT_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"

export_table = Table(
    "dg_export",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Id),
    Column("actor_name", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("fields", Json, nullable=False),
    Column("filters", Json, nullable=False),
    Column("format", Text, nullable=False),
    Column("rows", Integer, nullable=False),  # 10 000 stands for more
)


def fields(ctx: Ctx, form: Form, wanted: Sequence[str] = ()) -> tuple[Field, ...]:
    """The fields `wanted` that the reader may know of; without any, all that have a value of their own, as the layout has them."""
    order = [name for section in form.layout for name in section.fields] + list(form.fields)
    known = [form.fields[name] for name in dict.fromkeys(wanted or order) if name in form.fields]
    return tuple(
        f for f in known if has_columns(f) and not covered(ctx, form, f) and (form.workflow or f.id not in ("stage", "stage_since"))
    )


def begin(ctx: Ctx, form: Form, chosen: Sequence[Field], asked: query.Query, format: str) -> None:
    """Notes who takes what out, in a write transaction. Raises Problems `may-not-export`, and what the query is refused for."""
    if not rights.access(ctx, form.key).may("export"):
        raise Problems([Problem("may-not-export", {"form": {"zh": form.name.in_("zh"), "en": form.name.in_("en")}}, form=form.key)])
    query.page(ctx, replace(asked, limit=1, cursor=""))
    rows = query.count(ctx, asked).number
    filters = [[f.field, f.op, f.value] for f in asked.filters] + ([["", "search", asked.search]] if asked.search else [])
    ctx.connection.execute(insert(export_table).values(
        at=ctx.now, actor=ctx.actor.user, actor_name=ctx.actor.name, form=form.key, fields=[f.id for f in chosen], filters=filters,
        format=format, rows=rows,
    ))  # fmt: skip


def as_csv(ctx: Ctx, form: Form, chosen: Sequence[Field], asked: query.Query) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _line([f.name.in_(ctx.locale) for f in chosen])
    for rows in _chunks(ctx, form, chosen, asked):
        yield "".join(_line([_text(f, value) for f, value in zip(chosen, row, strict=True)]) for row in rows)


def as_xlsx(ctx: Ctx, form: Form, chosen: Sequence[Field], asked: query.Query, out: BinaryIO) -> None:
    """Row after row through a temporary file: memory doesn't grow with the table."""
    import xlsxwriter  # type: ignore[import-untyped]  # only who takes a table out needs it

    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    )
    sheet = book.add_worksheet()
    quoted = book.add_format({"quote_prefix": True})
    formats = [_format(book, f) for f in chosen]
    for column, f in enumerate(chosen):
        sheet.write_string(0, column, f.name.in_(ctx.locale), quoted if neutral(f.name.in_(ctx.locale)) != f.name.in_(ctx.locale) else None)
    number = 0
    for rows in _chunks(ctx, form, chosen, asked):
        for row in rows:
            number += 1
            for column, (f, value) in enumerate(zip(chosen, row, strict=True)):
                _write(ctx, sheet, (number, column), f, value, (formats[column], quoted))
    book.close()


def _chunks(ctx: Ctx, form: Form, chosen: Sequence[Field], asked: query.Query) -> Iterator[list[list[Any]]]:
    """Rows of cells: numbers, dates and instants as values, the rest as text, None for empty."""
    cursor = ""
    while True:
        page = query.page(ctx, replace(asked, cursor=cursor, limit=CHUNK))
        names = {target: _names(ctx, target, found) for target, found in _ids(chosen, page.rows).items()}
        yield [[_cell(ctx, f, row.get(f.id), names) for f in chosen] for row in page.rows]
        cursor = page.next
        if not cursor:
            return


def _ids(chosen: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> dict[str, set[int]]:
    out: dict[str, set[int]] = {}
    for f in chosen:
        if target := target_of(f):
            out.setdefault(target, set()).update(id for row in rows for id in _listed(row.get(f.id)))
    return out


def _listed(value: Any) -> tuple[int, ...]:
    return tuple(v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, int) and not isinstance(v, bool))


def _names(ctx: Ctx, target: str, ids: set[int]) -> Mapping[int, str]:
    """What an import finds the records by: the title where it is one field, else a number or another naming field."""
    form = ctx.workspace.forms[target]
    title = titles(ctx, target, ids)
    known = naming(ctx, form)
    single = title_field(form)
    if not known or single in known or target == "user":
        return title
    found = query.by_ids(ctx, target, sorted(title))
    return {row["id"]: next((str(row[name]) for name in known if row.get(name)), title[row["id"]]) for row in found}


def _cell(ctx: Ctx, field: Field, value: Any, names: Mapping[str, Mapping[int, str]]) -> Any:
    kind = field.value.kind
    if value is None or value == ():
        return None
    if target := target_of(field):
        return "、".join(names[target][id] for id in _listed(value) if id in names[target]) or None
    if isinstance(value, str) and kind not in ("text", "choice", "time", "file"):
        return value  # masked: already words
    if kind in ("number", "date", "datetime") and isinstance(value, int | Decimal | date):
        return value
    locale = Locale(ctx.locale, ctx.workspace.calendar, ctx.workspace.currency)
    if kind in IN_WORDS or (field.value.of is not None and field.value.of.kind in IN_WORDS):
        return field_types[field.type].display(field, value, locale)
    written = field_types[field.type].export(field, value)
    if isinstance(written, list) and all(isinstance(item, str) for item in written):
        return "、".join(written) if field.type == "tags" else ", ".join(written)
    return written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)


def _text(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date) or (isinstance(value, Decimal) and field.value.unit == "percent"):
        return str(field_types[field.type].export(field, value))
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return neutral(str(value))


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _format(book: Any, field: Field) -> Any:
    if field.value.kind == "date":
        return book.add_format({"num_format": DATE_FORMAT})
    if field.value.kind == "datetime":
        return book.add_format({"num_format": INSTANT_FORMAT})
    if field.value.unit == "percent":
        return book.add_format({"num_format": "0." + "0" * max(1, field.value.scale - 2) + "%"})
    return book.add_format(
        {"num_format": "0" + ("." + "0" * field.value.scale if field.value.scale else "")} if field.value.kind == "number" else {}
    )


def _write(ctx: Ctx, sheet: Any, at: tuple[int, int], field: Field, value: Any, formats: tuple[Any, Any]) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(*at, value.astimezone(ctx.workspace.calendar.zone).replace(tzinfo=None), formats[0])
    elif isinstance(value, date):
        sheet.write_datetime(*at, value, formats[0])
    elif isinstance(value, int | Decimal) and len(str(abs(value)).replace(".", "")) <= 15:  # what a spreadsheet's number holds exactly
        sheet.write_number(*at, value, formats[0])
    elif value is not None:
        sheet.write_string(*at, str(value), formats[1] if neutral(str(value)) != str(value) else None)
