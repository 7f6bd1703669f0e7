"""A team of the workspace."""

from __future__ import annotations

from dougong.fields.base import field_types
from dougong.fields.linking import Linking


class Team(Linking):
    target = "team"


field_types.register("team")(Team())
