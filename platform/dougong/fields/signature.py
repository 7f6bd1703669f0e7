"""A signature drawn with the finger, kept as a picture."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.attached import Attached
from dougong.fields.base import field_types
from dougong.fields.options import Schema


class Signature(Attached):
    schema: ClassVar[Schema] = {}
    widget = "signature"
    kinds = ("image",)
    size = "1MB"


field_types.register("signature")(Signature())
