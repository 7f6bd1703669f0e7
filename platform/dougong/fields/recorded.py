"""What voice and film share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dougong.fields.attached import Attached
from dougong.fields.options import Schema, option


class Recorded(Attached):
    schema: ClassVar[Schema] = {
        **Attached.schema,
        "at_most": option(
            "最长 | At most", "录到这么长自动停，如 15s、2m | Recording stops by itself after this long, e.g. 15s, 2m",
            type="string", pattern="^[1-9][0-9]{0,3} ?[sm]$",
        ),
    }  # fmt: skip
    widget = "recording"

    def seconds(self, options: Mapping[str, Any]) -> int | None:
        """When the recorder stops by itself."""
        limit = options.get("at_most")
        return int(limit[:-1]) * (60 if limit.endswith("m") else 1) if limit else None
