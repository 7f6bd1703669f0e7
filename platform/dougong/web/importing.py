"""Bringing a table in: upload, which column is which field, a rehearsal, the import with its progress, the rows that stayed out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import RowMapping
from werkzeug.wrappers import Response as AnyResponse

from dougong.files.storage import new_key
from dougong.jobs import background
from dougong.problems import Problem, Problems
from dougong.records import importing, importing_job, sheets
from dougong.records.importing import ColumnMapping
from dougong.records.row import columns_of
from dougong.spec.form import Form
from dougong.web import addresses, here, session

page = Blueprint("importing", __name__)
SAMPLES = 3
SHOWN = 50
WAITS = 86_400
"""Seconds that an uploaded table waits for its mapping."""


@page.get("/a/<app>/<id>/import")
def ask(app: str, id: str) -> str:
    return _upload(here.form(app, id, "import"))


@page.post("/a/<app>/<id>/import")
def upload(app: str, id: str) -> str | tuple[str, int]:
    """Keeps the table and shows what its columns could be."""
    form = here.form(app, id, "import")
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _upload(form, [Problem("import-no-file")]), 422
    here.close()
    key, storage = new_key(session.now().date()), here.runtime().storage
    storage.write(key, iter(lambda: sent.stream.read(1 << 16), b""))
    try:
        return _mapping(form, {"file": key, "name": sent.filename[:100]})
    except Problems as problems:
        storage.delete(key)
        return _upload(form, list(problems)), 422


@page.post("/a/<app>/<id>/import/try")
def rehearse(app: str, id: str) -> AnyResponse | tuple[str, int]:
    form = here.form(app, id, "import")
    table = _table(form)
    chosen = {title: request.form.get(f"column.{place}", "") for place, title in enumerate(_titles(table))}
    mapping = ColumnMapping(
        form.key, {t: f for t, f in chosen.items() if f}, request.form.get("key", ""), request.form.get("automations") == "1"
    )
    try:
        importing.check(here.ctx(), mapping, list(chosen))
    except Problems as problems:
        return _mapping(form, table, mapping, list(problems)), 422
    return redirect(_address(form, here.write(lambda ctx: importing_job.submit_kept(ctx, table["file"], mapping, rehearse=True))), 303)


@page.get("/a/<app>/<id>/import/<uuid:job>")
def progress(app: str, id: str, job: object) -> str:
    """Asks again until it is done; then what happened, or would happen."""
    form, row = _job(app, id, str(job))
    connection = here.ctx().connection
    done = row["result"] or {}
    words = {
        "form": form, "job": row, "counts": done or row["progress"],
        "rehearsal": row["args"]["rehearse"], "url": _address(form, row["uid"]),
        "faults": importing_job.faults(connection, row["uid"], SHOWN) if row["state"] == "done" else [], "shown": SHOWN,
        "problems": [Problem(row["problem"]["code"], row["problem"]["args"])] if row["state"] == "dead" else [],
        "list": addresses.of_form(form.key), "again": addresses.of_form(form.key) + "/import",
    }  # fmt: skip
    return render_template("importing/part.html" if here.partial("import") else "importing/progress.html", **words)


@page.post("/a/<app>/<id>/import/<uuid:job>/start")
def start(app: str, id: str, job: object) -> AnyResponse:
    """What was rehearsed, now for good."""
    form, row = _job(app, id, str(job))
    if not row["args"]["rehearse"] or row["state"] != "done":
        abort(404)
    mapping = importing_job.mapping_of(row["args"])
    return redirect(
        _address(form, here.write(lambda ctx: importing_job.submit_kept(ctx, row["args"]["file"], mapping, rehearse=False))), 303
    )


@page.get("/a/<app>/<id>/import/<uuid:job>/errors.csv")
def errors(app: str, id: str, job: object) -> Response:
    form, row = _job(app, id, str(job))
    answer = Response("".join(importing_job.faults_csv(here.ctx().connection, row["uid"])), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{form.id}-errors.csv"'
    return answer


def _upload(form: Form, problems: list[Problem] | None = None) -> str:
    return render_template("importing/upload.html", form=form, problems=problems or [], list=addresses.of_form(form.key))


def _mapping(form: Form, table: Mapping[str, str], mapping: ColumnMapping | None = None, problems: list[Problem] | None = None) -> str:
    titles, samples = _titles(table), _samples(table)
    fields = importing.importable_by(here.ctx(), form)
    chosen = mapping.columns if mapping else importing.guess(form, titles, fields)
    keys = [f for f in fields if f.id in columns_of(form) and f.value.kind in ("text", "number")]
    unique = next((f.id for f in keys if f.unique and f.id in chosen.values()), "")
    columns = [(title, [str(row.get(title, "")) for row in samples], chosen.get(title, "")) for title in titles]
    return render_template(
        "importing/mapping.html", form=form, columns=columns, fields=fields, keys=keys, key=mapping.key if mapping else unique,
        automations=mapping.automations if mapping else False, token=_signer().dumps({**table, "form": form.key, "user": session.me()}),
        problems=problems or [], list=addresses.of_form(form.key), name=table["name"],
    )  # fmt: skip


def _table(form: Form) -> dict[str, str]:
    """The uploaded table that the form names: only the uploader's own, for this form."""
    try:
        told: dict[str, Any] = _signer().loads(request.form.get("table", ""), max_age=WAITS)
    except BadSignature:
        abort(404)
    if told["form"] != form.key or told["user"] != session.me():
        abort(404)
    return {"file": told["file"], "name": told["name"]}


def _titles(table: Mapping[str, str]) -> tuple[str, ...]:
    with importing_job.kept_file(here.runtime().storage, table["file"]) as path:
        return sheets.headers(path)


def _samples(table: Mapping[str, str]) -> list[sheets.Row]:
    with importing_job.kept_file(here.runtime().storage, table["file"]) as path:
        rows = sheets.rows(path)
        return [row for row, _ in zip(rows, range(SAMPLES), strict=False)]


def _job(app: str, id: str, uid: str) -> tuple[Form, RowMapping]:
    form = here.form(app, id, "import")
    row = background.status(here.ctx().connection, uid)
    if row is None or row["name"] != importing_job.NAME or row["actor"] != session.me() or row["args"]["mapping"]["form"] != form.key:
        abort(404)
    return form, row


def _address(form: Form, job: str) -> str:
    return f"{addresses.of_form(form.key)}/import/{job}"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="import")
