"""Attachments: sent first, then named in a record's values by their uid; read by whoever may read that field of that record."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, Response, g, jsonify, request, stream_with_context
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from dougong.api import doing, view
from dougong.context import Ctx
from dougong.fields.attached import Attached
from dougong.fields.base import field_types
from dougong.files import attachments
from dougong.files.attachments import Limits
from dougong.files.names import disposition
from dougong.problems import Problem, Problems
from dougong.records import rights
from dougong.records.attached import may_read
from dougong.runtime import Runtime
from dougong.spec.form import Field

MOST_BYTES = 128 << 20
CHUNK = 1 << 16


def install(api: Blueprint, runtime: Runtime) -> None:
    @api.post("/<app>/<form>/files/<field>")
    def upload(app: str, form: str, field: str) -> tuple[Response, int]:
        with runtime.read(g.actor, g.locale) as ctx:
            at = _field(ctx, app, form, field)
            kind = field_types[at.type]
        if request.mimetype != "multipart/form-data":
            raise UnsupportedMediaType
        request.max_content_length = MOST_BYTES
        sent = request.files.get("file")
        if sent is None or not isinstance(kind, Attached):
            raise BadRequest
        limits = Limits(kind.kinds, kind.largest(at.options))
        received = attachments.receive(runtime.storage, cast(BinaryIO, sent.stream), sent.filename or "", limits, runtime.clock.now())
        kept = runtime.write(g.actor, lambda ctx: attachments.keep(ctx.connection, received, ctx.actor.user, ctx.now), "api", g.locale)
        return jsonify({"uid": kept.uid, "name": kept.name, "type": kept.type, "size": kept.size}), 201

    @api.get("/files/<uid>")
    def download(uid: str) -> Response:
        with view.view() as ctx:
            found = attachments.get(ctx.connection, uid)
            if found is None or not may_read(ctx, found):
                raise Problems([Problem("attachment-unknown")])
        try:
            stream = attachments.open_bytes(runtime.storage, found)
        except KeyError:
            raise Problems([Problem("attachment-unknown")]) from None
        answer = Response(stream_with_context(iter(lambda: stream.read(CHUNK), b"")), mimetype=found.type)
        answer.call_on_close(stream.close)
        answer.headers["Content-Disposition"] = disposition(found.name, False)
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer


def _field(ctx: Ctx, app: str, form: str, name: str) -> Field:
    at = doing.form_of(ctx, app, form)
    allowed = rights.access(ctx, at.key)
    field = at.fields.get(name)
    open_ = allowed.may("add") or allowed.may("edit")
    if field is None or not isinstance(field_types[field.type], Attached) or allowed.read_only(name) or not open_:
        raise Problems([Problem("no-such-field", {"field": name[:60]}, form=at.key)])
    return field
