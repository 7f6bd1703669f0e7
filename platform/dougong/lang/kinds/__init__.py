"""The words of each kind of document, as literal JSON Schema parts. One file per kind.

`format` says what a text is and how it is compiled; `dispatch` (own keyword) chooses the further options by `type`
or by the first word of the mapping, so that every mistake is reported at its own place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.lang.kinds import app, automation, data, form, role, scenario, texts, view, workflow

KINDS: Mapping[str, Mapping[str, Any]] = {
    "app": app.SCHEMA,
    "form": form.SCHEMA,
    "workflow": workflow.SCHEMA,
    "automation": automation.SCHEMA,
    "view": view.SCHEMA,
    "role": role.SCHEMA,
    "scenario": scenario.SCHEMA,
    "data": data.SCHEMA,
    "texts": texts.SCHEMA,
}
LATER: Mapping[str, tuple[str, ...]] = {"form": ("limits", "shared")}
"""Keys that the language will have, by kind."""
LATER_IN_FIELDS = ("pick", "locked_when")
"""Options that fields will have."""
RESERVED = ("dashboard", "report", "approval", "document", "overlay")
