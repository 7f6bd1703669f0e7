"""Attachments: sent as soon as they are chosen, read by whoever may see the record they belong to."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, Response, abort, current_app, g, jsonify, request

from dougong.fields.attached import Attached
from dougong.fields.base import field_types
from dougong.files import attachments
from dougong.files.attachments import Limits
from dougong.files.names import disposition
from dougong.files.storage import Storage
from dougong.problems import Problems
from dougong.records.attached import may_read
from dougong.records.rights import access
from dougong.spec.form import Field
from dougong.web import addresses, here, session

page = Blueprint("files", __name__)
EXTENSION = "dougong.files"
CHUNK = 1 << 16
SHOWN = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "audio/mpeg", "audio/mp4", "audio/webm", "audio/ogg", "video/mp4", "video/webm"}
)
"""What a browser may show in our origin; all else is a download (THREATS S24)."""


def storage() -> Storage:
    return cast(Storage, current_app.extensions[EXTENSION])


@page.post("/files")
def upload() -> tuple[Response, int]:
    """One `file` for the `field` of a `form`, kept for its uploader until a record is saved with it."""
    field = _field(request.form.get("form", ""), request.form.get("field", ""))
    kind = field_types[field.type]
    sent = request.files.get("file")
    if sent is None or not isinstance(kind, Attached):
        abort(400)
    limits = Limits(kind.kinds, kind.largest(field.options))
    here.close()
    try:
        received = attachments.receive(
            storage(), cast(BinaryIO, sent.stream), sent.filename or "", limits, session.now(), _watermark(field)
        )
        kept = here.write(lambda ctx: attachments.keep(ctx.connection, received, ctx.actor.user, ctx.now))
    except Problems as problems:
        return jsonify({"message": " ".join(p.sentence(g.locale) for p in problems)}), 422
    thumb = addresses.of_file(kept.uid, True) if kept.thumb else ""
    return jsonify({"uid": kept.uid, "name": kept.name, "url": addresses.of_file(kept.uid), "thumb": thumb}), 201


@page.get("/files/<uuid:uid>")
def download(uid: object) -> Response:
    ctx = here.ctx()
    found = attachments.get(ctx.connection, str(uid))
    if found is None or not may_read(ctx, found):
        abort(404)
    thumb = bool(request.args.get("thumb"))
    try:
        stream = attachments.open_bytes(storage(), found, thumb)
    except KeyError:
        abort(404)
    shown = thumb or found.type in SHOWN
    answer = Response(iter(lambda: stream.read(CHUNK), b""), mimetype="image/jpeg" if thumb and not found.thumb else found.type)
    answer.call_on_close(stream.close)
    answer.headers["Content-Disposition"] = disposition(found.name, shown)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def _field(key: str, name: str) -> Field:
    app, _, id = key.partition(".")
    form = here.form(app, id)
    allowed = access(here.ctx(), form.key)
    field = form.fields.get(name)
    if field is None or allowed.read_only(name) or not (allowed.may("add") or allowed.may("edit")):
        abort(404)
    return field


def _watermark(field: Field) -> tuple[str, ...]:
    """Time and person in the pixels, as far as the field asks for them."""
    wanted = field.options.get("watermark", ())
    workspace = here.runtime().workspace()
    at = session.now().astimezone(workspace.calendar.zone).strftime("%Y-%m-%d %H:%M")
    lines = {"time": at, "person": session.actor().name, "place": request.form.get("place", "")[:60]}
    return tuple(lines[w] for w in wanted if lines.get(w))
