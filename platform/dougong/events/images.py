"""A record's values as events, history and runs keep them: JSON by field id, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.expr.types import INTEGER, TEXT
from dougong.expr.values import decode, encode
from dougong.spec.form import Form

_PLAIN = {"id": INTEGER, "uid": TEXT, "revision": INTEGER}


def encode_row(form: Form, row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the form only; `id`, `uid` and `revision` come along where the row has them."""
    out = {name: row[name] for name in _PLAIN if name in row}
    return out | {name: encode(row[name], field.value) for name, field in form.fields.items() if name in row}


def decode_row(form: Form, image: Mapping[str, Any]) -> dict[str, Any]:
    """The row that `encode_row` was given; fields that the form no longer has are left out."""
    out = {name: image[name] for name in _PLAIN if name in image}
    return out | {name: decode(image[name], field.value) for name, field in form.fields.items() if name in image}
