"""The contract of a channel: one file each, plugged into `channels`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from dougong.notify.connections import Connected
from dougong.notify.outgoing import Outgoing
from dougong.notify.rows import Rows
from dougong.problems import Problem, Problems
from dougong.registry import Registry
from dougong.spec.label import Label


@dataclass(frozen=True)
class Letter:
    """One message on its way. `key` is the same each time it is tried. `link` is '' where the workspace has no base address."""

    key: str
    title: str
    body: str
    link: str = ""
    rows: Rows | None = None

    @property
    def text(self) -> str:
        """The body with its table in lines."""
        return "\n".join(filter(None, [self.body, self.rows.text() if self.rows else ""]))


@dataclass(frozen=True)
class Way:
    """What sending needs; made before the network is touched, so no transaction is open while it is used."""

    outgoing: Outgoing
    now: datetime
    smtp_url: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


class Channel:
    """`repeat` says what to do where a crash leaves open whether a message went out: 'safe' sends it again, 'ask' asks a person."""

    name: Label
    outside = True
    repeat: Literal["safe", "ask"] = "ask"
    connection_kind = ""
    """The kind of connection (notify/connections.py) it goes through."""
    address_kind = ""
    """The kind of address that is entered for each person (notify/personal.py); '' where none is."""
    address_name = Label("")

    def address(self, connection: Connection, user: int) -> str:
        """Where this person is reached; '' where unknown."""
        return ""

    def send(self, letter: Letter, to: str, way: Way) -> None:
        """Raises Problems: `channel-refused` is final, everything else is tried again."""
        raise NotImplementedError


channels: Registry[Channel] = Registry("channel")


def find_options(connections: Mapping[str, Connected], kind: str) -> Mapping[str, Any] | None:
    """The workspace's connection of this kind, where there is one."""
    return next((c.options for c in connections.values() if c.kind == kind), None)


def final(why: str) -> Problems:
    return Problems([Problem("channel-refused", {"why": why})])


def trouble(why: str) -> Problems:
    return Problems([Problem("channel-trouble", {"why": why})])
