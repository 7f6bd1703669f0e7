"""A voice note."""

from __future__ import annotations

from dougong.fields.base import field_types
from dougong.fields.recorded import Recorded


class Audio(Recorded):
    kinds = ("audio",)


field_types.register("audio")(Audio())
