"""Who does what, when, on which connection: the first argument of everything that touches data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from dougong.clock import Clock
from dougong.spec.app import Workspace

Origin = Literal[
    "person", "api", "device", "public", "automation", "workflow", "approval", "import",
    "clock", "aggregate", "restore", "upgrade", "demo",
]  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """`user` is the id in the form 'user', None for machines. `roles` are 'app.role' keys. `app` is set for an automation.

    `public` is the key of the one form to which somebody outside may add, and do nothing else.
    `system` acts without row or field limits: install, upgrade, aggregates, the clock. Never given to a request.
    """

    user: int | None = None
    name: str = ""
    roles: frozenset[str] = frozenset()
    administrator: bool = False
    app: str = ""
    public: str = ""
    system: bool = False


SYSTEM = Actor(name="system", system=True)


@dataclass(frozen=True)
class Cause:
    """The chain that led here: the event, its depth, and the (automation, record) pairs already run in it."""

    event: int | None = None
    depth: int = 0
    chain: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Ctx:
    """One transaction's view: `now` is read once from the clock and stays."""

    workspace: Workspace
    connection: Connection
    actor: Actor
    clock: Clock
    now: datetime
    origin: Origin = "person"
    locale: str = "zh-CN"
    cause: Cause = Cause()
    notes: Mapping[str, str] = field(default_factory=dict)

    def as_(self, actor: Actor, origin: Origin | None = None) -> Ctx:
        return replace(self, actor=actor, origin=origin or self.origin)
