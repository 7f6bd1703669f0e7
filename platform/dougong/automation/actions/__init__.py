"""The actions. Importing this fills the registry."""

from dougong.automation.actions import (
    assign,
    attach,
    create,
    document,
    move,
    score,
    set_fields,
    task,
    tell,
    update_related,
    webhook,
)
from dougong.automation.actions.base import actions

__all__ = [
    "actions", "assign", "attach", "create", "document", "move", "score", "set_fields", "task", "tell", "update_related", "webhook",
]
