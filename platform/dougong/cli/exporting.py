"""`dougong export`: a form's records as a file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import click

from dougong.cli.opened import opened
from dougong.cli.say import locale, say
from dougong.context import SYSTEM
from dougong.problems import Problem, Problems, suggest
from dougong.records import exporting
from dougong.records.asking import filter_of
from dougong.records.query import Query
from dougong.runtime import Runtime


@click.command()
@click.argument("form")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FIELD:OPERATOR:VALUE",
    help="只要符合的记录；可以写几次 | Only records for which this holds; may be given again.",
)
@click.option("--fields", metavar="A,B", help="只要这些字段，按这个顺序 | Only these fields, in this order.")
def export(form: str, file: Path, filters: tuple[str, ...], fields: str | None) -> None:
    """把 FORM 的记录写进 FILE：CSV，文件名是 .xlsx 就写 xlsx。 |
    Write the records of FORM into FILE: CSV, or xlsx by its name.

    Example: dougong export sales.visit visits.xlsx --filter kind:eq:demo
    """
    with opened() as runtime:
        asked = Query(form, tuple(map(filter_of, filters)))
        write_form(runtime, form, file, asked, tuple(f.strip() for f in (fields or "").split(",") if f.strip()))
    click.echo(say(f"已写入 {file}", f"written to {file}"))


def write_form(runtime: Runtime, form: str, file: Path, asked: Query, wanted: tuple[str, ...] = ()) -> None:
    """As the system: whoever has the command line has the data. Raises Problems."""
    format = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
    forms = runtime.workspace().forms
    if form not in forms:
        raise Problems([Problem("no-such-form", {"form": form}, suggestion=suggest(form, forms))])
    with runtime.transaction(SYSTEM, locale=locale()) as ctx:
        chosen = exporting.fields(ctx, ctx.workspace.forms[form], wanted)
        exporting.begin(ctx, ctx.workspace.forms[form], chosen, asked, format)
    file.parent.mkdir(parents=True, exist_ok=True)
    with runtime.read(SYSTEM, locale()) as ctx:
        if format == "xlsx":
            out = io.BytesIO()
            exporting.as_xlsx(ctx, ctx.workspace.forms[form], chosen, asked, out)
            file.write_bytes(out.getvalue())
        else:
            with file.open("w", encoding="utf-8", newline="") as target:
                target.writelines(exporting.as_csv(ctx, ctx.workspace.forms[form], chosen, asked))


def write_forms(runtime: Runtime, app: str, folder: Path) -> Iterator[Path]:
    """Every form of the app, its lines included, as CSV."""
    for form in runtime.workspace().apps[app].forms.values():
        path = folder / f"{form.id}.csv"
        write_form(runtime, form.key, path, Query(form.key))
        yield path
