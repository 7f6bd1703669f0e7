"""Whole numbers: counts, quantities."""

from __future__ import annotations

from dougong.fields.base import field_types
from dougong.fields.numeric import Numeric


class Integer(Numeric):
    pass


field_types.register("integer")(Integer())
