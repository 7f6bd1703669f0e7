"""What the runtime gives to automations."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from dougong.clock import Clock
from dougong.context import Actor, Cause, Ctx, Origin
from dougong.files.storage import Storage
from dougong.notify.outgoing import Outgoing
from dougong.spec.app import Automation, Workspace

NO_CAUSE = Cause()


class Platform(Protocol):
    """Wired by the runtime, by the scenario runner and by tests; nothing else is taken from the surroundings."""

    @property
    def clock(self) -> Clock: ...

    @property
    def outgoing(self) -> Outgoing:
        """The guarded way out."""

    @property
    def storage(self) -> Storage:
        """Where the bytes of attachments are kept."""

    def workspace(self) -> Workspace: ...

    def transaction(self, actor: Actor, origin: Origin, cause: Cause = NO_CAUSE) -> AbstractContextManager[Ctx]:
        """One write transaction with its own `now`; committed at the end of the block."""

    def read(self, actor: Actor) -> AbstractContextManager[Ctx]:
        """One unchanging view of the database."""

    def definition(self, automation: str, digest: str) -> Automation | None:
        """The automation as it was when a run began; None where that version can't be had any more."""

    def move(self, ctx: Ctx, form: str, record: int, stage: str, comment: str) -> None:
        """Through the workflow machine. Raises Problems."""
