"""A person who works here."""

from __future__ import annotations

from dougong.fields.base import field_types
from dougong.fields.linking import Linking


class User(Linking):
    target = "user"


field_types.register("user")(User())
