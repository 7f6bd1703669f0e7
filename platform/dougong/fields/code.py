"""What a bar or QR code says: scanned, or typed from below the bars."""

from __future__ import annotations

from dougong.fields.base import field_types
from dougong.fields.textual import Textual


class Code(Textual):
    input_type = "scan"
    limit = 300


field_types.register("code")(Code())
