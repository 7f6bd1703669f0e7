"""What follows from a workspace and an actor's roles alone is worked out once for everybody who stands there (SEMANTICS 11).

Nothing here outlives a change: the next revision is another workspace, another role another standing, and an actor's roles are
read afresh with every request (THREATS S17).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from dougong.context import Ctx
from dougong.spec.app import Workspace

P = ParamSpec("P")
T = TypeVar("T")
MOST = 200
"""Standings that are remembered of one workspace; beyond, all are worked out anew."""


class Standing(NamedTuple):
    """All of an actor that rights on forms and fields follow from; formulas of rows ask for the person, too."""

    system: bool
    person: bool
    app: str
    public: str
    roles: frozenset[str]


_known: WeakKeyDictionary[Workspace, dict[Standing, dict[Any, Any]]] = WeakKeyDictionary()


def worked_out(ctx: Ctx) -> dict[Any, Any]:
    """What is known of the actor's standing in this workspace; its values hold neither a connection nor a context."""
    actor = ctx.actor
    standing = Standing(actor.system, actor.user is not None, actor.app, actor.public, actor.roles)
    standings = _known.get(ctx.workspace)
    if standings is None:
        standings = _known.setdefault(ctx.workspace, {})
    known = standings.get(standing)
    if known is None:
        if len(standings) >= MOST:
            standings.clear()
        known = standings[standing] = {}
    return known


def by_standing(work: Callable[Concatenate[Ctx, P], T]) -> Callable[Concatenate[Ctx, P], T]:
    """Decorator: `work` asks of `ctx` nothing but the workspace and the actor's standing."""

    @wraps(work)
    def known(ctx: Ctx, /, *what: P.args, **named: P.kwargs) -> T:
        out, key = worked_out(ctx), (work, what, *named.items())
        if key not in out:
            out[key] = work(ctx, *what, **named)
        found: T = out[key]
        return found

    return known
