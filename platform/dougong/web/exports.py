"""A list as a file: sent in chunks while it is read, noted before its first byte leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from flask import Response

from dougong.context import Actor
from dougong.records import exporting, query
from dougong.runtime import Runtime
from dougong.spec.form import Field, Form
from dougong.web import here, session

CHUNK = exporting.CHUNK
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def send(form: Form, wanted: query.Query, kind: str, column_ids: Sequence[str] = ()) -> Response:
    """Who may export the form is the caller's to ask; a filter that is refused is refused before the first byte."""
    chosen = exporting.fields(here.ctx(), form, column_ids)
    locale, name = here.ctx().locale, f"{form.id}-{here.reader().today.isoformat()}.{kind}"
    here.write(lambda ctx: exporting.begin(ctx, form, chosen, wanted, kind))
    lines = _csv if kind == "csv" else _xlsx
    answer = Response(lines(here.runtime(), session.actor(), locale, form, chosen, wanted), mimetype=TYPES[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _csv(runtime: Runtime, actor: Actor, locale: str, form: Form, chosen: Sequence[Field], wanted: query.Query) -> Iterator[str]:
    """A view of the database of its own: the request is over before the last line is sent."""
    with runtime.read(actor, locale) as ctx:
        yield from exporting.as_csv(ctx, form, chosen, wanted)


def _xlsx(runtime: Runtime, actor: Actor, locale: str, form: Form, chosen: Sequence[Field], wanted: query.Query) -> Iterator[bytes]:
    """A workbook is whole before its first byte can be sent; it waits in a temporary file."""
    with TemporaryFile() as book:
        with runtime.read(actor, locale) as ctx:
            exporting.as_xlsx(ctx, form, chosen, wanted, cast(BinaryIO, book))
        book.seek(0)
        yield from iter(lambda: book.read(1 << 16), b"")
