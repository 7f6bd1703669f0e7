"""Any document."""

from __future__ import annotations

from dougong.fields.attached import Attached
from dougong.fields.base import field_types


class File(Attached):
    pass


field_types.register("file")(File())
