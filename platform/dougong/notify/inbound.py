"""Webhooks that come in: which ones the apps declare, and the secret that an administrator gave to the sender."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from dougong.notify.connections import Connected, connect, connected, disconnect
from dougong.spec.app import Workspace

KIND = "inbound"
PREFIX = "hook:"
"""Before 'app.webhook' in the name of the connection; no template can write such a name by accident."""


def declared(workspace: Workspace) -> dict[str, str]:
    """'app.webhook' → the name of the first automation that listens to it."""
    out: dict[str, str] = {}
    for app in workspace.apps.values():
        for automation in app.automations.values():
            if automation.on.kind == "received":
                out.setdefault(f"{app.id}.{automation.on.options['received']}", automation.name.in_(workspace.locale))
    return out


def secret_of(connection: Connection, hook: str) -> str:
    """'' where none was made."""
    found = connected(connection).get(PREFIX + hook)
    return str(found.options.get("secret", "")) if found and found.kind == KIND else ""


def renew(connection: Connection, hook: str) -> str:
    """A new secret, to be shown this once; one made before no longer works."""
    secret = secrets.token_urlsafe(32)
    connect(connection, Connected(PREFIX + hook, KIND, {"secret": secret}))
    return secret


def close(connection: Connection, hook: str) -> None:
    disconnect(connection, PREFIX + hook)
