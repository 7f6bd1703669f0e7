"""A film."""

from __future__ import annotations

from dougong.fields.base import field_types
from dougong.fields.recorded import Recorded


class Video(Recorded):
    kinds = ("video",)
    size = "100MB"


field_types.register("video")(Video())
